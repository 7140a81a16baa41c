/* The ops of attention: what they read is checked here. */
#include "attention.h"

#include "cem-kernels.h"

/* Query, key and value stand side by side: [rows, PARTS * channels], rows being all positions of the batch, as one product gives them. */
enum { PROJECTIONS, MASK, ANGLES, OUTPUT, STATISTICS, DY, PARTS = 3 };

/* Inputs and attributes that both ops have; false, and the call has failed, where they do not fit. */
static bool read_attention(cem_call* call, cem_tensor* projections, cem_attention* attention) {
  *projections = cem_float_input(call, PROJECTIONS);
  cem_tensor mask = cem_float_input(call, MASK);
  cem_tensor angles = cem_float_input(call, ANGLES);
  int64_t heads = cem_integer(call, "heads");
  int64_t window = cem_integer(call, "window");
  bool causal = cem_boolean(call, "causal");
  if (cem_failed(call)) return false;
  if (mask.rank != 2) {
    cem_fail(call, "the mask should be [batch, positions], its rank is %d", mask.rank);
    return false;
  }
  int64_t batch = mask.dims[0], positions = mask.dims[1];
  if (projections->rank != 2 || projections->dims[0] != batch * positions || projections->dims[1] % PARTS != 0) {
    cem_fail(call, "query, key and value should be [%lld, 3 * channels] for a mask [%lld, %lld]", (long long)(batch * positions), (long long)batch,
             (long long)positions);
    return false;
  }
  int64_t channels = projections->dims[1] / PARTS;
  if (heads < 1 || channels < 1 || channels % heads != 0 || channels / heads % 2 != 0) {
    cem_fail(call, "%lld channels should be an even multiple of %lld heads", (long long)channels, (long long)heads);
    return false;
  }
  if (window < 0 || positions > INT32_MAX / 2) {
    cem_fail(call, "a window of %lld over %lld positions is none", (long long)window, (long long)positions);
    return false;
  }
  if (angles.size != positions * (channels / heads)) {
    cem_fail(call, "there should be %lld angles, got %lld", (long long)(positions * (channels / heads)), (long long)angles.size);
    return false;
  }
  const float* query = projections->data;
  *attention = (cem_attention){
      .batch = batch,
      .positions = positions,
      .heads = heads,
      .width = channels / heads,
      /* Windows that reach over all positions are none. */
      .window = window >= positions ? 0 : window,
      .causal = causal,
      .mask = mask.data,
      .angles = angles.data,
  };
  if (projections->size == 0) return true;
  attention->query = query;
  attention->key = query + channels;
  attention->value = query + 2 * channels;
  attention->step = PARTS * channels;
  return true;
}

static bool is_output(const cem_tensor* tensor, const cem_tensor* projections) {
  return tensor->rank == 2 && tensor->dims[0] == projections->dims[0] && tensor->dims[1] * PARTS == projections->dims[1];
}

static void attention(cem_call* call) {
  cem_tensor projections;
  cem_attention operands;
  if (!read_attention(call, &projections, &operands)) return;
  cem_tensor output = cem_float_output(call, 0, 2, (int64_t[]){projections.dims[0], projections.dims[1] / PARTS});
  cem_tensor statistics = cem_float_output(call, 1, 4, (int64_t[]){operands.batch, operands.heads, operands.positions, 2});
  if (cem_failed(call) || output.size == 0) return;
  if (!cem_attention_forward(&operands, output.data, statistics.data)) cem_fail(call, "no memory for a head of %lld positions", (long long)operands.positions);
}

static void attention_gradient(cem_call* call) {
  cem_tensor projections;
  cem_attention operands;
  if (!read_attention(call, &projections, &operands)) return;
  cem_tensor output = cem_float_input(call, OUTPUT);
  cem_tensor statistics = cem_float_input(call, STATISTICS);
  cem_tensor dy = cem_float_input(call, DY);
  if (cem_failed(call)) return;
  if (!is_output(&output, &projections) || !is_output(&dy, &projections) || statistics.size != operands.batch * operands.heads * operands.positions * 2) {
    cem_fail(call, "output, its gradient and the statistics should be those of the operands");
    return;
  }
  cem_tensor gradient = cem_output_like(call, 0, &projections);
  if (cem_failed(call) || gradient.size == 0) return;
  float* query = gradient.data;
  int64_t channels = operands.heads * operands.width;
  cem_attention_gradients tensors = {
      .output = output.data,
      .statistics = statistics.data,
      .dy = dy.data,
      .query = query,
      .key = query + channels,
      .value = query + 2 * channels,
  };
  if (!cem_attention_backward(&operands, &tensors)) cem_fail(call, "no memory for a head of %lld positions", (long long)operands.positions);
}

#define OPERANDS "projections: float", "mask: float", "angles: float"

CEM_OP(attention, {
  .name = "CemAttention",
  .inputs = {OPERANDS, NULL},
  .outputs = {"output: float", "statistics: float", NULL},
  .attributes = {"heads: int", "window: int", "causal: bool", NULL},
  .compute = attention,
})

CEM_OP(attention_gradient, {
  .name = "CemAttentionGradient",
  .inputs = {OPERANDS, "output: float", "statistics: float", "dy: float", NULL},
  .outputs = {"gradient: float", NULL},
  .attributes = {"heads: int", "window: int", "causal: bool", NULL},
  .compute = attention_gradient,
})
