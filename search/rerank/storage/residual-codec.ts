import { codecOfRows, type GroupCodec } from './group-codec.ts';
import type { ResidualCodebook } from './residual-codebook.ts';

const CENTROID_BYTES = 2;
/** Values in a byte. */
const VALUES = 4;

/** A centroid's number, and 2 bits a value for what is left beside it, as PLAID and ColBERTv2 store vectors (Santhanam et al. 2021, 2022). */
export function residualCodec(codebook: ResidualCodebook): GroupCodec {
  const { dimension, centroids, cutoffs, weights } = codebook;
  return codecOfRows('residual2', dimension, {
    bytes: CENTROID_BYTES + Math.ceil(dimension / VALUES),
    write: (row, view, at) => {
      const centroid = nearest(row, centroids);
      view.setUint16(at, centroid, true);
      for (let place = 0; place < dimension; place++) {
        const left = row[place]! - centroids[centroid * dimension + place]!;
        let part = 0;
        while (part < cutoffs.length && left >= cutoffs[part]!) part++;
        const byte = at + CENTROID_BYTES + Math.floor(place / VALUES);
        view.setUint8(byte, view.getUint8(byte) | (part << (6 - 2 * (place % VALUES))));
      }
    },
    read: (view, at, into) => {
      const start = view.getUint16(at, true) * dimension;
      for (let place = 0; place < dimension; place++) {
        const byte = view.getUint8(at + CENTROID_BYTES + Math.floor(place / VALUES));
        // A number beyond the centroids gives no number, which the group refuses.
        into[place] = centroids[start + place]! + weights[(byte >> (6 - 2 * (place % VALUES))) & 3]!;
      }
    },
  });
}

/** The centroid of the highest inner product; of equal ones the first. */
function nearest(row: Float32Array, centroids: Float32Array): number {
  let [best, highest] = [0, Number.NEGATIVE_INFINITY];
  for (let start = 0; start < centroids.length; start += row.length) {
    let product = 0;
    for (let place = 0; place < row.length; place++) product += row[place]! * centroids[start + place]!;
    if (product > highest) [best, highest] = [start / row.length, product];
  }
  return best;
}
