/* The sum of the squares of all numbers of some tensors: the square of a gradient's norm. */
#include <string.h>

#include "cem-kernels.h"

/* Numbers that are summed on one thread in one order: results do not depend on how many threads there are. */
enum { BLOCK = 1 << 16 };

typedef struct {
  const float* values;
  int64_t size;
  double* partial;
} blocks;

static void sum_blocks(void* context, int64_t begin, int64_t end) {
  const blocks* work = context;
  for (int64_t block = begin; block < end; block++) {
    const float* values = work->values + block * BLOCK;
    int64_t count = work->size - block * BLOCK < BLOCK ? work->size - block * BLOCK : BLOCK;
    /* Double sums: of 10^8 numbers the last would be lost in a float's. */
    enum { LANES = 16 };
    double lanes[LANES] = {0};
    int64_t i = 0;
    for (; i + LANES <= count; i += LANES)
      for (int lane = 0; lane < LANES; lane++) lanes[lane] += (double)values[i + lane] * values[i + lane];
    double sum = 0;
    for (int lane = 0; lane < LANES; lane++) sum += lanes[lane];
    for (; i < count; i++) sum += (double)values[i] * values[i];
    work->partial[block] = sum;
  }
}

static void sum_of_squares(cem_call* call) {
  double total = 0;
  for (int index = 0; index < cem_input_count(call); index++) {
    cem_tensor values = cem_float_input(call, index);
    int64_t count = (values.size + BLOCK - 1) / BLOCK;
    double* partial = (double*)cem_scratch(call, 2 * count);
    if (cem_failed(call)) return;
    cem_parallel(count, 1, sum_blocks, &(blocks){values.data, values.size, partial});
    for (int64_t block = 0; block < count; block++) total += partial[block];
  }
  cem_tensor sum = cem_float_output(call, 0, 0, NULL);
  if (cem_failed(call)) return;
  *(float*)sum.data = (float)total;
}

CEM_OP(sum_of_squares, {
  .name = "CemSumOfSquares",
  .inputs = {"values: N * float", NULL},
  .outputs = {"sum: float", NULL},
  .attributes = {"N: int >= 1", NULL},
  .compute = sum_of_squares,
})
