/*
 * Runs the declared ops on tensors of the wasm backend, whose memory this module shares: it is a position-independent module that is put into a piece of that memory
 * (model/kernels/wasm/wasm-library.ts). Compiled with atomics it is the module of a helping thread, whose memory holds copies of tensors (model/kernels/wasm/wasm-threads.ts).
 */
#include <stdarg.h>

#include "../cem-kernels.h"
#include "matrix-product.h"

/* ---- Imported from JavaScript ---- */

/* Makes an output of the running call; where its numbers lie. `dims` are int32. */
extern float* make_output(int index, int rank, const int32_t* dims);
/* Memory for the running call, given back after it; NULL where there is none. */
extern void* make_scratch(int32_t bytes);
/* The running call has failed: a format with %d, %lld, %s and %zu, and its values as C passes them. */
extern void fail(const char* format, const void* values);

/* ---- Calls ---- */

/* As JavaScript writes it. */
typedef struct {
  void* data;
  int32_t rank;
  int32_t dims[CEM_MOST_DIMENSIONS];
} given_input;

struct cem_call {
  const cem_op* op;
  const given_input* inputs;
  int32_t input_count;
  const double* attributes;
  float* const* outputs; /* NULL: JavaScript makes them */
  bool failed;
};

#define EXPORT __attribute__((visibility("default")))

int cem_input_count(cem_call* call) { return call->input_count; }

cem_tensor cem_float_input(cem_call* call, int index) {
  cem_tensor tensor = {0};
  if (call->failed) return tensor;
  if (index >= call->input_count) {
    cem_fail(call, "input %d is missing", index);
    return tensor;
  }
  const given_input* given = &call->inputs[index];
  tensor.rank = given->rank;
  tensor.size = 1;
  for (int i = 0; i < given->rank; i++) {
    tensor.dims[i] = given->dims[i];
    tensor.size *= given->dims[i];
  }
  tensor.data = tensor.size == 0 ? NULL : given->data;
  return tensor;
}

cem_tensor cem_float_output(cem_call* call, int index, int rank, const int64_t* dims) {
  cem_tensor tensor = {.rank = rank, .size = 1};
  if (call->failed) return (cem_tensor){0};
  int32_t sizes[CEM_MOST_DIMENSIONS];
  for (int i = 0; i < rank; i++) {
    sizes[i] = (int32_t)dims[i];
    tensor.dims[i] = dims[i];
    tensor.size *= dims[i];
  }
  float* data = call->outputs != NULL ? call->outputs[index] : make_output(index, rank, sizes);
  tensor.data = tensor.size == 0 ? NULL : data;
  return tensor;
}

cem_tensor cem_output_like(cem_call* call, int index, const cem_tensor* other) {
  return cem_float_output(call, index, other->rank, other->dims);
}

/* Whether a declaration ("heads: int >= 1") is of that name and type. */
static bool declares(const char* declaration, const char* name, char type) {
  for (; *name != '\0'; name++, declaration++)
    if (*declaration != *name) return false;
  if (*declaration++ != ':') return false;
  while (*declaration == ' ') declaration++;
  return *declaration == type;
}

static double attribute(cem_call* call, const char* name, char type) {
  for (int i = 0; call->op->attributes[i] != NULL; i++)
    if (declares(call->op->attributes[i], name, type)) return call->attributes[i];
  cem_fail(call, "has no attribute \"%s\" of that type", name);
  return 0;
}

int64_t cem_integer(cem_call* call, const char* name) { return (int64_t)attribute(call, name, 'i'); }
float cem_float(cem_call* call, const char* name) { return (float)attribute(call, name, 'f'); }
bool cem_boolean(cem_call* call, const char* name) { return attribute(call, name, 'b') != 0; }

float* cem_scratch(cem_call* call, int64_t count) {
  if (call->failed) return NULL;
  int64_t bytes = count * (int64_t)sizeof(float);
  float* memory = count < 0 || bytes > INT32_MAX ? NULL : make_scratch((int32_t)bytes);
  if (memory == NULL) cem_fail(call, "no memory for %lld numbers", (long long)count);
  return memory;
}

void cem_fail(cem_call* call, const char* format, ...) {
  if (call->failed) return;
  call->failed = true;
  va_list values;
  va_start(values, format);
  fail(format, values);
  va_end(values);
}

bool cem_failed(const cem_call* call) { return call->failed; }

/* ---- Ops ---- */

static const cem_op* declared;

void cem_declare(cem_op* op) {
  op->next = (cem_op*)declared;
  declared = op;
}

/* Ops are not made for certain attributes here. */
void* cem_create(const cem_op* op, void* construction) {
  (void)op;
  (void)construction;
  return NULL;
}

EXPORT const cem_op* first_op(void) { return declared; }
EXPORT const cem_op* next_op(const cem_op* op) { return op->next; }
EXPORT const char* op_name(const cem_op* op) { return op->name; }
/* NULL behind the last one. */
EXPORT const char* op_attribute(const cem_op* op, int index) { return op->attributes[index]; }
/* Hash of what this was compiled from. */
EXPORT const char* kernel_sources(void) { return CEM_KERNEL_SOURCES; }

/* `attributes` are as many as the op declares, in their order; `outputs` are NULL where they are to be made. Whether it went well. */
EXPORT bool run_op(const cem_op* op, const given_input* inputs, int32_t input_count, const double* attributes, float* const* outputs) {
  cem_call call = {.op = op, .inputs = inputs, .input_count = input_count, .attributes = attributes, .outputs = outputs};
  op->compute(&call);
  return !call.failed;
}

/* ---- Threads: a call has one; others have calls of their own ---- */

int cem_thread_count(void) { return 1; }

void cem_parallel(int64_t count, int64_t grain, cem_range body, void* context) {
  (void)grain;
  if (count > 0) body(context, 0, count);
}

#ifdef __wasm_atomics__

/* What a helping thread is to do: an op, or a product where `op` is negative. Written by JavaScript, the number last. */
typedef struct {
  int32_t number; /* of the job, which the thread waits for; 0: none yet */
  int32_t done;   /* number of the last one that is done; -1: the thread has not begun */
  int32_t failed;
  int32_t op; /* its place in the list of ops */
  const given_input* inputs;
  int32_t input_count;
  const double* attributes;
  float* const* outputs;
  matrix_product_operands product;
} job;

static bool run_job(const job* work) {
  if (work->op < 0) {
    cem_matrix_product(&work->product);
    return true;
  }
  const cem_op* op = declared;
  for (int32_t place = 0; place < work->op; place++) op = op->next;
  return run_op(op, work->inputs, work->input_count, work->attributes, work->outputs);
}

/* A thread's life, from the job behind `seen` on. */
EXPORT void serve(job* work, int32_t seen) {
  for (;;) {
    __atomic_store_n(&work->done, seen, __ATOMIC_SEQ_CST);
    __builtin_wasm_memory_atomic_notify(&work->done, 1);
    while (__atomic_load_n(&work->number, __ATOMIC_SEQ_CST) == seen) __builtin_wasm_memory_atomic_wait32(&work->number, seen, -1);
    seen = __atomic_load_n(&work->number, __ATOMIC_SEQ_CST);
    work->failed = !run_job(work);
  }
}

#endif
