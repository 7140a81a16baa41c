/* The ops of attention: what they read is checked here. */
#include "attention.h"

#include "cem-kernels.h"

enum { QUERY, KEY, VALUE, MASK, ANGLES, OUTPUT, STATISTICS, DY };

static bool same_shape(const cem_tensor* a, const cem_tensor* b) {
  if (a->rank != b->rank) return false;
  for (int i = 0; i < a->rank; i++)
    if (a->dims[i] != b->dims[i]) return false;
  return true;
}

/* Inputs and attributes that both ops have; false, and the call has failed, where they do not fit. */
static bool read_attention(cem_call* call, cem_tensor* query, cem_attention* attention) {
  *query = cem_float_input(call, QUERY);
  cem_tensor key = cem_float_input(call, KEY);
  cem_tensor value = cem_float_input(call, VALUE);
  cem_tensor mask = cem_float_input(call, MASK);
  cem_tensor angles = cem_float_input(call, ANGLES);
  int64_t heads = cem_integer(call, "heads");
  int64_t window = cem_integer(call, "window");
  bool causal = cem_boolean(call, "causal");
  if (cem_failed(call)) return false;
  if (query->rank != 3 || !same_shape(query, &key) || !same_shape(query, &value)) {
    cem_fail(call, "query, key and value should be [batch, positions, channels] of one shape");
    return false;
  }
  int64_t batch = query->dims[0], positions = query->dims[1], channels = query->dims[2];
  if (heads < 1 || channels < 1 || channels % heads != 0 || channels / heads % 2 != 0) {
    cem_fail(call, "%lld channels should be an even multiple of %lld heads", (long long)channels, (long long)heads);
    return false;
  }
  if (window < 0 || positions > INT32_MAX / 2) {
    cem_fail(call, "a window of %lld over %lld positions is none", (long long)window, (long long)positions);
    return false;
  }
  if (mask.rank != 2 || mask.dims[0] != batch || mask.dims[1] != positions) {
    cem_fail(call, "the mask should be [batch, positions]: [%lld, %lld]", (long long)batch, (long long)positions);
    return false;
  }
  if (angles.size != positions * (channels / heads)) {
    cem_fail(call, "there should be %lld angles, got %lld", (long long)(positions * (channels / heads)), (long long)angles.size);
    return false;
  }
  *attention = (cem_attention){
      .batch = batch,
      .positions = positions,
      .heads = heads,
      .width = channels / heads,
      /* Windows that reach over all positions are none. */
      .window = window >= positions ? 0 : window,
      .causal = causal,
      .query = query->data,
      .key = key.data,
      .value = value.data,
      .mask = mask.data,
      .angles = angles.data,
  };
  return true;
}

static void attention(cem_call* call) {
  cem_tensor query;
  cem_attention operands;
  if (!read_attention(call, &query, &operands)) return;
  cem_tensor output = cem_output_like(call, 0, &query);
  cem_tensor statistics = cem_float_output(call, 1, 4, (int64_t[]){operands.batch, operands.heads, operands.positions, 2});
  if (cem_failed(call) || output.size == 0) return;
  if (!cem_attention_forward(&operands, output.data, statistics.data)) cem_fail(call, "no memory for a head of %lld positions", (long long)operands.positions);
}

static void attention_gradient(cem_call* call) {
  cem_tensor query;
  cem_attention operands;
  if (!read_attention(call, &query, &operands)) return;
  cem_tensor output = cem_float_input(call, OUTPUT);
  cem_tensor statistics = cem_float_input(call, STATISTICS);
  cem_tensor dy = cem_float_input(call, DY);
  if (cem_failed(call)) return;
  if (!same_shape(&query, &output) || !same_shape(&query, &dy) || statistics.size != operands.batch * operands.heads * operands.positions * 2) {
    cem_fail(call, "output, its gradient and the statistics should be those of the operands");
    return;
  }
  cem_tensor gradients[3];
  for (int i = 0; i < 3; i++) gradients[i] = cem_output_like(call, i, &query);
  if (cem_failed(call) || query.size == 0) return;
  cem_attention_gradients tensors = {
      .output = output.data,
      .statistics = statistics.data,
      .dy = dy.data,
      .query = gradients[0].data,
      .key = gradients[1].data,
      .value = gradients[2].data,
  };
  if (!cem_attention_backward(&operands, &tensors)) cem_fail(call, "no memory for a head of %lld positions", (long long)operands.positions);
}

#define OPERANDS "query: float", "key: float", "value: float", "mask: float", "angles: float"

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
  .outputs = {"query_gradient: float", "key_gradient: float", "value_gradient: float", NULL},
  .attributes = {"heads: int", "window: int", "causal: bool", NULL},
  .compute = attention_gradient,
})
