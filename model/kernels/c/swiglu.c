/*
 * SwiGLU's gate, `silu(gate) * up` with silu(x) = x sigmoid(x), in one pass forward and one pass backward. Nothing is kept for the gradient but the inputs:
 * the sigmoid is computed again. Source: Shazeer 2020 (GLU variants), Elfwing et al. 2017 (SiLU).
 */
#include "cem-kernels.h"
#include "vector-math.h"

/* Numbers a range: 64 KiB a stream, large against the cost of handing it out. */
enum { GRAIN = 16384 };

typedef struct {
  const float* gate;
  const float* up;
  const float* dy;
  float* output;
  float* gate_gradient;
  float* up_gradient;
} gates;

static void forward_range(void* context, int64_t begin, int64_t end) {
  const gates work = *(const gates*)context;
  CEM_INDEPENDENT
  for (int64_t i = begin; i < end; i++) work.output[i] = work.gate[i] * cem_sigmoid(work.gate[i]) * work.up[i];
}

/* With s = sigmoid(gate): d silu = s + gate s (1 - s). */
static void backward_range(void* context, int64_t begin, int64_t end) {
  const gates work = *(const gates*)context;
  CEM_INDEPENDENT
  for (int64_t i = begin; i < end; i++) {
    float s = cem_sigmoid(work.gate[i]);
    float silu = work.gate[i] * s;
    work.up_gradient[i] = work.dy[i] * silu;
    work.gate_gradient[i] = work.dy[i] * work.up[i] * (s + silu * (1.0f - s));
  }
}

static bool same_size(cem_call* call, const cem_tensor* one, const cem_tensor* other) {
  if (one->size == other->size) return true;
  cem_fail(call, "SwiGLU needs inputs of one shape, got %lld and %lld numbers", (long long)one->size, (long long)other->size);
  return false;
}

static void swiglu(cem_call* call) {
  cem_tensor gate = cem_float_input(call, 0);
  cem_tensor up = cem_float_input(call, 1);
  if (cem_failed(call) || !same_size(call, &gate, &up)) return;
  cem_tensor output = cem_output_like(call, 0, &gate);
  if (cem_failed(call)) return;
  gates work = {.gate = gate.data, .up = up.data, .output = output.data};
  cem_parallel(gate.size, GRAIN, forward_range, &work);
}

static void swiglu_gradient(cem_call* call) {
  cem_tensor gate = cem_float_input(call, 0);
  cem_tensor up = cem_float_input(call, 1);
  cem_tensor dy = cem_float_input(call, 2);
  if (cem_failed(call) || !same_size(call, &gate, &up) || !same_size(call, &gate, &dy)) return;
  cem_tensor gate_gradient = cem_output_like(call, 0, &gate);
  cem_tensor up_gradient = cem_output_like(call, 1, &gate);
  if (cem_failed(call)) return;
  gates work = {.gate = gate.data, .up = up.data, .dy = dy.data, .gate_gradient = gate_gradient.data, .up_gradient = up_gradient.data};
  cem_parallel(gate.size, GRAIN, backward_range, &work);
}

CEM_OP(swiglu, {
  .name = "CemSwiGlu",
  .inputs = {"gate: float", "up: float", NULL},
  .outputs = {"output: float", NULL},
  .attributes = {NULL},
  .compute = swiglu,
})

CEM_OP(swiglu_gradient, {
  .name = "CemSwiGluGradient",
  .inputs = {"gate: float", "up: float", "dy: float", NULL},
  .outputs = {"gate_gradient: float", "up_gradient: float", NULL},
  .attributes = {NULL},
  .compute = swiglu_gradient,
})
