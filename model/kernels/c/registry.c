/*
 * Registers the declared ops with TensorFlow and gives kernels their tensors; and the entry by which Node loads all of this: `version`, `sources`, `threads`, `ops`, `problem`, and functions over
 * JavaScript's own arrays.
 *
 * The few declarations of TensorFlow's C interface and of Node-API stand here: both are stable as binaries, and TensorFlow's own header of kernels includes files that not every
 * installation has.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cem-kernels.h"

#ifndef CEM_NATIVE_SOURCES
#define CEM_NATIVE_SOURCES ""
#endif

/* ---- TensorFlow (tensorflow/c/ops.h, kernels.h, tf_tensor.h, tf_status.h) ---- */

typedef struct TF_Status TF_Status;
typedef struct TF_Tensor TF_Tensor;
typedef struct TF_OpKernelContext TF_OpKernelContext;
enum { TF_OK = 0, TF_INVALID_ARGUMENT = 3, TF_RESOURCE_EXHAUSTED = 8 };
enum { TF_FLOAT = 1, TF_INT32 = 3 };

extern TF_Status* TF_NewStatus(void);
extern void TF_DeleteStatus(TF_Status* status);
extern void TF_SetStatus(TF_Status* status, int code, const char* message);
extern int TF_GetCode(const TF_Status* status);
extern const char* TF_Message(const TF_Status* status);

extern void* TF_NewOpDefinitionBuilder(const char* name);
extern void TF_OpDefinitionBuilderAddAttr(void* builder, const char* specification);
extern void TF_OpDefinitionBuilderAddInput(void* builder, const char* specification);
extern void TF_OpDefinitionBuilderAddOutput(void* builder, const char* specification);
extern void TF_OpDefinitionBuilderSetShapeInferenceFunction(void* builder, void (*infer)(void* context, TF_Status* status));
extern void TF_ShapeInferenceContextSetUnknownShape(void* context, TF_Status* status);
extern void TF_RegisterOpDefinition(void* builder, TF_Status* status);

extern void* TF_NewKernelBuilder(const char* op, const char* device, void* (*create)(void* construction),
                                 void (*compute)(void* kernel, TF_OpKernelContext* context), void (*destroy)(void* kernel));
extern void TF_RegisterKernelBuilder(const char* name, void* builder, TF_Status* status);

extern void TF_OpKernelConstruction_Failure(void* construction, TF_Status* status);
extern void TF_OpKernelConstruction_GetAttrInt64(void* construction, const char* name, int64_t* value, TF_Status* status);
extern void TF_OpKernelConstruction_GetAttrFloat(void* construction, const char* name, float* value, TF_Status* status);
extern void TF_OpKernelConstruction_GetAttrBool(void* construction, const char* name, unsigned char* value, TF_Status* status);

extern int TF_NumInputs(TF_OpKernelContext* context);
extern void TF_GetInput(TF_OpKernelContext* context, int index, TF_Tensor** tensor, TF_Status* status);
extern TF_Tensor* TF_AllocateOutput(TF_OpKernelContext* context, int index, int type, const int64_t* dims, int rank, size_t bytes,
                                    TF_Status* status);
extern void TF_OpKernelContext_Failure(TF_OpKernelContext* context, TF_Status* status);

extern void TF_DeleteTensor(TF_Tensor* tensor);
extern int TF_TensorType(const TF_Tensor* tensor);
extern int TF_NumDims(const TF_Tensor* tensor);
extern int64_t TF_Dim(const TF_Tensor* tensor, int index);
extern void* TF_TensorData(const TF_Tensor* tensor);

/* ---- Kernels ---- */

enum { MOST_ATTRIBUTES = sizeof(((cem_op*)0)->attributes) / sizeof(char*), NAME_LENGTH = 32, TENSORS_AT_ONCE = 64 };

typedef struct {
  char name[NAME_LENGTH];
  char type; /* i, f or b */
  int64_t integer;
  float number;
} attribute;

/* What TensorFlow keeps for an op with certain attributes. */
typedef struct {
  const cem_op* op;
  int count;
  attribute attributes[MOST_ATTRIBUTES];
} kernel;

/* What is given back after a call. */
typedef struct held {
  struct held* before;
  int count;
  TF_Tensor* tensors[TENSORS_AT_ONCE];
} held;

typedef struct scratch {
  struct scratch* before;
} scratch;

struct cem_call {
  const kernel* kernel;
  TF_OpKernelContext* context;
  TF_Status* status;
  bool failed;
  held* tensors;
  held first;
  scratch* scratches;
};

/* Splits "heads: int >= 1" into the name and the type's first letter; 0 where it is no such thing. */
static char read_attribute(const char* declaration, char name[NAME_LENGTH]) {
  const char* colon = strchr(declaration, ':');
  if (colon == NULL || colon - declaration >= NAME_LENGTH) return 0;
  size_t length = (size_t)(colon - declaration);
  memcpy(name, declaration, length);
  name[length] = '\0';
  const char* type = colon + 1 + strspn(colon + 1, " ");
  return strchr("ifb", *type) == NULL ? 0 : *type;
}

void* cem_create(const cem_op* op, void* construction) {
  kernel* made = calloc(1, sizeof *made);
  TF_Status* status = TF_NewStatus();
  if (made == NULL) {
    TF_SetStatus(status, TF_RESOURCE_EXHAUSTED, "no memory for a kernel");
  } else {
    made->op = op;
    for (; op->attributes[made->count] != NULL && TF_GetCode(status) == TF_OK; made->count++) {
      attribute* value = &made->attributes[made->count];
      value->type = read_attribute(op->attributes[made->count], value->name);
      unsigned char boolean = 0;
      if (value->type == 'i') TF_OpKernelConstruction_GetAttrInt64(construction, value->name, &value->integer, status);
      if (value->type == 'f') TF_OpKernelConstruction_GetAttrFloat(construction, value->name, &value->number, status);
      if (value->type == 'b') TF_OpKernelConstruction_GetAttrBool(construction, value->name, &boolean, status);
      if (value->type == 'b') value->integer = boolean;
    }
  }
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return made;
}

static void destroy(void* made) { free(made); }

static void compute(void* made, TF_OpKernelContext* context) {
  cem_call call = {.kernel = made, .context = context, .status = TF_NewStatus()};
  call.tensors = &call.first;
  call.kernel->op->compute(&call);
  if (call.failed) TF_OpKernelContext_Failure(context, call.status);
  for (held* block = call.tensors; block != NULL;) {
    for (int i = 0; i < block->count; i++) TF_DeleteTensor(block->tensors[i]);
    held* before = block->before;
    if (block != &call.first) free(block);
    block = before;
  }
  for (scratch* block = call.scratches; block != NULL;) {
    scratch* before = block->before;
    free(block);
    block = before;
  }
  TF_DeleteStatus(call.status);
}

void cem_fail(cem_call* call, const char* format, ...) {
  if (call->failed) return;
  call->failed = true;
  char message[512];
  int length = snprintf(message, sizeof message, "%s: ", call->kernel->op->name);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message + length, sizeof message - (size_t)length, format, arguments);
  va_end(arguments);
  TF_SetStatus(call->status, TF_INVALID_ARGUMENT, message);
}

bool cem_failed(const cem_call* call) { return call->failed; }

/* Takes a tensor over until the call ends. */
static cem_tensor hold(cem_call* call, TF_Tensor* tensor, int type) {
  cem_tensor result = {0};
  if (call->tensors->count == TENSORS_AT_ONCE) {
    held* block = calloc(1, sizeof *block);
    if (block == NULL) {
      TF_DeleteTensor(tensor);
      cem_fail(call, "no memory");
      return result;
    }
    block->before = call->tensors;
    call->tensors = block;
  }
  call->tensors->tensors[call->tensors->count++] = tensor;
  if (TF_TensorType(tensor) != type) {
    cem_fail(call, "a tensor should be of TensorFlow's type %d, got %d", type, TF_TensorType(tensor));
    return result;
  }
  result.rank = TF_NumDims(tensor);
  if (result.rank > CEM_MOST_DIMENSIONS) {
    cem_fail(call, "a tensor may have %d dimensions, got %d", CEM_MOST_DIMENSIONS, result.rank);
    return (cem_tensor){0};
  }
  result.size = 1;
  for (int i = 0; i < result.rank; i++) {
    result.dims[i] = TF_Dim(tensor, i);
    result.size *= result.dims[i];
  }
  result.data = result.size == 0 ? NULL : TF_TensorData(tensor);
  return result;
}

int cem_input_count(cem_call* call) { return TF_NumInputs(call->context); }

static cem_tensor input(cem_call* call, int index, int type) {
  if (call->failed) return (cem_tensor){0};
  TF_Tensor* tensor = NULL;
  TF_GetInput(call->context, index, &tensor, call->status);
  if (TF_GetCode(call->status) != TF_OK || tensor == NULL) {
    char reason[256];
    snprintf(reason, sizeof reason, "%s", TF_Message(call->status));
    cem_fail(call, "input %d cannot be read: %s", index, reason);
    return (cem_tensor){0};
  }
  return hold(call, tensor, type);
}

cem_tensor cem_float_input(cem_call* call, int index) { return input(call, index, TF_FLOAT); }

cem_tensor cem_integer_input(cem_call* call, int index) { return input(call, index, TF_INT32); }

cem_tensor cem_float_output(cem_call* call, int index, int rank, const int64_t* dims) {
  if (call->failed) return (cem_tensor){0};
  size_t bytes = sizeof(float);
  for (int i = 0; i < rank; i++) bytes *= (size_t)dims[i];
  TF_Tensor* tensor = TF_AllocateOutput(call->context, index, TF_FLOAT, dims, rank, bytes, call->status);
  if (TF_GetCode(call->status) != TF_OK || tensor == NULL) {
    char reason[256];
    snprintf(reason, sizeof reason, "%s", TF_Message(call->status));
    cem_fail(call, "output %d of %zu bytes cannot be made: %s", index, bytes, reason);
    return (cem_tensor){0};
  }
  return hold(call, tensor, TF_FLOAT);
}

cem_tensor cem_output_like(cem_call* call, int index, const cem_tensor* other) {
  return cem_float_output(call, index, other->rank, other->dims);
}

static const attribute* find(cem_call* call, const char* name, char type) {
  for (int i = 0; i < call->kernel->count; i++) {
    const attribute* candidate = &call->kernel->attributes[i];
    if (candidate->type == type && strcmp(candidate->name, name) == 0) return candidate;
  }
  cem_fail(call, "has no attribute \"%s\" of that type", name);
  return NULL;
}

int64_t cem_integer(cem_call* call, const char* name) {
  const attribute* found = find(call, name, 'i');
  return found == NULL ? 0 : found->integer;
}

float cem_float(cem_call* call, const char* name) {
  const attribute* found = find(call, name, 'f');
  return found == NULL ? 0 : found->number;
}

bool cem_boolean(cem_call* call, const char* name) {
  const attribute* found = find(call, name, 'b');
  return found != NULL && found->integer != 0;
}

float* cem_scratch(cem_call* call, int64_t count) {
  enum { ALIGNMENT = 64 };
  if (call->failed) return NULL;
  /* The numbers stand one cache line behind the link. */
  size_t bytes = ALIGNMENT + ((size_t)count * sizeof(float) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  scratch* block = count < 0 ? NULL : aligned_alloc(ALIGNMENT, bytes);
  if (block == NULL) {
    cem_fail(call, "no memory for %lld numbers", (long long)count);
    return NULL;
  }
  block->before = call->scratches;
  call->scratches = block;
  return (float*)((char*)block + ALIGNMENT);
}

/* ---- Registration ---- */

static cem_op* declared;
static char problem[512];
static pthread_once_t registered = PTHREAD_ONCE_INIT;

void cem_declare(cem_op* op) {
  op->next = declared;
  declared = op;
}

static void infer_nothing(void* context, TF_Status* status) { TF_ShapeInferenceContextSetUnknownShape(context, status); }

static void register_op(const cem_op* op, TF_Status* status) {
  void* definition = TF_NewOpDefinitionBuilder(op->name);
  for (int i = 0; op->attributes[i] != NULL; i++) TF_OpDefinitionBuilderAddAttr(definition, op->attributes[i]);
  for (int i = 0; op->inputs[i] != NULL; i++) TF_OpDefinitionBuilderAddInput(definition, op->inputs[i]);
  for (int i = 0; op->outputs[i] != NULL; i++) TF_OpDefinitionBuilderAddOutput(definition, op->outputs[i]);
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, infer_nothing);
  TF_RegisterOpDefinition(definition, status);
  if (TF_GetCode(status) != TF_OK) return;
  TF_RegisterKernelBuilder(op->name, TF_NewKernelBuilder(op->name, "CPU", op->create, compute, destroy), status);
}

/* The library is compiled for the processor that compiles it: another one may lack instructions. Names one of them, or is NULL. */
static __attribute__((noinline)) const char* missing_instructions(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#ifdef __AVX__
  if (!__builtin_cpu_supports("avx")) return "AVX";
#endif
#ifdef __AVX2__
  if (!__builtin_cpu_supports("avx2")) return "AVX2";
#endif
#ifdef __FMA__
  if (!__builtin_cpu_supports("fma")) return "FMA";
#endif
#ifdef __AVX512F__
  if (!__builtin_cpu_supports("avx512f")) return "AVX-512";
#endif
#ifdef __AVX512VL__
  if (!__builtin_cpu_supports("avx512vl")) return "AVX-512VL";
#endif
#ifdef __AVX512BW__
  if (!__builtin_cpu_supports("avx512bw")) return "AVX-512BW";
#endif
#ifdef __AVX512DQ__
  if (!__builtin_cpu_supports("avx512dq")) return "AVX-512DQ";
#endif
#endif
  return NULL;
}

static void register_all(void) {
  const char* missing = missing_instructions();
  if (missing != NULL) {
    snprintf(problem, sizeof problem, "they are compiled for another processor, this one has no %s", missing);
    return;
  }
  TF_Status* status = TF_NewStatus();
  for (cem_op* op = declared; op != NULL && problem[0] == '\0'; op = op->next) {
    char name[NAME_LENGTH];
    for (int i = 0; op->attributes[i] != NULL; i++) {
      if (read_attribute(op->attributes[i], name) == 0)
        snprintf(problem, sizeof problem, "%s: attribute \"%s\" is none of int, float, bool", op->name, op->attributes[i]);
    }
    if (problem[0] != '\0') break;
    register_op(op, status);
    if (TF_GetCode(status) != TF_OK) snprintf(problem, sizeof problem, "%s: %s", op->name, TF_Message(status));
  }
  TF_DeleteStatus(status);
}

/* ---- Node-API ---- */

extern int napi_create_object(void* environment, void** result);
extern int napi_create_int32(void* environment, int32_t value, void** result);
extern int napi_create_string_utf8(void* environment, const char* text, size_t length, void** result);
extern int napi_set_named_property(void* environment, void* object, const char* name, void* value);

extern int napi_create_function(void* environment, const char* name, size_t length, void* (*callback)(void* environment, void* information),
                                void* data, void** result);
extern int napi_get_cb_info(void* environment, void* information, size_t* count, void** arguments, void** receiver, void** data);
extern int napi_get_typedarray_info(void* environment, void* array, int* type, size_t* length, void** data, void** buffer, size_t* offset);
extern int napi_get_value_double(void* environment, void* value, double* result);
extern int napi_throw_error(void* environment, const char* code, const char* message);
enum { NAPI_INT32_ARRAY = 5, NAPI_FLOAT32_ARRAY = 7, MOST_ARGUMENTS = 64 };

struct cem_host_call {
  void* environment;
  const cem_host_function* function;
  int count;
  void* arguments[MOST_ARGUMENTS];
  bool failed;
  char message[256];
};

static cem_host_function* host_functions;

void cem_declare_host_function(cem_host_function* function) {
  function->next = host_functions;
  host_functions = function;
}

void cem_host_fail(cem_host_call* call, const char* format, ...) {
  if (call->failed) return;
  call->failed = true;
  int length = snprintf(call->message, sizeof call->message, "%s: ", call->function->name);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(call->message + length, sizeof call->message - (size_t)length, format, arguments);
  va_end(arguments);
}

int cem_host_count(const cem_host_call* call) { return call->count; }

bool cem_host_failed(const cem_host_call* call) { return call->failed; }

static void* array_argument(cem_host_call* call, int index, int64_t* length, int wanted, const char* name) {
  int type = -1;
  size_t count = 0;
  void* data = NULL;
  *length = 0;
  if (napi_get_typedarray_info(call->environment, call->arguments[index], &type, &count, &data, NULL, NULL) != 0 || type != wanted) {
    cem_host_fail(call, "argument %d should be a %s", index, name);
    return NULL;
  }
  *length = (int64_t)count;
  return data;
}

float* cem_host_floats(cem_host_call* call, int index, int64_t* length) {
  return array_argument(call, index, length, NAPI_FLOAT32_ARRAY, "Float32Array");
}

int32_t* cem_host_integers(cem_host_call* call, int index, int64_t* length) {
  return array_argument(call, index, length, NAPI_INT32_ARRAY, "Int32Array");
}

double cem_host_number(cem_host_call* call, int index) {
  double value = 0;
  if (napi_get_value_double(call->environment, call->arguments[index], &value) != 0) cem_host_fail(call, "argument %d should be a number", index);
  return value;
}

static void* run_host_function(void* environment, void* information) {
  cem_host_call call = {.environment = environment};
  size_t count = MOST_ARGUMENTS;
  void* data = NULL;
  if (napi_get_cb_info(environment, information, &count, call.arguments, NULL, &data) != 0 || data == NULL) return NULL;
  call.function = data;
  call.count = (int)count;
  if (call.count < call.function->arguments || call.count > MOST_ARGUMENTS)
    cem_host_fail(&call, "%d to %d arguments are wanted, got %d", call.function->arguments, MOST_ARGUMENTS, call.count);
  else call.function->run(&call);
  if (call.failed) napi_throw_error(environment, NULL, call.message);
  return NULL;
}

static void export_text(void* environment, void* object, const char* name, const char* text) {
  void* value;
  if (napi_create_string_utf8(environment, text, (size_t)-1, &value) == 0) napi_set_named_property(environment, object, name, value);
}

static void export_number(void* environment, void* object, const char* name, int32_t number) {
  void* value;
  if (napi_create_int32(environment, number, &value) == 0) napi_set_named_property(environment, object, name, value);
}

/* Once an environment; the ops are the process's and are registered once. */
__attribute__((visibility("default"))) void* napi_register_module_v1(void* environment, void* exports) {
  pthread_once(&registered, register_all);
  export_number(environment, exports, "version", CEM_NATIVE_VERSION);
  export_text(environment, exports, "sources", CEM_NATIVE_SOURCES);
  export_text(environment, exports, "problem", problem);
  export_number(environment, exports, "threads", cem_thread_count());
  void* ops;
  if (napi_create_object(environment, &ops) != 0) return exports;
  for (const cem_op* op = declared; op != NULL; op = op->next) {
    char attributes[1024] = "";
    size_t length = 0;
    for (int i = 0; op->attributes[i] != NULL && length < sizeof attributes; i++)
      length += (size_t)snprintf(attributes + length, sizeof attributes - length, "%s%s", i == 0 ? "" : "\n", op->attributes[i]);
    export_text(environment, ops, op->name, attributes);
  }
  napi_set_named_property(environment, exports, "ops", ops);
  for (cem_host_function* function = host_functions; function != NULL; function = function->next) {
    void* value;
    if (napi_create_function(environment, function->name, (size_t)-1, run_host_function, function, &value) == 0)
      napi_set_named_property(environment, exports, function->name, value);
  }
  return exports;
}
