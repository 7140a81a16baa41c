import { fromHalf, toHalf } from '../../base/index.ts';

/** What the numbers of cached vectors are stored as. */
export const PRECISIONS = ['fp16', 'fp32'] as const;
export type Precision = (typeof PRECISIONS)[number];

/** Vectors as the cache stores them: little-endian, no padding. */
export interface VectorCodec {
  readonly bytesPerVector: number;
  /** Writes one vector [dimension] at a byte position. */
  encode(vector: Float32Array, target: Buffer, position: number): void;
  /** Reads one vector into [dimension]; fp16 is normalised again, since rounding moves its length by up to 0.05%. */
  decode(source: Buffer, position: number, target: Float32Array): void;
}

export function createVectorCodec(precision: Precision, dimension: number): VectorCodec {
  if (precision === 'fp32') {
    return {
      bytesPerVector: 4 * dimension,
      encode(vector, target, position) {
        for (let i = 0; i < dimension; i++) target.writeFloatLE(vector[i]!, position + 4 * i);
      },
      decode(source, position, target) {
        for (let i = 0; i < dimension; i++) target[i] = source.readFloatLE(position + 4 * i);
      },
    };
  }
  return {
    bytesPerVector: 2 * dimension,
    encode(vector, target, position) {
      for (let i = 0; i < dimension; i++) target.writeUInt16LE(toHalf(vector[i]!), position + 2 * i);
    },
    decode(source, position, target) {
      let square = 0;
      for (let i = 0; i < dimension; i++) {
        const value = fromHalf(source.readUInt16LE(position + 2 * i));
        target[i] = value;
        square += value * value;
      }
      const scale = square > 0 ? 1 / Math.sqrt(square) : 0;
      for (let i = 0; i < dimension; i++) target[i] = target[i]! * scale;
    },
  };
}
