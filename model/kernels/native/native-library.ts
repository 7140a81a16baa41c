import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { CemError } from '../../../base/index.ts';
import { tf } from '../../tf.ts';
import { type CompiledKernels, useCompiledKernels } from '../compiled/compiled-kernels.ts';
import {
  checkAttributes,
  type DeclaredAttributes,
  type OpAttributes,
  readDeclarations,
  refusedInputs,
} from '../compiled/op-attributes.ts';
import { type NativeRowFunctions, NativeRows, useNativeRows } from '../rows/native-rows.ts';
import type { TensorFlowBackend } from './tensorflow-backend.ts';

/** The interface between these sources and the C sources in c/: `CEM_NATIVE_VERSION` of cem-kernels.h. */
export const NATIVE_KERNELS_VERSION = 2;

const BACKEND = 'tensorflow';

/** Where `npm run native` puts the library, within the package of the backend. */
export const NATIVE_KERNELS_FILE = 'lib/cem-native.node';

/** What the library says of itself when it is loaded (c/registry.c). */
interface NativeLibrary extends NativeRowFunctions {
  readonly version: number;
  /** Why its ops cannot be used; empty where they can. */
  readonly problem: string;
  readonly threads: number;
  /** For each op its attributes, one a line: `heads: int`. */
  readonly ops: Readonly<Record<string, string>>;
}

/** Operations in C that TensorFlow runs as its own: `npm run native` compiles them. */
class LibraryKernels implements CompiledKernels {
  readonly threads: number;
  readonly #attributes: ReadonlyMap<string, DeclaredAttributes>;

  constructor({ threads, ops }: Pick<NativeLibrary, 'threads' | 'ops'>) {
    this.threads = threads;
    this.#attributes = new Map(
      Object.entries(ops).map(([op, declarations]) => [
        op,
        readDeclarations(declarations.split('\n').filter((line) => line !== '')),
      ]),
    );
  }

  get ops(): string[] {
    return [...this.#attributes.keys()].sort();
  }

  has(op: string): boolean {
    return this.#attributes.has(op);
  }

  run(op: string, attributes: OpAttributes, inputs: readonly tf.Tensor[], outputs: number): tf.Tensor[] {
    const kinds = this.#attributes.get(op);
    if (kinds === undefined) {
      throw new CemError(
        'COMPILED_KERNEL',
        `the library of native kernels has no ${op}, but ${this.ops.join(', ')}; run \`npm run native\``,
        { details: { op } },
      );
    }
    const backend = tf.backend() as unknown as TensorFlowBackend;
    const types = { int: backend.binding.TF_ATTR_INT, float: backend.binding.TF_ATTR_FLOAT, bool: backend.binding.TF_ATTR_BOOL };
    checkAttributes(op, kinds, attributes);
    const given = Object.entries(attributes).map(([name, value]) => ({ name, type: types[kinds.get(name)!], value }));
    try {
      return backend.executeMultipleOutputs(op, given, inputs, outputs);
    } catch (cause) {
      throw refusedInputs(op, inputs, (cause as Error).message, cause);
    }
  }
}

/** Why a library is not used, or undefined. */
function refusal({ version, problem }: Pick<NativeLibrary, 'version' | 'problem'>): string | undefined {
  if (version !== NATIVE_KERNELS_VERSION)
    return `are of version ${version}, and this program's of version ${NATIVE_KERNELS_VERSION}`;
  return problem === '' ? undefined : `cannot be used: ${problem}`;
}

/**
 * Loads the library for the `tensorflow` backend, whose own library has been loaded before. A missing one is no error: everything works without, but slower. One that cannot be used
 * is left alone, and a line on standard error says why. `CEM_NATIVE_KERNELS=0` leaves them out; a path there names another library.
 *
 * @param packageFolder where the package of the backend lies
 */
export function loadNativeKernels(require: NodeJS.Require, packageFolder: string): void {
  const choice = process.env['CEM_NATIVE_KERNELS'] ?? '';
  const path = choice === '' || choice === '1' ? `${packageFolder}/${NATIVE_KERNELS_FILE}` : resolve(choice);
  useCompiledKernels(BACKEND, undefined);
  useNativeRows(undefined);
  if (choice === '0' || (choice === '' && !existsSync(path))) return;
  let reason: string | undefined;
  try {
    const library = require(path) as NativeLibrary;
    reason = refusal(library);
    if (reason === undefined) {
      useCompiledKernels(BACKEND, new LibraryKernels(library));
      useNativeRows(new NativeRows(library));
    }
  } catch (error) {
    reason = `cannot be loaded: ${(error as Error).message.split('\n')[0]}`;
  }
  if (reason !== undefined && isMainThread)
    process.stderr.write(`native kernels ${reason}; going on without them. \`npm run native\` compiles them anew.\n`);
}
