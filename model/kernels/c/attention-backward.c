#include <stdatomic.h>
#include <stdlib.h>

#include "attention-pack.h"
#include "cem-kernels.h"

typedef struct {
  const cem_attention* attention;
  const cem_attention_gradients* gradients;
  atomic_bool failed;
} backward;

/* One head's memory; a block's operands stand in the two orders that the products need. */
typedef struct {
  float* query_columns; /* [padded][QUERIES] */
  float* query_rows;    /* [QUERIES][padded] */
  float* dy_columns;
  float* dy_rows;
  float* query_gradient; /* [QUERIES][padded] */
  float* rows;           /* [GROUP][padded] */
  float* weights;        /* [QUERIES][KEYS] */
  float* scores;         /* [QUERIES][KEYS] gradients of weights, then of scores */
  float* key_panels;
  float* key_rows;
  float* value_panels;
  float* key_gradient;   /* rows */
  float* value_gradient; /* rows */
  float* bias;
} workspace;

/* Of the block's queries: their softmax, and the sum over the channels of dy times output, which is the mean gradient of its weights. */
typedef struct {
  float largest[QUERIES];
  float share[QUERIES];
  float mean[QUERIES];
} block_state;

/* weights: scores before the bias, become the softmax; scores: gradients of the weights, become those of the scores. */
PIECE void score_gradients(workspace* work, const block_state* state, const cem_attention* attention, int64_t rows, int64_t query,
                            int64_t first_key, const float* bias, int64_t vectors, bool banded) {
  lane_integers numbers = lane_numbers();
  for (int64_t row = 0; row < rows; row++) {
    float* weights = work->weights + row * KEYS;
    float* scores = work->scores + row * KEYS;
    int32_t from = 0;
    uint32_t count = 0;
    if (banded) band_of(attention, query + row, first_key, &from, &count);
    for (int64_t v = 0; v < vectors; v++) {
      lanes score = load(weights + v * LANES) + load(bias + v * LANES);
      if (banded) score = in_band(score, numbers + (int32_t)(v * LANES), from, count);
      lanes weight = power_of_two(score - state->largest[row]) * state->share[row];
      store(weights + v * LANES, weight);
      store(scores + v * LANES, weight * (load(scores + v * LANES) - state->mean[row]));
    }
  }
}

static void load_block(const backward* job, workspace* work, block_state* state, int64_t batch, int64_t head, int64_t first, int64_t rows) {
  const cem_attention* attention = job->attention;
  int64_t width = attention->width;
  int64_t padded = padded_width(attention);
  float scale = LOG2_E / sqrtf((float)width);
  for (int64_t row = 0; row < rows; row += GROUP) {
    expect_rows(attention, job->gradients->output, output_step(attention), batch, head, first + row + GROUP, 0);
    pack_rows(attention, attention->query, attention->step, batch, head, first + row, true, scale, work->query_rows + row * padded);
    rows_to_columns(work->query_rows + row * padded, padded, work->query_columns + row);
    pack_rows(attention, job->gradients->dy, output_step(attention), batch, head, first + row, false, 1, work->dy_rows + row * padded);
    rows_to_columns(work->dy_rows + row * padded, padded, work->dy_columns + row);
  }
  for (int64_t row = 0; row < rows; row++) {
    int64_t position = first + row;
    /* Queries behind the last one weigh nothing. */
    state->largest[row] = 0;
    state->share[row] = 0;
    state->mean[row] = 0;
    if (position >= attention->positions) continue;
    const float* kept = job->gradients->statistics + ((batch * attention->heads + head) * attention->positions + position) * 2;
    state->largest[row] = kept[0];
    state->share[row] = kept[1];
    const float* output = job->gradients->output + place(attention, output_step(attention), batch, head, position);
    const float* dy = work->dy_rows + row * padded;
    lanes means = all(0);
    int64_t i = 0;
    for (; i + LANES <= width; i += LANES) means += load(dy + i) * load(output + i);
    float mean = sum_of_lanes(means);
    for (; i < width; i++) mean += dy[i] * output[i];
    state->mean[row] = mean;
  }
}

/* 16 rows [16][padded] to the place of an operand's gradient: its packing backwards. */
INLINE void unpack_rows(const cem_attention* attention, const float* rows, int64_t batch, int64_t head, int64_t first, bool rotary,
                        float factor, float* gradient) {
  int64_t width = attention->width;
  int64_t padded = padded_width(attention);
  int64_t count = least(GROUP, attention->positions - first);
  for (int64_t row = 0; row < count; row++, rows += padded) {
    float* to = gradient + place(attention, attention->step, batch, head, first + row);
    turn(rows, rotary ? attention->angles + (first + row) * width : NULL, width, factor, -1, to);
  }
}

static void run_head(const backward* job, int64_t number, workspace* work) {
  const cem_attention* attention = job->attention;
  const cem_attention_gradients* gradients = job->gradients;
  int64_t padded = padded_width(attention);
  int64_t batch = number / attention->heads;
  int64_t head = number % attention->heads;
  int64_t positions = attention->positions;
  int64_t keys = keys_of_row(attention, batch);
  key_range packed = {0, round_up(positions, GROUP)};
  for (int64_t key = 0; key < packed.behind; key += GROUP) {
    float* key_rows = work->key_rows + key * padded;
    pack_rows(attention, attention->key, attention->step, batch, head, key, true, 1, key_rows);
    rows_to_panels(key_rows, padded, work->key_panels + key * padded);
    pack_rows(attention, attention->value, attention->step, batch, head, key, false, 1, work->rows);
    rows_to_panels(work->rows, padded, work->value_panels + key * padded);
  }
  pack_bias(attention, batch, packed, work->bias);
  size_t bytes = sizeof(float) * (size_t)(packed.behind * padded);
  memset(work->key_gradient, 0, bytes);
  memset(work->value_gradient, 0, bytes);
  bool banded = attention->window > 0 || attention->causal;
  int64_t block = block_of(attention);
  for (int64_t query = 0; query < positions; query += block) {
    int64_t rows = least(block, round_up(positions - query, GROUP));
    block_state state;
    for (int64_t row = 0; row < rows; row += GROUP) expect_rows(attention, gradients->query, attention->step, batch, head, query + row, 1);
    load_block(job, work, &state, batch, head, query, rows);
    key_range seen = keys_of(attention, query, query + rows, keys);
    for (int64_t key = seen.first; key < seen.behind; key += KEYS) {
      int64_t count = least(KEYS, seen.behind - key);
      int64_t vectors = count / LANES;
      int64_t offset = key * padded;
      product_of_panels(rows, vectors, padded, work->query_columns, work->key_panels + offset, work->weights);
      product_of_panels(rows, vectors, padded, work->dy_columns, work->value_panels + offset, work->scores);
      if (banded) score_gradients(work, &state, attention, rows, query, key, work->bias + key, vectors, true);
      else score_gradients(work, &state, attention, rows, query, key, work->bias + key, vectors, false);
      add_transposed_product(count, rows, padded, work->weights, work->dy_rows, work->value_gradient + offset);
      add_transposed_product(count, rows, padded, work->scores, work->query_rows, work->key_gradient + offset);
      product_of_weights(rows, count, padded, work->scores, work->key_rows + offset, work->query_gradient, key > seen.first);
    }
    for (int64_t row = 0; row < rows; row += GROUP)
      unpack_rows(attention, work->query_gradient + row * padded, batch, head, query + row, true, 1 / sqrtf((float)attention->width), gradients->query);
  }
  for (int64_t key = 0; key < packed.behind; key += GROUP) {
    /* Queries were multiplied by 1 / sqrt(width) and by 1 / ln 2. */
    unpack_rows(attention, work->key_gradient + key * padded, batch, head, key, true, LN_2, gradients->key);
    unpack_rows(attention, work->value_gradient + key * padded, batch, head, key, false, 1, gradients->value);
  }
}

static void run_heads(void* context, int64_t begin, int64_t end) {
  backward* job = context;
  int64_t padded = padded_width(job->attention);
  int64_t keys = round_up(job->attention->positions, GROUP);
  size_t count = (size_t)(padded * (5 * QUERIES + GROUP + 5 * keys) + keys + 2 * QUERIES * KEYS);
  float* memory = aligned_alloc(64, count * sizeof(float));
  if (memory == NULL) {
    atomic_store(&job->failed, true);
    return;
  }
  workspace work;
  float* next = memory;
  float** blocks[] = {&work.query_columns, &work.query_rows, &work.dy_columns, &work.dy_rows, &work.query_gradient};
  for (int i = 0; i < 5; i++, next += padded * QUERIES) *blocks[i] = next;
  float** ranges[] = {&work.key_panels, &work.key_rows, &work.value_panels, &work.key_gradient, &work.value_gradient};
  for (int i = 0; i < 5; i++, next += padded * keys) *ranges[i] = next;
  work.rows = next;
  work.bias = work.rows + padded * GROUP;
  work.weights = work.bias + keys;
  work.scores = work.weights + QUERIES * KEYS;
  for (int64_t number = begin; number < end; number++) run_head(job, number, &work);
  free(memory);
}

bool cem_attention_backward(const cem_attention* attention, const cem_attention_gradients* gradients) {
  backward job = {.attention = attention, .gradients = gradients};
  if (attention->positions > 0) cem_parallel(attention->batch * attention->heads, 1, run_heads, &job);
  return !atomic_load(&job.failed);
}
