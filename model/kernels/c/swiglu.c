/*
 * SwiGLU's gate, `silu(gate) * up` with silu(x) = x sigmoid(x), in one pass forward and one pass backward. Gate and up stand side by side in each row, as one product gives
 * them. Nothing is kept for the gradient but the input: the sigmoid is computed again. Source: Shazeer 2020 (GLU variants), Elfwing et al. 2017 (SiLU).
 */
#include "cem-kernels.h"
#include "vector-math.h"

/* Numbers a range, about: 64 KiB a stream, large against the cost of handing it out. */
enum { GRAIN = 16384 };

typedef struct {
  int64_t width;        /* of the output's rows */
  const float* gate_up; /* [rows, 2 * width] */
  const float* dy;      /* [rows, width] */
  float* output;        /* [rows, width], or the gradient [rows, 2 * width] */
} gates;

static void forward_rows(void* context, int64_t begin, int64_t end) {
  const gates* work = context;
  const int64_t width = work->width;
  for (int64_t row = begin; row < end; row++) {
    const float* restrict gate = work->gate_up + row * 2 * width;
    const float* restrict up = gate + width;
    float* restrict output = work->output + row * width;
    CEM_INDEPENDENT
    for (int64_t i = 0; i < width; i++) output[i] = gate[i] * cem_sigmoid(gate[i]) * up[i];
  }
}

/* With s = sigmoid(gate): d silu = s + gate s (1 - s). */
static void backward_rows(void* context, int64_t begin, int64_t end) {
  const gates* work = context;
  const int64_t width = work->width;
  for (int64_t row = begin; row < end; row++) {
    const float* restrict gate = work->gate_up + row * 2 * width;
    const float* restrict up = gate + width;
    const float* restrict dy = work->dy + row * width;
    float* restrict gate_gradient = work->output + row * 2 * width;
    float* restrict up_gradient = gate_gradient + width;
    CEM_INDEPENDENT
    for (int64_t i = 0; i < width; i++) {
      float s = cem_sigmoid(gate[i]);
      float silu = gate[i] * s;
      up_gradient[i] = dy[i] * silu;
      gate_gradient[i] = dy[i] * up[i] * (s + silu * (1.0f - s));
    }
  }
}

static int64_t row_count(const gates* work, const cem_tensor* output) { return work->width > 0 ? output->size / work->width : 0; }

static int64_t grain(const gates* work) { return work->width < GRAIN ? GRAIN / work->width : 1; }

/* Gate and up; the call has failed where it is no pair. */
static cem_tensor read_pair(cem_call* call) {
  cem_tensor pair = cem_float_input(call, 0);
  if (!cem_failed(call) && (pair.rank < 1 || pair.dims[pair.rank - 1] % 2 != 0))
    cem_fail(call, "SwiGLU needs gate and up side by side, got an odd number of columns");
  return pair;
}

static void swiglu(cem_call* call) {
  cem_tensor pair = read_pair(call);
  if (cem_failed(call)) return;
  gates work = {.width = pair.dims[pair.rank - 1] / 2, .gate_up = pair.data};
  int64_t dims[CEM_MOST_DIMENSIONS];
  for (int i = 0; i < pair.rank; i++) dims[i] = i == pair.rank - 1 ? work.width : pair.dims[i];
  cem_tensor output = cem_float_output(call, 0, pair.rank, dims);
  if (cem_failed(call) || output.size == 0) return;
  work.output = output.data;
  cem_parallel(row_count(&work, &output), grain(&work), forward_rows, &work);
}

static void swiglu_gradient(cem_call* call) {
  cem_tensor pair = read_pair(call);
  cem_tensor dy = cem_float_input(call, 1);
  if (cem_failed(call)) return;
  if (dy.size * 2 != pair.size || dy.rank != pair.rank || dy.dims[dy.rank - 1] * 2 != pair.dims[pair.rank - 1]) {
    cem_fail(call, "SwiGLU's gradient should be half as wide as gate and up, got %lld numbers for %lld", (long long)dy.size, (long long)pair.size);
    return;
  }
  cem_tensor gradient = cem_output_like(call, 0, &pair);
  if (cem_failed(call) || gradient.size == 0) return;
  gates work = {.width = pair.dims[pair.rank - 1] / 2, .gate_up = pair.data, .dy = dy.data, .output = gradient.data};
  cem_parallel(row_count(&work, &dy), grain(&work), backward_rows, &work);
}

CEM_OP(swiglu, {
  .name = "CemSwiGlu",
  .inputs = {"gate_up: float", NULL},
  .outputs = {"output: float", NULL},
  .attributes = {NULL},
  .compute = swiglu,
})

CEM_OP(swiglu_gradient, {
  .name = "CemSwiGluGradient",
  .inputs = {"gate_up: float", "dy: float", NULL},
  .outputs = {"gradient: float", NULL},
  .attributes = {NULL},
  .compute = swiglu_gradient,
})
