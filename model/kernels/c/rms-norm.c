/*
 * RMSNorm, `gain * x / sqrt(mean(x^2) + epsilon)` over the last axis, by rows: one read and one write each way. Only the inverse of each row's root is kept for the gradient.
 * With `delta`, the residual connection before it is part of the pass: x + delta is written too, and its gradient joined to that of the norm.
 * Source: Zhang and Sennrich 2019.
 */
#include "cem-kernels.h"
#include "vector-math.h"

/* Rows a range holds at least, forward. */
enum { FORWARD_ROWS = 64 };
/* Backward, each block of rows adds up its own part of the gain's gradient; the parts are added in their order. There are about as many blocks, however many rows. */
enum { BLOCK_ROWS = 32, MOST_BLOCKS = 128 };

typedef struct {
  int64_t width;
  float epsilon;
  const float* x;
  const float* delta; /* NULL: none */
  const float* gain;
  float* sum; /* x + delta; NULL without delta */
  float* output;
  float* inverse;
} forward_rows;

static void forward_range(void* context, int64_t begin, int64_t end) {
  const forward_rows work = *(const forward_rows*)context;
  const int64_t width = work.width, whole = width / CEM_LANES * CEM_LANES;
  for (int64_t row = begin; row < end; row++) {
    const float* x = work.x + row * width;
    if (work.delta) {
      const float* delta = work.delta + row * width;
      float* sum = work.sum + row * width;
      CEM_INDEPENDENT
      for (int64_t i = 0; i < width; i++) sum[i] = x[i] + delta[i];
      x = sum;
    }
    cem_lanes squares = {0};
    for (int64_t i = 0; i < whole; i += CEM_LANES) {
      cem_lanes value = cem_load(x + i);
      squares += value * value;
    }
    cem_lanes rest = cem_load_part(x + whole, width - whole);
    squares += rest * rest;
    float inverse = 1.0f / sqrtf(cem_fold(squares) / (float)width + work.epsilon);
    work.inverse[row] = inverse;
    float* output = work.output + row * width;
    CEM_INDEPENDENT
    for (int64_t i = 0; i < width; i++) output[i] = x[i] * inverse * work.gain[i];
  }
}

typedef struct {
  int64_t rows;
  int64_t width;
  int64_t block_rows;
  int dy_count;
  const float* x;
  const float* gain;
  const float* inverse;
  const float* dys[8];
  const float* residual; /* NULL: none */
  float* dx;
  float* gain_parts; /* [blocks, width] */
} backward_rows;

/* With r = inverse and u = x r: dx = r (gain dy - u mean(u gain dy)) + residual, dgain = sum over rows of dy u. */
static void backward_row(const backward_rows* work, int64_t row, float* gain_part) {
  const int64_t width = work->width, whole = width / CEM_LANES * CEM_LANES;
  const float* x = work->x + row * width;
  const float* gain = work->gain;
  const float* dy = work->dys[0] + row * width;
  float* dx = work->dx + row * width;
  for (int which = 1; which < work->dy_count; which++) {
    const float* other = work->dys[which] + row * width;
    CEM_INDEPENDENT
    for (int64_t i = 0; i < width; i++) dx[i] = dy[i] + other[i];
    dy = dx;
  }
  cem_lanes products = {0};
  for (int64_t i = 0; i < whole; i += CEM_LANES) products += cem_load(x + i) * cem_load(gain + i) * cem_load(dy + i);
  const int64_t rest = width - whole;
  products += cem_load_part(x + whole, rest) * cem_load_part(gain + whole, rest) * cem_load_part(dy + whole, rest);
  const float inverse = work->inverse[row];
  const float mean = cem_fold(products) * inverse / (float)width;
  const float* residual = work->residual ? work->residual + row * width : NULL;
  CEM_INDEPENDENT
  for (int64_t i = 0; i < width; i++) {
    float unit = x[i] * inverse;
    float upper = dy[i];
    gain_part[i] += upper * unit;
    dx[i] = inverse * (gain[i] * upper - unit * mean);
  }
  if (residual)
    CEM_INDEPENDENT
    for (int64_t i = 0; i < width; i++) dx[i] += residual[i];
}

static void backward_range(void* context, int64_t begin, int64_t end) {
  const backward_rows* work = context;
  for (int64_t block = begin; block < end; block++) {
    float* gain_part = work->gain_parts + block * work->width;
    memset(gain_part, 0, (size_t)work->width * sizeof(float));
    const int64_t last = (block + 1) * work->block_rows;
    for (int64_t row = block * work->block_rows; row < last && row < work->rows; row++) backward_row(work, row, gain_part);
  }
}

/* Rows of a tensor whose last axis is as long as `gain`; -1, and the call has failed, where it is not. */
static int64_t rows_of(cem_call* call, const cem_tensor* x, const cem_tensor* gain) {
  const int64_t width = x->rank > 0 ? x->dims[x->rank - 1] : 0;
  if (gain->rank == 1 && width > 0 && gain->size == width) return x->size / width;
  cem_fail(call, "RMSNorm needs one gain a channel, got %lld gains for %lld channels", (long long)gain->size, (long long)width);
  return -1;
}

static bool same_size(cem_call* call, const char* name, int64_t size, int64_t wanted) {
  if (size == wanted) return true;
  cem_fail(call, "RMSNorm: `%s` has %lld numbers, %lld are needed", name, (long long)size, (long long)wanted);
  return false;
}

static void forward(cem_call* call, bool with_delta) {
  cem_tensor x = cem_float_input(call, 0);
  cem_tensor gain = cem_float_input(call, with_delta ? 2 : 1);
  cem_tensor delta = with_delta ? cem_float_input(call, 1) : (cem_tensor){0};
  if (cem_failed(call)) return;
  const int64_t rows = rows_of(call, &x, &gain);
  if (rows < 0 || (with_delta && !same_size(call, "delta", delta.size, x.size))) return;
  cem_tensor sum = with_delta ? cem_output_like(call, 2, &x) : (cem_tensor){0};
  cem_tensor output = cem_output_like(call, 0, &x);
  cem_tensor inverse = cem_float_output(call, 1, 1, &rows);
  if (cem_failed(call)) return;
  forward_rows work = {
    .width = gain.size,
    .epsilon = cem_float(call, "epsilon"),
    .x = x.data,
    .delta = delta.data,
    .gain = gain.data,
    .sum = sum.data,
    .output = output.data,
    .inverse = inverse.data,
  };
  cem_parallel(rows, FORWARD_ROWS, forward_range, &work);
}

static void rms_norm(cem_call* call) { forward(call, false); }
static void residual_rms_norm(cem_call* call) { forward(call, true); }

static void rms_norm_gradient(cem_call* call) {
  cem_tensor x = cem_float_input(call, 0);
  cem_tensor gain = cem_float_input(call, 1);
  cem_tensor inverse = cem_float_input(call, 2);
  if (cem_failed(call)) return;
  const int64_t rows = rows_of(call, &x, &gain);
  if (rows < 0 || !same_size(call, "inverse", inverse.size, rows)) return;
  backward_rows work = {.rows = rows, .width = gain.size, .x = x.data, .gain = gain.data, .inverse = inverse.data};
  const int64_t dys = cem_integer(call, "N");
  const int inputs = cem_input_count(call);
  const int most = (int)(sizeof work.dys / sizeof *work.dys);
  if (dys < 1 || dys > most || inputs < 3 + dys || inputs > 4 + dys) {
    cem_fail(call, "RMSNorm takes 1 to %d gradients and at most one residual, got %lld and %lld", most, (long long)dys, (long long)(inputs - 3 - dys));
    return;
  }
  work.dy_count = (int)dys;
  for (int which = 3; which < inputs; which++) {
    cem_tensor dy = cem_float_input(call, which);
    if (cem_failed(call) || !same_size(call, "dy", dy.size, x.size)) return;
    if (which < 3 + dys)
      work.dys[which - 3] = dy.data;
    else
      work.residual = dy.data;
  }
  work.block_rows = (rows + MOST_BLOCKS - 1) / MOST_BLOCKS;
  if (work.block_rows < BLOCK_ROWS) work.block_rows = BLOCK_ROWS;
  const int64_t blocks = (rows + work.block_rows - 1) / work.block_rows;
  cem_tensor dx = cem_output_like(call, 0, &x);
  cem_tensor gain_gradient = cem_output_like(call, 1, &gain);
  work.gain_parts = cem_scratch(call, blocks * work.width);
  if (cem_failed(call)) return;
  work.dx = dx.data;
  cem_parallel(blocks, 1, backward_range, &work);
  float* total = gain_gradient.data;
  memset(total, 0, (size_t)work.width * sizeof(float));
  for (int64_t block = 0; block < blocks; block++)
    CEM_INDEPENDENT
    for (int64_t i = 0; i < work.width; i++) total[i] += work.gain_parts[block * work.width + i];
}

CEM_OP(rms_norm, {
  .name = "CemRmsNorm",
  .inputs = {"x: float", "gain: float", NULL},
  .outputs = {"output: float", "inverse: float", NULL},
  .attributes = {"epsilon: float", NULL},
  .compute = rms_norm,
})

CEM_OP(residual_rms_norm, {
  .name = "CemResidualRmsNorm",
  .inputs = {"x: float", "delta: float", "gain: float", NULL},
  .outputs = {"output: float", "inverse: float", "sum: float", NULL},
  .attributes = {"epsilon: float", NULL},
  .compute = residual_rms_norm,
})

CEM_OP(rms_norm_gradient, {
  .name = "CemRmsNormGradient",
  .inputs = {"x: float", "gain: float", "inverse: float", "dys: N * float", "residual: M * float", NULL},
  .outputs = {"dx: float", "gain_gradient: float", NULL},
  .attributes = {"N: int >= 1", "M: int >= 0", NULL},
  .compute = rms_norm_gradient,
})
