import { fromHalf, toHalf } from '../../../base/index.ts';
import { quantiseRow, readRow } from '../../codes/index.ts';
import { codecOfRows, type GroupCodec } from './group-codec.ts';

/** IEEE 754 binary16: cosines to about three digits. */
export function float16Codec(dimension: number): GroupCodec {
  return codecOfRows('float16', dimension, {
    bytes: 2 * dimension,
    write: (row, view, at) => row.forEach((value, place) => void view.setUint16(at + 2 * place, toHalf(value), true)),
    read: (view, at, into) => {
      for (let place = 0; place < dimension; place++) into[place] = fromHalf(view.getUint16(at + 2 * place, true));
    },
  });
}

const SCALE_BYTES = 4;

/** 8-bit integers in steps of a 127th of the row's largest value, behind the step. */
export function int8Codec(dimension: number): GroupCodec {
  return codecOfRows('int8', dimension, {
    bytes: SCALE_BYTES + dimension,
    write: (row, view, at) => {
      const values = new Int8Array(dimension);
      view.setFloat32(at, quantiseRow(row, values), true);
      new Int8Array(view.buffer, view.byteOffset + at + SCALE_BYTES, dimension).set(values);
    },
    read: (view, at, into) =>
      readRow(new Int8Array(view.buffer, view.byteOffset + at + SCALE_BYTES, dimension), view.getFloat32(at, true), into),
  });
}
