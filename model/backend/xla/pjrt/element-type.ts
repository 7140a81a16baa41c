import { CemError } from '../../../../base/index.ts';

/** Types of elements, as StableHLO names them for short. `pred` is a truth value, a byte each; `bf16` and `f16` travel as their bits. */
export type ElementType = 'f32' | 'bf16' | 'f16' | 's32' | 'u32' | 's64' | 'pred' | 'u8';

/** Elements in the memory of JavaScript: `Uint16Array` for bf16 and f16, `Uint8Array` for pred and u8. */
export type HostArray = Float32Array | Int32Array | Uint8Array | Uint16Array | Uint32Array | BigInt64Array;

interface TypeFacts {
  /** PJRT_Buffer_Type of the plugin interface. */
  readonly code: number;
  readonly array: new (length: number) => HostArray;
}

const TYPES: Readonly<Record<ElementType, TypeFacts>> = {
  pred: { code: 1, array: Uint8Array },
  s32: { code: 4, array: Int32Array },
  s64: { code: 5, array: BigInt64Array },
  u8: { code: 6, array: Uint8Array },
  u32: { code: 8, array: Uint32Array },
  f16: { code: 10, array: Uint16Array },
  f32: { code: 11, array: Float32Array },
  bf16: { code: 13, array: Uint16Array },
};

const NAMES = new Map(Object.entries(TYPES).map(([name, { code }]) => [code, name as ElementType]));

export function codeOfType(type: ElementType): number {
  return TYPES[type].code;
}

/** Throws CemError `XLA_TYPE` for a type that is not used here. */
export function typeOfCode(code: number): ElementType {
  const name = NAMES.get(code);
  if (!name)
    throw new CemError(
      'XLA_TYPE',
      `the program has an output of a type that is not known here (PJRT type ${code}): convert it within the program.`,
    );
  return name;
}

/** How many elements a tensor of this shape has. */
export function sizeOfShape(shape: readonly number[]): number {
  let size = 1;
  for (const dimension of shape) size *= dimension;
  return size;
}

export function newHostArray(type: ElementType, length: number): HostArray {
  return new TYPES[type].array(length);
}

/** Throws CemError `XLA_SHAPE` where the array is not one of this type and shape. */
export function requireHostArray(data: HostArray, type: ElementType, shape: readonly number[]): void {
  if (data instanceof TYPES[type].array && data.length === sizeOfShape(shape)) return;
  throw new CemError(
    'XLA_SHAPE',
    `a tensor of type ${type} and shape [${shape.join(', ')}] needs ${TYPES[type].array.name} of ${sizeOfShape(shape)} elements, got ${data.constructor.name} of ${data.length}.`,
    { details: { type, shape } },
  );
}
