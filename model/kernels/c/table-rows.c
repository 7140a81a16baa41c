/*
 * Loops over the rows of tables that lie in JavaScript's memory: what assembly/row-kernels.ts does with SIMD on one thread, to the same bits, on all threads. Sums of a symbol's rows, and
 * Adam over the touched rows of a table, in place.
 */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off")
#endif

#include <math.h>

#include "cem-kernels.h"

/* Rows that a thread takes at once. */
enum { BLOCK = 64, MOST_TABLES = 30 };

typedef struct {
  float* weights;
  float* first;
  float* second;
  const int32_t* rows;
  const float* gradients;
  int64_t dimension;
  float rate, beta1, beta2, correction, epsilon, scale;
} table;

static void adam_row(const table* work, int64_t count, float* restrict w, float* restrict m, float* restrict v, const float* restrict gradient) {
  const float rate = work->rate, beta1 = work->beta1, beta2 = work->beta2, correction = work->correction, epsilon = work->epsilon,
              scale = work->scale, rest1 = 1 - beta1, rest2 = 1 - beta2;
  for (int64_t i = 0; i < count; i++) {
    float value = gradient[i] * scale;
    m[i] = beta1 * m[i] + rest1 * value;
    v[i] = beta2 * v[i] + rest2 * (value * value);
    w[i] -= rate * m[i] / (sqrtf(v[i] * correction) + epsilon);
  }
}

static void adam_range(void* context, int64_t begin, int64_t end) {
  const table* work = context;
  for (int64_t slot = begin; slot < end; slot++) {
    /* Rows lie anywhere: the processor does not foresee them. */
    enum { AHEAD = 4, LINE = 16 };
    if (slot + AHEAD < end) {
      int64_t next = work->rows[slot + AHEAD] * work->dimension;
      for (int64_t i = 0; i < work->dimension; i += LINE) {
        __builtin_prefetch(work->weights + next + i, 1);
        __builtin_prefetch(work->first + next + i, 1);
        __builtin_prefetch(work->second + next + i, 1);
      }
    }
    int64_t at = work->rows[slot] * work->dimension;
    adam_row(work, work->dimension, work->weights + at, work->first + at, work->second + at, work->gradients + slot * work->dimension);
  }
}

/* adamRows(weights, first, second, rows, gradients, dimension, [rate, beta1, beta2, secondCorrection, epsilon, scale]); rows are distinct. */
static void adam_rows(cem_host_call* call) {
  int64_t sizes[3], touched, numbers, steps;
  float* weights = cem_host_floats(call, 0, &sizes[0]);
  float* first = cem_host_floats(call, 1, &sizes[1]);
  float* second = cem_host_floats(call, 2, &sizes[2]);
  const int32_t* rows = cem_host_integers(call, 3, &touched);
  const float* gradients = cem_host_floats(call, 4, &numbers);
  int64_t dimension = (int64_t)cem_host_number(call, 5);
  const float* step = cem_host_floats(call, 6, &steps);
  if (cem_host_failed(call)) return;
  if (dimension < 1 || sizes[1] != sizes[0] || sizes[2] != sizes[0] || numbers != touched * dimension || steps != 6) {
    cem_host_fail(call, "arrays of %lld, %lld and %lld numbers with a gradient of %lld for %lld rows of %lld", (long long)sizes[0],
                  (long long)sizes[1], (long long)sizes[2], (long long)numbers, (long long)touched, (long long)dimension);
    return;
  }
  for (int64_t slot = 0; slot < touched; slot++) {
    if (rows[slot] < 0 || rows[slot] >= sizes[0] / dimension) {
      cem_host_fail(call, "row %d of %lld", rows[slot], (long long)(sizes[0] / dimension));
      return;
    }
  }
  table work = {weights, first, second, rows, gradients, dimension, step[0], step[1], step[2], step[3], step[4], step[5]};
  cem_parallel(touched, BLOCK, adam_range, &work);
}

CEM_HOST_FUNCTION(adam_rows, {.name = "adamRows", .arguments = 7, .run = adam_rows})

typedef struct {
  float* output;
  const int32_t* starts;
  const int32_t* places;
  int64_t dimension;
  int tables;
  const int32_t* rows[MOST_TABLES];
  const float* values[MOST_TABLES];
} symbols;

static void embed_range(void* context, int64_t begin, int64_t end) {
  const symbols* work = context;
  const int64_t dimension = work->dimension;
  for (int64_t symbol = begin; symbol < end; symbol++) {
    float* restrict output = work->output + work->places[symbol] * dimension;
    const int32_t from = work->starts[symbol], to = work->starts[symbol + 1];
    for (int64_t i = 0; i < dimension; i++) output[i] = 0;
    for (int t = 0; t < work->tables; t++) {
      for (int32_t position = from; position < to; position++) {
        const float* row = work->values[t] + work->rows[t][position] * dimension;
        for (int64_t i = 0; i < dimension; i++) output[i] += row[i];
      }
    }
    if (to - from == 1) continue;
    const float scale = 1 / sqrtf((float)(to - from));
    for (int64_t i = 0; i < dimension; i++) output[i] *= scale;
  }
}

static bool within(const int32_t* values, int64_t count, int64_t limit) {
  int32_t least = 0, most = 0;
  for (int64_t i = 0; i < count; i++) {
    least = values[i] < least ? values[i] : least;
    most = values[i] > most ? values[i] : most;
  }
  return least >= 0 && (count == 0 || most < limit);
}

static bool ascending(const int32_t* values, int64_t count) {
  bool is = true;
  for (int64_t i = 1; i < count; i++) is &= values[i - 1] <= values[i];
  return is;
}

/* embedRows(output, starts, places, dimension, table, its rows, table, its rows...); places are distinct, and what no place names stays as it is. */
static void embed_rows(cem_host_call* call) {
  int64_t numbers, starts, places;
  symbols work = {.tables = (cem_host_count(call) - 4) / 2};
  work.output = cem_host_floats(call, 0, &numbers);
  work.starts = cem_host_integers(call, 1, &starts);
  work.places = cem_host_integers(call, 2, &places);
  work.dimension = (int64_t)cem_host_number(call, 3);
  if (cem_host_failed(call)) return;
  if (work.dimension < 1 || work.tables > MOST_TABLES || starts != places + 1 || !within(work.places, places, numbers / work.dimension) ||
      !ascending(work.starts, starts) || work.starts[0] < 0) {
    cem_host_fail(call, "%lld symbols of %lld numbers do not fit their places", (long long)places, (long long)work.dimension);
    return;
  }
  for (int t = 0; t < work.tables; t++) {
    int64_t size, positions;
    work.values[t] = cem_host_floats(call, 4 + 2 * t, &size);
    work.rows[t] = cem_host_integers(call, 5 + 2 * t, &positions);
    if (cem_host_failed(call)) return;
    if (positions < work.starts[places] || !within(work.rows[t], positions, size / work.dimension)) {
      cem_host_fail(call, "table %d has %lld rows, and some of %lld positions name others, or positions are missing", t, (long long)(size / work.dimension),
                    (long long)positions);
      return;
    }
  }
  cem_parallel(places, BLOCK, embed_range, &work);
}

CEM_HOST_FUNCTION(embed_rows, {.name = "embedRows", .arguments = 6, .run = embed_rows})
