/*
 * Cross attention that pools symbols into patches: the queries of a patch ask its own few symbols. One pass forward; one backward, which takes the softmax again.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "attention-vectors.h"
#include "cem-kernels.h"
#include "vector-math.h"

/* Symbols whose patches are one task's: those that begin there. */
enum { SYMBOLS = 256 };

typedef struct {
  int64_t batch, symbols, patches, queries, heads, width;
  int64_t patch_size; /* 0: runs of equal members */
  const float* query;   /* [batch * patches, queries, heads * width] */
  const float* key;     /* [batch, symbols, heads * width], as value */
  const float* value;
  const float* members; /* [batch, symbols]: patches of one size: 0 for padding; runs: number of the patch in its row, -1 for padding */
  float* output;        /* as query; NULL backward */
  const float* dy;      /* as query */
  float* query_gradient;
  float* key_gradient;
  float* value_gradient;
  atomic_bool failed;
} patch_attention;

/* A patch: symbols [first, behind) of a row. */
typedef struct {
  int64_t number; /* of all patches; -1: padding */
  int64_t first;
  int64_t behind;
} patch;

INLINE float dot(const float* a, const float* b, int64_t width) {
  lanes sums = all(0);
  int64_t i = 0;
  for (; i + LANES <= width; i += LANES) sums += load(a + i) * load(b + i);
  float sum = sum_of_lanes(sums);
  for (; i < width; i++) sum += a[i] * b[i];
  return sum;
}

INLINE void add_scaled(float* to, float factor, const float* from, int64_t width) {
  int64_t i = 0;
  for (; i + LANES <= width; i += LANES) store(to + i, load(to + i) + factor * load(from + i));
  for (; i < width; i++) to[i] += factor * from[i];
}

static int64_t member_of(const patch_attention* work, int64_t row, int64_t symbol) {
  float member = work->members[row * work->symbols + symbol];
  return member >= 0 && member < (float)work->patches ? (int64_t)member : -1;
}

/* The patch, or the one symbol of padding, that begins at a symbol; false where none does. */
static bool patch_at(const patch_attention* work, int64_t row, int64_t symbol, patch* found) {
  found->first = symbol;
  if (work->patch_size > 0) {
    if (symbol % work->patch_size != 0) return false;
    found->number = row * work->patches + symbol / work->patch_size;
    found->behind = symbol + work->patch_size;
    return true;
  }
  int64_t member = member_of(work, row, symbol);
  found->behind = symbol + 1;
  found->number = member < 0 ? -1 : row * work->patches + member;
  if (member < 0) return true;
  if (symbol > 0 && member_of(work, row, symbol - 1) == member) return false;
  while (found->behind < work->symbols && member_of(work, row, found->behind) == member) found->behind++;
  return true;
}

static bool is_real(const patch_attention* work, int64_t row, int64_t symbol) {
  return work->patch_size == 0 || work->members[row * work->symbols + symbol] != 0;
}

/* Softmax of a query over a patch's symbols, padding left out; false where all of them are padding. */
INLINE bool weigh(const patch_attention* work, const patch* one, int64_t row, const float* query, const float* keys, float scale, float* weights) {
  int64_t step = work->heads * work->width;
  int64_t count = one->behind - one->first;
  float largest = -INFINITY;
  for (int64_t s = 0; s < count; s++) {
    weights[s] = is_real(work, row, one->first + s) ? scale * dot(query, keys + s * step, work->width) : -INFINITY;
    largest = weights[s] > largest ? weights[s] : largest;
  }
  bool any = false;
  for (int64_t s = 0; s < count; s++) any |= is_real(work, row, one->first + s);
  if (!any) return false;
  float sum = 0;
  for (int64_t s = 0; s < count; s++) weights[s] = cem_exp(weights[s] - largest);
  for (int64_t s = 0; s < count; s++) sum += weights[s];
  for (int64_t s = 0; s < count; s++) weights[s] /= sum;
  return true;
}

static void forward_patch(const patch_attention* work, int64_t row, const patch* one, float* weights) {
  int64_t step = work->heads * work->width;
  int64_t symbol = (row * work->symbols + one->first) * step;
  float scale = 1 / sqrtf((float)work->width);
  for (int64_t query = 0; query < work->queries; query++) {
    for (int64_t head = 0; head < work->heads; head++) {
      int64_t channel = head * work->width;
      int64_t place = (one->number * work->queries + query) * step + channel;
      float* output = work->output + place;
      memset(output, 0, sizeof(float) * (size_t)work->width);
      if (!weigh(work, one, row, work->query + place, work->key + symbol + channel, scale, weights)) continue;
      for (int64_t s = 0; s < one->behind - one->first; s++)
        if (is_real(work, row, one->first + s)) add_scaled(output, weights[s], work->value + symbol + s * step + channel, work->width);
    }
  }
}

static void backward_patch(const patch_attention* work, int64_t row, const patch* one, float* weights) {
  int64_t step = work->heads * work->width;
  int64_t count = one->behind - one->first;
  int64_t symbol = (row * work->symbols + one->first) * step;
  float scale = 1 / sqrtf((float)work->width);
  float* gradients = weights + work->symbols;
  memset(work->key_gradient + symbol, 0, sizeof(float) * (size_t)(count * step));
  memset(work->value_gradient + symbol, 0, sizeof(float) * (size_t)(count * step));
  if (one->number < 0) return;
  for (int64_t query = 0; query < work->queries; query++) {
    for (int64_t head = 0; head < work->heads; head++) {
      int64_t channel = head * work->width;
      int64_t place = (one->number * work->queries + query) * step + channel;
      const float* asked = work->query + place;
      const float* dy = work->dy + place;
      float* query_gradient = work->query_gradient + place;
      memset(query_gradient, 0, sizeof(float) * (size_t)work->width);
      if (!weigh(work, one, row, asked, work->key + symbol + channel, scale, weights)) continue;
      float mean = 0;
      for (int64_t s = 0; s < count; s++) {
        if (!is_real(work, row, one->first + s)) continue;
        gradients[s] = dot(dy, work->value + symbol + s * step + channel, work->width);
        mean += weights[s] * gradients[s];
      }
      for (int64_t s = 0; s < count; s++) {
        if (!is_real(work, row, one->first + s)) continue;
        int64_t at = symbol + s * step + channel;
        float gradient = scale * weights[s] * (gradients[s] - mean);
        add_scaled(query_gradient, gradient, work->key + at, work->width);
        add_scaled(work->key_gradient + at, gradient, asked, work->width);
        add_scaled(work->value_gradient + at, weights[s], dy, work->width);
      }
    }
  }
}

static void run_patches(void* context, int64_t begin, int64_t end) {
  patch_attention* work = context;
  int64_t blocks = (work->symbols + SYMBOLS - 1) / SYMBOLS;
  float* weights = malloc(2 * sizeof(float) * (size_t)work->symbols);
  if (weights == NULL) {
    atomic_store(&work->failed, true);
    return;
  }
  for (int64_t task = begin; task < end; task++) {
    int64_t row = task / blocks;
    int64_t first = task % blocks * SYMBOLS;
    patch one;
    for (int64_t symbol = first; symbol < work->symbols && symbol < first + SYMBOLS; symbol++) {
      if (!patch_at(work, row, symbol, &one)) continue;
      if (work->output == NULL) backward_patch(work, row, &one, weights);
      else if (one.number >= 0) forward_patch(work, row, &one, weights);
    }
  }
  free(weights);
}

enum { QUERY, KEY, VALUE, MEMBERS, DY };

/* Inputs and attributes that both ops have; false, and the call has failed, where they do not fit. */
static bool read_operands(cem_call* call, cem_tensor* query, cem_tensor* key, patch_attention* work) {
  *query = cem_float_input(call, QUERY);
  *key = cem_float_input(call, KEY);
  cem_tensor value = cem_float_input(call, VALUE);
  cem_tensor members = cem_float_input(call, MEMBERS);
  int64_t heads = cem_integer(call, "heads");
  int64_t patch_size = cem_integer(call, "patch_size");
  if (cem_failed(call)) return false;
  if (query->rank != 3 || key->rank != 3 || value.rank != 3 || members.rank != 2) {
    cem_fail(call, "query, key and value should have 3 dimensions, and members 2");
    return false;
  }
  int64_t batch = key->dims[0], symbols = key->dims[1], channels = key->dims[2];
  bool alike = true;
  for (int i = 0; i < 3; i++) alike &= key->dims[i] == value.dims[i];
  if (!alike || members.dims[0] != batch || members.dims[1] != symbols || query->dims[2] != channels || heads < 1 || channels < 1 || channels % heads != 0) {
    cem_fail(call, "key and value should be [batch, symbols, channels] of one shape, members [batch, symbols], and channels those of query and a multiple of the heads");
    return false;
  }
  if (batch < 1 || query->dims[0] % batch != 0 || patch_size < 0 || (patch_size > 0 && query->dims[0] / batch * patch_size != symbols)) {
    cem_fail(call, "there should be as many patches in every row, got %lld for %lld rows of %lld symbols in patches of %lld", (long long)query->dims[0], (long long)batch, (long long)symbols,
             (long long)patch_size);
    return false;
  }
  *work = (patch_attention){
      .batch = batch,
      .symbols = symbols,
      .patches = query->dims[0] / batch,
      .queries = query->dims[1],
      .heads = heads,
      .width = channels / heads,
      .patch_size = patch_size,
      .query = query->data,
      .key = key->data,
      .value = value.data,
      .members = members.data,
  };
  return true;
}

static void run_all(cem_call* call, patch_attention* work) {
  cem_parallel(work->batch * ((work->symbols + SYMBOLS - 1) / SYMBOLS), 1, run_patches, work);
  if (atomic_load(&work->failed)) cem_fail(call, "no memory for patches of %lld symbols", (long long)work->symbols);
}

static void patch_attention_forward(cem_call* call) {
  cem_tensor query, key;
  patch_attention work;
  if (!read_operands(call, &query, &key, &work)) return;
  cem_tensor output = cem_output_like(call, 0, &query);
  if (cem_failed(call) || output.size == 0) return;
  work.output = output.data;
  /* Patches without a symbol are come by nowhere. */
  if (work.patch_size == 0) memset(work.output, 0, sizeof(float) * (size_t)output.size);
  run_all(call, &work);
}

static void patch_attention_backward(cem_call* call) {
  cem_tensor query, key;
  patch_attention work;
  if (!read_operands(call, &query, &key, &work)) return;
  cem_tensor dy = cem_float_input(call, DY);
  if (cem_failed(call)) return;
  if (dy.size != query.size) {
    cem_fail(call, "the gradient of the output should have its %lld numbers, got %lld", (long long)query.size, (long long)dy.size);
    return;
  }
  cem_tensor query_gradient = cem_output_like(call, 0, &query);
  cem_tensor key_gradient = cem_output_like(call, 1, &key);
  cem_tensor value_gradient = cem_output_like(call, 2, &key);
  if (cem_failed(call) || key.size == 0) return;
  work.dy = dy.data;
  work.query_gradient = query_gradient.data;
  work.key_gradient = key_gradient.data;
  work.value_gradient = value_gradient.data;
  if (work.patch_size == 0 && query.size > 0) memset(work.query_gradient, 0, sizeof(float) * (size_t)query.size);
  run_all(call, &work);
}

CEM_OP(patch_attention, {
  .name = "CemPatchAttention",
  .inputs = {"query: float", "key: float", "value: float", "members: float", NULL},
  .outputs = {"output: float", NULL},
  .attributes = {"heads: int", "patch_size: int", NULL},
  .compute = patch_attention_forward,
})

CEM_OP(patch_attention_gradient, {
  .name = "CemPatchAttentionGradient",
  .inputs = {"query: float", "key: float", "value: float", "members: float", "dy: float", NULL},
  .outputs = {"query_gradient: float", "key_gradient: float", "value_gradient: float", NULL},
  .attributes = {"heads: int", "patch_size: int", NULL},
  .compute = patch_attention_backward,
})
