/*
 * Operands of one head, copied out of [batch, positions, heads * width] into the orders in which the products read them. Widths are filled up to a
 * multiple of 16 with zeros, positions that do not exist too.
 *
 * Orders: rows [positions][padded]; panels [positions / LANES][padded][LANES], a transpose cut into registers; columns [padded][QUERIES], the transpose of one block of queries.
 */
#ifndef CEM_ATTENTION_PACK_H
#define CEM_ATTENTION_PACK_H

#include "attention-vectors.h"
#include "attention.h"

/* Most queries of a block and keys of a tile: a tile's scores are 12 KiB, and a tile of keys or values 12 KiB a 32 channels: they share the first cache. */
#define QUERIES 32
#define KEYS 96
/* Positions go in groups of this many. */
#define GROUP 16

#define LOG2_E 1.44269504f
#define LN_2 0.693147181f
/* Added where a key must not be seen (MASKED_SCORE in model/layers/operations.ts): the score stays, so that a row of masked keys has a softmax. */
#define MASKED_SCORE 1e9f
/* Score of a pair that is not there: below every masked one, and finite. */
#define NO_SCORE -3e38f

INLINE int64_t round_up(int64_t value, int64_t unit) { return (value + unit - 1) / unit * unit; }
INLINE int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
INLINE int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

INLINE int64_t padded_width(const cem_attention* attention) { return round_up(attention->width, GROUP); }

/* From a position of the output to the next. */
INLINE int64_t output_step(const cem_attention* attention) { return attention->heads * attention->width; }

/* Where a head's channels begin at a position, positions being `step` numbers apart. */
INLINE int64_t place(const cem_attention* attention, int64_t step, int64_t batch, int64_t head, int64_t position) {
  return (batch * attention->positions + position) * step + head * attention->width;
}

/*
 * (x0, x1, …) -> factor * (x0 cos - x1 sin, x1 cos + x0 sin, …), or times factor alone where there are no angles; the turn goes back where direction is -1.
 */
INLINE void turn(const float* restrict from, const float* restrict angles, int64_t width, float factor, float direction, float* restrict to) {
  if (angles == NULL) {
    for (int64_t i = 0; i < width; i++) to[i] = from[i] * factor;
    return;
  }
  for (int64_t i = 0; i < width; i += 2) {
    float cosine = factor * angles[i];
    float sine = factor * direction * angles[i + 1];
    to[i] = from[i] * cosine - from[i + 1] * sine;
    to[i + 1] = from[i + 1] * cosine + from[i] * sine;
  }
}

/*
 * Asks for a head's numbers at 16 positions from `first` on. They lie far apart, which the processor's own guesses do not reach.
 */
INLINE void expect_rows(const cem_attention* attention, const float* operand, int64_t step, int64_t batch, int64_t head, int64_t first, int write) {
  enum { LINE = 16 };
  int64_t count = least(GROUP, attention->positions - first);
  const float* from = operand + place(attention, step, batch, head, first);
  for (int64_t row = 0; row < count; row++, from += step) {
    for (int64_t i = 0; i < attention->width; i += LINE) {
      if (write) __builtin_prefetch(from + i, 1);
      else __builtin_prefetch(from + i, 0);
    }
  }
}

/*
 * 16 positions from `first` on, turned and multiplied, as rows [16][padded]; positions behind the last are zeros. The 16 positions behind those are asked for.
 */
INLINE void pack_rows(const cem_attention* attention, const float* operand, int64_t step, int64_t batch, int64_t head, int64_t first, bool rotary, float factor,
                      float* to) {
  int64_t width = attention->width;
  int64_t padded = padded_width(attention);
  const float* from = operand + place(attention, step, batch, head, first);
  int64_t count = least(GROUP, attention->positions - first);
  expect_rows(attention, operand, step, batch, head, first + GROUP, 0);
  for (int64_t row = 0; row < GROUP; row++, to += padded, from += step) {
    if (row >= count) {
      memset(to, 0, sizeof(float) * (size_t)padded);
      continue;
    }
    turn(from, rotary ? attention->angles + (first + row) * width : NULL, width, factor, 1, to);
    for (int64_t i = width; i < padded; i++) to[i] = 0;
  }
}

/* rows [16][padded] -> 16 / LANES panels. */
INLINE void rows_to_panels(const float* rows, int64_t padded, float* panels) {
  for (int64_t channel = 0; channel < padded; channel += GROUP)
    transpose_block(rows + channel, padded, panels + channel * LANES, LANES, padded * LANES);
}

/* rows [16][padded] -> 16 of the columns [padded][QUERIES]. */
INLINE void rows_to_columns(const float* rows, int64_t padded, float* columns) {
  for (int64_t channel = 0; channel < padded; channel += GROUP)
    transpose_block(rows + channel, padded, columns + channel * QUERIES, QUERIES, LANES);
}

/* [rows][KEYS]: a block of queries, as columns, times `vectors` panels of keys. */
PIECE void product_of_panels(int64_t rows, int64_t vectors, int64_t padded, const float* columns, const float* panels, float* to) {
  product(rows, vectors, padded, (left_operand){columns, 1, QUERIES}, (right_operand){panels, padded * LANES, LANES}, to, KEYS, 0);
}

/* to [rows][padded] = (add: +) weights [rows][KEYS] times keys as rows [keys][padded]. */
PIECE void product_of_weights(int64_t rows, int64_t keys, int64_t padded, const float* weights, const float* of_keys, float* to, bool add) {
  product(rows, padded / LANES, keys, (left_operand){weights, KEYS, 1}, (right_operand){of_keys, LANES, padded}, to, padded, add);
}

/* to [keys][padded] += weights [rows][KEYS], transposed, times queries as rows [rows][padded]. */
PIECE void add_transposed_product(int64_t keys, int64_t rows, int64_t padded, const float* weights, const float* of_queries, float* to) {
  product(keys, padded / LANES, rows, (left_operand){weights, 1, KEYS}, (right_operand){of_queries, LANES, padded}, to, padded, 1);
}

/* Which keys a block of queries looks at: [first, behind), multiples of 16; and how its queries see them. */
typedef struct {
  int64_t first;
  int64_t behind;
} key_range;

INLINE key_range keys_of(const cem_attention* attention, int64_t first_query, int64_t behind_query, int64_t keys) {
  int64_t window = attention->window;
  int64_t first = window > 0 ? most(0, first_query - window + 1) : 0;
  int64_t behind = attention->causal ? behind_query : window > 0 ? behind_query + window - 1 : keys;
  return (key_range){first / GROUP * GROUP, round_up(least(behind, keys), GROUP)};
}

/* Queries a block: few where the window is small, because a block computes the corners of its band too. */
INLINE int64_t block_of(const cem_attention* attention) {
  return attention->window > 0 && attention->window <= 4 * QUERIES ? GROUP : QUERIES;
}

/*
 * How many keys there are to look at. Masked keys at the end weigh exactly nothing where every query sees a key that is not masked: full attention.
 */
INLINE int64_t keys_of_row(const cem_attention* attention, int64_t batch) {
  if (attention->window > 0 || attention->causal) return attention->positions;
  const float* mask = attention->mask + batch * attention->positions;
  int64_t keys = attention->positions;
  while (keys > 0 && mask[keys - 1] == 0) keys--;
  return keys > 0 ? keys : attention->positions;
}

/* bias[i] of key first + i, in units of ln 2. */
INLINE void pack_bias(const cem_attention* attention, int64_t batch, key_range keys, float* bias) {
  const float* mask = attention->mask + batch * attention->positions;
  for (int64_t key = keys.first; key < keys.behind; key++)
    bias[key - keys.first] = key < attention->positions ? (mask[key] - 1) * (MASKED_SCORE * LOG2_E) : NO_SCORE;
}

/* Keys that query sees, relative to a tile's first key: lane numbers from `from`, `count` of them. */
INLINE void band_of(const cem_attention* attention, int64_t query, int64_t first_key, int32_t* from, uint32_t* count) {
  int64_t window = attention->window > 0 ? attention->window : attention->positions;
  int64_t first = query - window + 1;
  int64_t behind = attention->causal ? query + 1 : query + window;
  *from = (int32_t)(first - first_key);
  *count = (uint32_t)(behind - first);
}

INLINE lanes in_band(lanes scores, lane_integers numbers, int32_t from, uint32_t count) {
  return choose((lane_integers)((lane_naturals)(numbers - from) < count), scores, all(NO_SCORE));
}

#endif
