import { tf } from '../../tf.ts';

/** Scores held at once, in numbers: 16 MiB stay below what the C library's allocator takes fresh from the system every time, and near the caches. */
const SCORES_AT_ONCE = 2 ** 22;
/** Where one program is compiled of all pieces: each is compiled for itself, and on a GPU runs for itself. 256 MiB. */
const COMPILED_SCORES_AT_ONCE = 2 ** 26;

/** Whether sums and products over scores become one pass with what is before and behind them: then a bias is added, and not a channel of a product, which would be a copy of an operand. */
function passesAreFused(): boolean {
  return tf.getBackend() === 'xla';
}

/** What `attentionProduct` adds to scores before the softmax. Both: the sum. */
export interface AttentionBias {
  /** [batch, keys] */
  readonly keys?: tf.Tensor2D;
  /** [batch or 1, group, queries, keys]; `group` divides the heads: head h takes entry h modulo group (1: one for all). */
  readonly pairs?: tf.Tensor4D;
}

/**
 * `softmax(query key^T / sqrt(width) + bias) value`, with its gradient in closed form: the arithmetic of `attend` in tests/model/kernels, in fewer passes over the scores
 * (one product, a softmax and one product forward; a product, a multiplication and three products backward), and in pieces where the scores are many: of those nothing is
 * kept for the gradient but the output, and the scores are computed again, so that memory does not grow with queries times keys.
 *
 * The bias of keys and the row sums of the gradient ride along as one more channel of the products: `[q, 1] [k, bias]^T`, `[dy, -sum(dy y)] [v, 1]^T`.
 * Source of the gradient: Dao et al. 2022 (FlashAttention), appendix B. The bias gets no gradient.
 *
 * @param query [batch, heads, queries, width]
 * @param key [batch, heads, keys, width]
 * @param value [batch, heads, keys, width]
 * @returns [batch, heads, queries, width]
 */
export function attentionProduct(query: tf.Tensor4D, key: tf.Tensor4D, value: tf.Tensor4D, bias: AttentionBias): tf.Tensor4D {
  const operation = tf.customGrad((...parameters) => {
    const [q, k, v, save] = parameters as unknown as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D, tf.GradSaveFunc];
    const pieces = piecesOf(q.shape, k.shape[2]);
    const whole = pieces.length === 1;
    const parts = pieces.map((piece) =>
      tf.tidy(() => {
        const weights = attentionWeights(take(q, piece), takeKeys(k, piece), biasOf(bias, piece));
        const output = tf.matMul(weights, takeKeys(v, piece)) as tf.Tensor4D;
        return whole ? [output, weights] : [output];
      }),
    );
    const output = join(
      parts.map((part) => part[0]!),
      pieces,
    );
    // Scores that are computed again need the bias too, which may be gone by then.
    const again = [bias.keys, bias.pairs].filter((tensor) => tensor !== undefined);
    save([q, k, v, output, ...(whole ? [parts[0]![1]!] : again)]);
    return {
      value: output,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [query, key, value, attended, ...rest] = saved as tf.Tensor4D[];
        const operands = { query: query!, key: key!, value: value!, output: attended!, dy: dy as tf.Tensor4D };
        if (whole) return gradients(operands, pieces, () => rest[0]!);
        const kept: AttentionBias = {
          ...(bias.keys && { keys: rest[0] as unknown as tf.Tensor2D }),
          ...(bias.pairs && { pairs: rest.at(-1)! }),
        };
        return gradients(operands, pieces, (ofQuery, ofKey, piece) => attentionWeights(ofQuery, ofKey, biasOf(kept, piece)));
      },
    };
  });
  return operation(query, key, value) as tf.Tensor4D;
}

/** Rows of the batch and queries that are handled together. */
interface Piece {
  readonly row: number;
  readonly rows: number;
  readonly query: number;
  readonly queries: number;
}

/** Pieces in the order of rows, then of queries; those of one row stand together. */
function piecesOf([batch, heads, queries]: readonly [number, number, number, number], keys: number): Piece[] {
  const perRow = heads * queries * keys;
  const limit = passesAreFused() ? COMPILED_SCORES_AT_ONCE : SCORES_AT_ONCE;
  const rows = Math.max(1, Math.floor(limit / perRow));
  const atOnce = perRow <= limit ? queries : Math.max(1, Math.floor(limit / (heads * keys)));
  const pieces: Piece[] = [];
  for (let row = 0; row < batch; row += rows) {
    for (let query = 0; query < queries; query += atOnce) {
      pieces.push({ row, rows: Math.min(rows, batch - row), query, queries: Math.min(atOnce, queries - query) });
    }
  }
  return pieces;
}

function take(x: tf.Tensor4D, { row, rows, query, queries }: Piece): tf.Tensor4D {
  if (rows === x.shape[0] && queries === x.shape[2]) return x;
  return tf.slice4d(x, [row, 0, query, 0], [rows, x.shape[1], queries, x.shape[3]]);
}

function takeKeys(x: tf.Tensor4D, { row, rows }: Piece): tf.Tensor4D {
  return rows === x.shape[0] ? x : tf.slice4d(x, [row, 0, 0, 0], [rows, x.shape[1], x.shape[2], x.shape[3]]);
}

function biasOf({ keys, pairs }: AttentionBias, piece: Piece): AttentionBias {
  const { row, rows, query, queries } = piece;
  return {
    ...(keys && { keys: rows === keys.shape[0] ? keys : tf.slice2d(keys, [row, 0], [rows, keys.shape[1]]) }),
    ...(pairs && {
      pairs: tf.slice4d(
        pairs,
        [pairs.shape[0] === 1 ? 0 : row, 0, query, 0],
        [pairs.shape[0] === 1 ? 1 : rows, pairs.shape[1], queries, pairs.shape[3]],
      ),
    }),
  };
}

/** [rows, heads, queries, keys] */
function attentionWeights(query: tf.Tensor4D, key: tf.Tensor4D, { keys, pairs }: AttentionBias): tf.Tensor4D {
  return tf.tidy(() => {
    const [rows, heads, queries, width] = query.shape;
    const count = key.shape[2];
    if (passesAreFused()) {
      const bare = tf.mul(tf.matMul(query, key, false, true), width ** -0.5) as tf.Tensor4D;
      const scores = keys ? (tf.add(bare, keys.reshape([rows, 1, 1, count])) as tf.Tensor4D) : bare;
      return tf.softmax(pairs ? addPairs(scores, pairs) : scores);
    }
    let left = tf.mul(query, width ** -0.5) as tf.Tensor4D;
    let right = key;
    if (keys) {
      const column = tf.broadcastTo(keys.reshape([rows, 1, count, 1]), [rows, heads, count, 1]) as tf.Tensor4D;
      left = tf.concat([left, tf.ones([rows, heads, queries, 1])], 3) as tf.Tensor4D;
      right = tf.concat([right, column], 3);
    }
    const scores = tf.matMul(left, right, false, true) as tf.Tensor4D;
    return tf.softmax(pairs ? addPairs(scores, pairs) : scores);
  });
}

function addPairs(scores: tf.Tensor4D, pairs: tf.Tensor4D): tf.Tensor4D {
  const [rows, heads, queries, keys] = scores.shape;
  const [pairRows, group] = pairs.shape;
  const shifted = tf.add(
    scores.reshape([rows, heads / group, group * queries, keys]),
    pairs.reshape([pairRows, 1, group * queries, keys]),
  );
  return shifted.reshape(scores.shape);
}

/** What the gradient is made from; `dy` is that of the output. All [batch, heads, queries or keys, width]. */
interface Operands {
  readonly query: tf.Tensor4D;
  readonly key: tf.Tensor4D;
  readonly value: tf.Tensor4D;
  readonly output: tf.Tensor4D;
  readonly dy: tf.Tensor4D;
}

/** Gradients of query, key and value. `weightsOf` gives a piece's softmax: kept or made again. */
function gradients(
  operands: Operands,
  pieces: readonly Piece[],
  weightsOf: (query: tf.Tensor4D, key: tf.Tensor4D, piece: Piece) => tf.Tensor4D,
): tf.Tensor[] {
  const queryGradients: tf.Tensor4D[] = [];
  const rowGradients: { row: number; key: tf.Tensor4D; value: tf.Tensor4D }[] = [];
  for (const piece of pieces) {
    const [ofQuery, ofKey, ofValue] = tf.tidy(() => {
      const query = take(operands.query, piece);
      const key = takeKeys(operands.key, piece);
      const value = takeKeys(operands.value, piece);
      const weights = weightsOf(query, key, piece);
      return pieceGradients({ query, key, value, output: take(operands.output, piece), dy: take(operands.dy, piece) }, weights);
    });
    queryGradients.push(ofQuery);
    const last = rowGradients.at(-1);
    if (last?.row === piece.row) {
      const sums = { key: tf.add(last.key, ofKey) as tf.Tensor4D, value: tf.add(last.value, ofValue) as tf.Tensor4D };
      tf.dispose([last.key, last.value, ofKey, ofValue]);
      rowGradients[rowGradients.length - 1] = { row: piece.row, ...sums };
    } else rowGradients.push({ row: piece.row, key: ofKey, value: ofValue });
  }
  return [
    join(queryGradients, pieces),
    concatRows(rowGradients.map((gradient) => gradient.key)),
    concatRows(rowGradients.map((gradient) => gradient.value)),
  ];
}

function pieceGradients(
  { query, key, value, output, dy }: Operands,
  weights: tf.Tensor4D,
): [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D] {
  const scale = query.shape[3] ** -0.5;
  const correction = tf.neg(tf.sum(tf.mul(dy, output), 3, true)); // [rows, heads, queries, 1]
  const weightGradient = correctedProduct(dy, correction, value);
  const scoreGradient = tf.mul(weights, weightGradient);
  return [
    tf.mul(tf.matMul(scoreGradient, key), scale) as tf.Tensor4D,
    tf.mul(tf.matMul(scoreGradient, query, true, false), scale) as tf.Tensor4D,
    tf.matMul(weights, dy, true, false) as tf.Tensor4D,
  ];
}

/** `dy value^T + correction`: [rows, heads, queries, keys] */
function correctedProduct(dy: tf.Tensor4D, correction: tf.Tensor, value: tf.Tensor4D): tf.Tensor {
  if (passesAreFused()) return tf.add(tf.matMul(dy, value, false, true), correction);
  const ones = tf.ones([...value.shape.slice(0, 3), 1]); // [rows, heads, keys, 1]
  return tf.matMul(tf.concat([dy, correction], 3), tf.concat([value, ones], 3), false, true);
}

/** Pieces put together again: queries first, then rows. */
function join(parts: readonly tf.Tensor4D[], pieces: readonly Piece[]): tf.Tensor4D {
  const rows: tf.Tensor4D[][] = [];
  parts.forEach((part, index) => {
    if (pieces[index]!.query === 0) rows.push([part]);
    else rows.at(-1)!.push(part);
  });
  return concatRows(rows.map((row) => (row.length === 1 ? row[0]! : tf.concat(row, 2))));
}

function concatRows(parts: readonly tf.Tensor4D[]): tf.Tensor4D {
  return parts.length === 1 ? parts[0]! : tf.concat([...parts], 0);
}
