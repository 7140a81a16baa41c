import { CemError } from '../../../base/index.ts';
import type { tf } from '../../tf.ts';

/** Attributes of one call of a compiled op. */
export type OpAttributes = Readonly<Record<string, number | boolean>>;

/** Kinds of attributes that the sources in c/ declare. */
type AttributeKind = 'int' | 'float' | 'bool';

/** The attributes that an op declares, in its order. */
export type DeclaredAttributes = ReadonlyMap<string, AttributeKind>;

/** Reads declarations as the sources in c/ write them for TensorFlow: `heads: int >= 1`. */
export function readDeclarations(declarations: readonly string[]): DeclaredAttributes {
  return new Map(
    declarations.map((line) => {
      const [name, kind] = line.split(':') as [string, string];
      return [name.trim(), kind.trim().split(/\W/)[0] as AttributeKind];
    }),
  );
}

/**
 * Makes sure that a call has the attributes that its op declares, and no others.
 *
 * @throws CemError `COMPILED_KERNEL`
 */
export function checkAttributes(op: string, declared: DeclaredAttributes, given: OpAttributes): void {
  const unknown = Object.keys(given).find((name) => !declared.has(name));
  const wrong = unknown ?? [...declared].find(([name, kind]) => !isOfKind(given[name], kind))?.[0];
  if (wrong === undefined) return;
  const value = given[wrong];
  const reason =
    unknown === undefined && value !== undefined
      ? `: the attribute ${wrong} is of kind ${declared.get(wrong)}, got ${value}`
      : ` takes the attributes ${[...declared.keys()].join(', ')}, got ${Object.keys(given).join(', ')}`;
  throw new CemError('COMPILED_KERNEL', `${op}${reason}`, { details: { op, attribute: wrong } });
}

function isOfKind(value: number | boolean | undefined, kind: AttributeKind): boolean {
  return value !== undefined && (typeof value === 'boolean') === (kind === 'bool');
}

/** The error of an op that refuses its inputs. */
export function refusedInputs(op: string, inputs: readonly tf.Tensor[], reason: string, cause?: unknown): CemError {
  const shapes = inputs.map(({ dtype, shape }) => `${dtype} [${shape.join(', ')}]`).join(', ');
  return new CemError('COMPILED_KERNEL', `${op} of ${shapes}: ${reason}`, { details: { op }, cause });
}
