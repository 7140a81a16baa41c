import { createRequire } from 'node:module';
import { join } from 'node:path';
import { cacheFolder, messageOf } from '../../../../base/index.ts';
import { BackendError } from '../../contract/backend.ts';

/** A pointer of the plugin's as a number; 0 is none. */
export type Handle = number;

/** The functions of scripts/native/pjrt/pjrt.c, which says what each takes; a failed call throws an Error whose `code` is the plugin's number of its kind. */
export interface PjrtAddon {
  readonly interfaceVersion: number;
  open(path: string): [table: Handle, major: number, minor: number];
  createClient(table: Handle, options: readonly (string | number | boolean)[]): Handle;
  describeClient(table: Handle, client: Handle): (string | number)[];
  deviceMemory(table: Handle, device: Handle): [used: number, limit: number];
  compile(table: Handle, client: Handle, program: Uint8Array, options: Uint8Array): Handle;
  load(table: Handle, client: Handle, serialized: Uint8Array): Handle;
  serialize(table: Handle, executable: Handle): Uint8Array;
  outputs(table: Handle, executable: Handle): number[];
  execute(
    table: Handle,
    executable: Handle,
    devices: number,
    inputs: Float64Array,
    outputs: Float64Array,
    consumed: Uint8Array,
  ): void;
  upload(table: Handle, client: Handle, device: Handle, data: ArrayBufferView, type: number, dimensions: Float64Array): Handle;
  read(table: Handle, buffer: Handle, rank: number, bytes: Uint8Array): void;
  readAsync(table: Handle, buffer: Handle, rank: number, bytes: Uint8Array): Promise<void>;
  destroyClient(table: Handle, client: Handle): void;
  destroyExecutable(table: Handle, executable: Handle): void;
  destroyBuffer(table: Handle, buffer: Handle): void;
  destroyBuffers(table: Handle, buffers: Float64Array): void;
}

/** INTERFACE_VERSION of pjrt.c. */
const INTERFACE_VERSION = 2;

/** What to do where the plugin or the addon is missing. */
export const XLA_ADVICE =
  'Run `npm run native -- --xla`, which makes it work and says what it lacks, or choose another with --backend (CEM_BACKEND).';

/** Where `npm run native` puts the addon: in the cache, so that it outlives `npm ci`; its name says for which interface and machine. */
export function pjrtAddonPath(): string {
  return join(cacheFolder(), 'native', `cem-pjrt-${INTERFACE_VERSION}-${process.platform}-${process.arch}.node`);
}

let loaded: PjrtAddon | undefined;

/** Throws BackendError where it is not there. */
export function loadPjrtAddon(): PjrtAddon {
  if (loaded) return loaded;
  const path = pjrtAddonPath();
  let addon: PjrtAddon;
  try {
    addon = createRequire(import.meta.url)(path) as PjrtAddon;
  } catch (error) {
    const reason = /Cannot find module/.test(messageOf(error)) ? `its addon is not compiled (${path})` : messageOf(error);
    throw new BackendError('xla', reason, XLA_ADVICE, error);
  }
  if (addon.interfaceVersion !== INTERFACE_VERSION) {
    throw new BackendError('xla', `${path} is of version ${addon.interfaceVersion}, not ${INTERFACE_VERSION}`, XLA_ADVICE);
  }
  loaded = addon;
  return addon;
}
