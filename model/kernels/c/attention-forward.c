#include <stdatomic.h>
#include <stdlib.h>

#include "attention-pack.h"
#include "cem-kernels.h"

typedef struct {
  const cem_attention* attention;
  float* output;
  float* statistics;
  int64_t queries; /* a task: a multiple of QUERIES */
  int64_t tasks;   /* a head */
  atomic_bool failed;
} forward;

/* One task's memory. */
typedef struct {
  float* columns; /* [padded][QUERIES] of the block's queries */
  float* rows;    /* [GROUP][padded] */
  float* keys;    /* panels */
  float* values;  /* rows */
  float* bias;
  float* scores;  /* [QUERIES][KEYS] */
  float* sums;    /* [QUERIES][padded] of weighted values */
} workspace;

/* Of the block's queries so far. */
typedef struct {
  float largest[QUERIES];
  lanes total[QUERIES];
} running;

/* Scores of `rows` queries become exp(score - largest), the running sums are brought to the new largest. */
PIECE void soften(workspace* work, running* state, const cem_attention* attention, int64_t rows, int64_t query, int64_t first_key,
                   const float* bias, int64_t vectors, bool first, bool banded) {
  int64_t padded = padded_width(attention);
  lane_integers numbers = lane_numbers();
  for (int64_t row = 0; row < rows; row++) {
    float* scores = work->scores + row * KEYS;
    int32_t from = 0;
    uint32_t count = 0;
    if (banded) band_of(attention, query + row, first_key, &from, &count);
    lanes most_so_far = all(NO_SCORE);
    for (int64_t v = 0; v < vectors; v++) {
      lanes score = load(scores + v * LANES) + load(bias + v * LANES);
      if (banded) score = in_band(score, numbers + (int32_t)(v * LANES), from, count);
      store(scores + v * LANES, score);
      most_so_far = larger(score, most_so_far);
    }
    float largest = largest_lane(most_so_far);
    if (!first && state->largest[row] > largest) largest = state->largest[row];
    lanes total = all(0);
    for (int64_t v = 0; v < vectors; v++) {
      lanes weight = power_of_two(load(scores + v * LANES) - largest);
      store(scores + v * LANES, weight);
      total += weight;
    }
    if (!first && state->largest[row] != largest) {
      lanes change = power_of_two(all(state->largest[row] - largest));
      total += state->total[row] * change;
      float* sums = work->sums + row * padded;
      for (int64_t i = 0; i < padded; i += LANES) store(sums + i, load(sums + i) * change);
    } else if (!first) {
      total += state->total[row];
    }
    state->largest[row] = largest;
    state->total[row] = total;
  }
}

static void attend(const cem_attention* attention, workspace* work, int64_t batch, int64_t head, key_range packed, int64_t keys,
                   int64_t first_query, int64_t rows, float* output, float* statistics) {
  int64_t width = attention->width;
  int64_t padded = padded_width(attention);
  float scale = LOG2_E / sqrtf((float)width);
  for (int64_t row = 0; row < rows; row += GROUP) {
    expect_rows(attention, output, output_step(attention), batch, head, first_query + row, 1);
    pack_rows(attention, attention->query, attention->step, batch, head, first_query + row, true, scale, work->rows);
    rows_to_columns(work->rows, padded, work->columns + row);
  }
  running state;
  bool banded = attention->window > 0 || attention->causal;
  key_range seen = keys_of(attention, first_query, first_query + rows, keys);
  for (int64_t key = seen.first; key < seen.behind; key += KEYS) {
    int64_t vectors = least(KEYS, seen.behind - key) / LANES;
    int64_t offset = key - packed.first;
    product_of_panels(rows, vectors, padded, work->columns, work->keys + offset * padded, work->scores);
    bool first = key == seen.first;
    if (banded) soften(work, &state, attention, rows, first_query, key, work->bias + offset, vectors, first, true);
    else soften(work, &state, attention, rows, first_query, key, work->bias + offset, vectors, first, false);
    product_of_weights(rows, vectors * LANES, padded, work->scores, work->values + offset * padded, work->sums, !first);
  }
  for (int64_t row = 0; row < least(rows, attention->positions - first_query); row++) {
    float share = 1.0f / sum_of_lanes(state.total[row]);
    float* to = output + place(attention, output_step(attention), batch, head, first_query + row);
    const float* sums = work->sums + row * padded;
    for (int64_t i = 0; i < width; i++) to[i] = sums[i] * share;
    float* kept = statistics + ((batch * attention->heads + head) * attention->positions + first_query + row) * 2;
    kept[0] = state.largest[row];
    kept[1] = share;
  }
}

static void run_task(forward* job, int64_t task, workspace* work) {
  const cem_attention* attention = job->attention;
  int64_t padded = padded_width(attention);
  int64_t batch = task / job->tasks / attention->heads;
  int64_t head = task / job->tasks % attention->heads;
  int64_t first = task % job->tasks * job->queries;
  int64_t behind = least(first + job->queries, attention->positions);
  int64_t keys = keys_of_row(attention, batch);
  key_range packed = keys_of(attention, first, behind, keys);
  for (int64_t key = packed.first; key < packed.behind; key += GROUP) {
    int64_t offset = (key - packed.first) * padded;
    pack_rows(attention, attention->key, attention->step, batch, head, key, true, 1, work->rows);
    rows_to_panels(work->rows, padded, work->keys + offset);
    pack_rows(attention, attention->value, attention->step, batch, head, key, false, 1, work->values + offset);
  }
  pack_bias(attention, batch, packed, work->bias);
  int64_t block = block_of(attention);
  for (int64_t query = first; query < behind; query += block)
    attend(attention, work, batch, head, packed, keys, query, least(block, round_up(behind - query, GROUP)), job->output, job->statistics);
}

static void run_tasks(void* context, int64_t begin, int64_t end) {
  forward* job = context;
  int64_t padded = padded_width(job->attention);
  int64_t window = job->attention->window;
  int64_t all_keys = round_up(job->attention->positions, GROUP);
  int64_t keys = window > 0 ? least(all_keys, job->queries + 2 * window + 2 * GROUP) : all_keys;
  keys = round_up(keys, GROUP);
  size_t count = (size_t)(padded * (2 * QUERIES + GROUP + 2 * keys) + keys + QUERIES * KEYS);
  float* memory = aligned_alloc(64, count * sizeof(float));
  if (memory == NULL) {
    atomic_store(&job->failed, true);
    return;
  }
  workspace work = {.columns = memory};
  work.rows = work.columns + padded * QUERIES;
  work.sums = work.rows + padded * GROUP;
  work.keys = work.sums + padded * QUERIES;
  work.values = work.keys + padded * keys;
  work.bias = work.values + padded * keys;
  work.scores = work.bias + keys;
  for (int64_t task = begin; task < end; task++) run_task(job, task, &work);
  free(memory);
}

bool cem_attention_forward(const cem_attention* attention, float* output, float* statistics) {
  int64_t heads = attention->batch * attention->heads;
  if (heads == 0 || attention->positions == 0) return true;
  /* What a task does again is packing the keys that its neighbours see too. Enough tasks for many threads where heads are few. */
  enum { WINDOWED_QUERIES = 512, FEWEST_QUERIES = 128, MANY_HEADS = 16 };
  int64_t queries = WINDOWED_QUERIES;
  if (attention->window == 0)
    queries = heads >= MANY_HEADS ? attention->positions : most(FEWEST_QUERIES, attention->positions * heads / MANY_HEADS);
  queries = round_up(queries, QUERIES);
  forward job = {.attention = attention, .output = output, .statistics = statistics, .queries = queries};
  job.tasks = (attention->positions + queries - 1) / queries;
  cem_parallel(heads * job.tasks, 1, run_tasks, &job);
  return !atomic_load(&job.failed);
}
