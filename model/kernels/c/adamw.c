/* One step of AdamW in one pass over weights, gradients and moments, all in place; and the copy that an optimiser needs to have weights for itself. */
#include <math.h>
#include <string.h>

#include "cem-kernels.h"

/* Numbers that a thread takes at once. */
enum { BLOCK = 1 << 14 };

/* Places in the input `numbers`; behind them stands the decay of each weight. */
enum { RATE, SCALE, BETA1, REST1, BETA2, REST2, CORRECTION1, CORRECTION2, EPSILON, DECAYS };

typedef struct {
  float* values;
  const float* gradient;
  /* Place of the first number in the group's order. */
  int64_t from;
  int64_t size;
  float decay;
} weight;

typedef struct {
  const float* numbers;
  const weight* weights;
  float* first;
  float* second;
} group;

/*
 * m = beta1 m + (1 - beta1) g, v = beta2 v + (1 - beta2) g^2, w -= rate ((m / correction1) / (sqrt(v / correction2) + epsilon) + decay w)
 * with g the scaled gradient; corrections come as their reciprocals.
 */
static void update(const float* numbers, float decay, int64_t count, float* restrict w, const float* restrict gradient, float* restrict m,
                   float* restrict v) {
  const float rate = numbers[RATE], scale = numbers[SCALE], beta1 = numbers[BETA1], rest1 = numbers[REST1], beta2 = numbers[BETA2],
              rest2 = numbers[REST2], correction1 = numbers[CORRECTION1], correction2 = numbers[CORRECTION2], epsilon = numbers[EPSILON];
  for (int64_t i = 0; i < count; i++) {
    float g = gradient[i] * scale;
    float first = m[i] * beta1 + g * rest1;
    float second = v[i] * beta2 + g * g * rest2;
    m[i] = first;
    v[i] = second;
    w[i] -= rate * (first * correction1 / (sqrtf(second * correction2) + epsilon) + decay * w[i]);
  }
}

static void update_range(void* context, int64_t begin, int64_t end) {
  const group* work = context;
  const weight* part = work->weights;
  while (part->from + part->size <= begin) part++;
  for (; begin < end; part++) {
    int64_t stop = part->from + part->size < end ? part->from + part->size : end;
    int64_t at = begin - part->from;
    if (stop > begin)
      update(work->numbers, part->decay, stop - begin, part->values + at, part->gradient + at, work->first + begin, work->second + begin);
    begin = stop;
  }
}

/* Inputs: N weights, M gradients (as many, or one vector of all), the two moments, and `numbers`. */
static void adamw(cem_call* call) {
  int count = (int)cem_integer(call, "N");
  int gradients = (int)cem_integer(call, "M");
  if (cem_failed(call)) return;
  cem_tensor first = cem_float_input(call, count + gradients);
  cem_tensor second = cem_float_input(call, count + gradients + 1);
  cem_tensor numbers = cem_float_input(call, count + gradients + 2);
  weight* weights = (weight*)cem_scratch(call, (int64_t)((size_t)count * sizeof(weight) / sizeof(float)));
  if (cem_failed(call)) return;
  if (numbers.size != DECAYS + count) {
    cem_fail(call, "%d numbers are wanted for %d weights, got %lld", DECAYS + count, count, (long long)numbers.size);
    return;
  }
  if (gradients != count && gradients != 1) {
    cem_fail(call, "%d weights need as many gradients or one, got %d", count, gradients);
    return;
  }
  int64_t from = 0;
  cem_tensor gradient = {0};
  for (int i = 0; i < count; i++) {
    cem_tensor values = cem_float_input(call, i);
    if (i == 0 || gradients == count) gradient = cem_float_input(call, count + i);
    if (cem_failed(call)) return;
    const float* own = gradients == count ? gradient.data : (const float*)gradient.data + from;
    weights[i] = (weight){values.data, own, from, values.size, ((const float*)numbers.data)[DECAYS + i]};
    from += values.size;
    if (gradients == count && gradient.size != values.size) {
      cem_fail(call, "weight %d has %lld numbers and its gradient %lld", i, (long long)values.size, (long long)gradient.size);
      return;
    }
  }
  if ((gradients != count && gradient.size != from) || first.size != from || second.size != from) {
    cem_fail(call, "the weights have %lld numbers, gradients %lld, moments %lld and %lld", (long long)from, (long long)gradient.size,
             (long long)first.size, (long long)second.size);
    return;
  }
  cem_parallel(from, BLOCK, update_range, &(group){numbers.data, weights, first.data, second.data});
}

CEM_OP(adamw, {
  .name = "CemAdamW",
  .inputs = {"weights: N * float", "gradients: M * float", "first: float", "second: float", "numbers: float", NULL},
  .outputs = {NULL},
  .attributes = {"N: int >= 1", "M: int >= 1", NULL},
  .compute = adamw,
})

typedef struct {
  const float* from;
  float* to;
} copying;

static void copy_range(void* context, int64_t begin, int64_t end) {
  const copying* work = context;
  memcpy(work->to + begin, work->from + begin, (size_t)(end - begin) * sizeof(float));
}

/* The same numbers in memory that nothing else uses: tfjs' own copies share it. */
static void copy(cem_call* call) {
  cem_tensor values = cem_float_input(call, 0);
  cem_tensor copied = cem_output_like(call, 0, &values);
  if (cem_failed(call)) return;
  cem_parallel(values.size, BLOCK, copy_range, &(copying){values.data, copied.data});
}

CEM_OP(copy, {
  .name = "CemCopy",
  .inputs = {"values: float", NULL},
  .outputs = {"copied: float", NULL},
  .attributes = {NULL},
  .compute = copy,
})
