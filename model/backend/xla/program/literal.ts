import type { HostValues, ValueType } from './value.ts';

const number32 = new Float32Array(1);
const bits32 = new Uint32Array(number32.buffer);

/** The attribute of a constant all of whose elements are one number. Floats are written as their bits: exact, infinities and NaN included. */
export function splatLiteral(type: ValueType, value: number, typeText: string): string {
  return `dense<${elementText(type, value)}> : ${typeText}`;
}

function elementText(type: ValueType, value: number): string {
  if (type === 'pred') return value === 0 ? 'false' : 'true';
  if (type === 's32') return String(Math.trunc(value));
  number32[0] = value;
  const bits = bits32[0]!;
  return type === 'bf16'
    ? `0x${(bits >>> 16).toString(16).toUpperCase().padStart(4, '0')}`
    : `0x${bits.toString(16).toUpperCase().padStart(8, '0')}`;
}

/** The attribute of a constant of given elements, row-major. */
export function arrayLiteral(type: ValueType, values: HostValues, shape: readonly number[], typeText: string): string {
  if (values.length === 0) return `dense<> : ${typeText}`;
  if (isSplat(values)) return splatLiteral(type, values[0]!, typeText);
  // MLIR packs the bits of truth values, so that they are written one by one.
  if (type === 'pred') return `dense<${nested(values, shape)}> : ${typeText}`;
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return `dense<"0x${bytes.toString('hex').toUpperCase()}"> : ${typeText}`;
}

/** Whether all elements have the same bits as far as numbers tell; false for none. */
export function isSplat(values: HostValues): boolean {
  const [first] = values;
  return first !== undefined && values.every((value) => Object.is(value, first));
}

/** `[[true, false], [false, true]]` */
function nested(values: HostValues, shape: readonly number[]): string {
  let parts: string[] = Array.from(values, (value) => (value === 0 ? 'false' : 'true'));
  for (const size of shape.toReversed()) {
    const count = parts.length / size;
    parts = Array.from({ length: count }, (_, index) => `[${parts.slice(index * size, (index + 1) * size).join(', ')}]`);
  }
  return parts[0]!;
}
