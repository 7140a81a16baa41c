/*
 * What every kernel file uses: ranges on all threads, tensors of a call, and the declaration of an op.
 *
 * A kernel file defines compute functions and declares each op once by CEM_OP; nothing else has to be told of it. The op can then be run by its name
 * (model/kernels/compiled/compiled-kernels.ts). Results must not depend on the number of threads: partition by blocks of fixed size, add partial results in their order.
 */
#ifndef CEM_KERNELS_H
#define CEM_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The interface between these sources and TypeScript: NATIVE_KERNELS_VERSION in native-library.ts is the same. Raise both when an op changes its inputs, outputs, attributes or meaning. */
#define CEM_NATIVE_VERSION 2

/* ---- threads.c ---- */

/* body(context, begin, end) over disjoint ranges that cover 0..count, each a multiple of grain long but the last, on all threads; returns when all are done. */
typedef void (*cem_range)(void* context, int64_t begin, int64_t end);

/* Ranges come in no order and of no fixed length (but multiples of grain): what must not depend on threads goes by fixed blocks, of which a range holds whole ones when grain is a block.
 * A body may call cem_parallel itself: it then runs on its own thread. */
void cem_parallel(int64_t count, int64_t grain, cem_range body, void* context);

/* How many threads cem_parallel uses: TF_NUM_INTRAOP_THREADS or CEM_THREADS, else as many as the process may run on. Read once. */
int cem_thread_count(void);

/* ---- registry.c ---- */

enum { CEM_MOST_DIMENSIONS = 8 };

/* One run of an op. */
typedef struct cem_call cem_call;

/* A tensor: its numbers in row-major order. `data` is NULL where it has no numbers (size 0) and where it could not be had (the call has failed then). */
typedef struct {
  void* data;
  int64_t size; /* numbers */
  int rank;
  int64_t dims[CEM_MOST_DIMENSIONS];
} cem_tensor;

/* Inputs count through: an input that is a list ("N * float") counts as N. */
int cem_input_count(cem_call* call);
/* An input of float32. It belongs to the backend and may be shared: only an op that is told to may write into it. */
cem_tensor cem_float_input(cem_call* call, int index);
/* An input of int32. */
cem_tensor cem_integer_input(cem_call* call, int index);

/* Makes an output of float32, whose numbers are not set. */
cem_tensor cem_float_output(cem_call* call, int index, int rank, const int64_t* dims);
/* The same with the shape of another tensor. */
cem_tensor cem_output_like(cem_call* call, int index, const cem_tensor* other);

/* Attributes as declared. They are for what stays the same through a run (TensorFlow keeps one kernel for each set of values): numbers that change are inputs. */
int64_t cem_integer(cem_call* call, const char* name);
float cem_float(cem_call* call, const char* name);
bool cem_boolean(cem_call* call, const char* name);

/* Memory for `count` floats, 64-byte aligned, not set, given back after the call. NULL, and the call has failed, where there is none. */
float* cem_scratch(cem_call* call, int64_t count);

/* Ends the call with an error that JavaScript throws; the first one counts. compute returns after it. */
void cem_fail(cem_call* call, const char* format, ...) __attribute__((format(printf, 2, 3)));
/* Whether the call has failed: to be asked once after all inputs and outputs were taken, before their numbers are touched. */
bool cem_failed(const cem_call* call);

/* An op. Lists end by NULL and are in TensorFlow's words: "query: float", "starts: int32", "weights: N * float" (with the attribute "N: int >= 1");
 * attributes "heads: int", "scale: float", "causal: bool". */
typedef struct cem_op {
  const char* name; /* begins with Cem */
  const char* inputs[24];
  const char* outputs[24];
  const char* attributes[16];
  void (*compute)(cem_call* call);
  /* registry.c's */
  void* (*create)(void* construction);
  struct cem_op* next;
} cem_op;

void cem_declare(cem_op* op);
void* cem_create(const cem_op* op, void* construction);

/* ---- Functions for JavaScript's own arrays, outside of TensorFlow ---- */

/* One call from JavaScript. */
typedef struct cem_host_call cem_host_call;

/* The numbers of an argument that is a Float32Array or an Int32Array; an error is thrown in JavaScript, and the call has failed, where it is something else. */
float* cem_host_floats(cem_host_call* call, int index, int64_t* length);
int32_t* cem_host_integers(cem_host_call* call, int index, int64_t* length);
/* How many arguments there are. */
int cem_host_count(const cem_host_call* call);
/* An argument that is a number. */
double cem_host_number(cem_host_call* call, int index);
/* Throws an error in JavaScript once the function has returned; the first one counts. */
void cem_host_fail(cem_host_call* call, const char* format, ...) __attribute__((format(printf, 2, 3)));
bool cem_host_failed(const cem_host_call* call);

typedef struct cem_host_function {
  const char* name;
  int arguments;
  void (*run)(cem_host_call* call);
  /* registry.c's */
  struct cem_host_function* next;
} cem_host_function;

void cem_declare_host_function(cem_host_function* function);

/* Like CEM_OP: CEM_HOST_FUNCTION(adam_rows, {.name = "adamRows", .arguments = 7, .run = adam_rows}); a function may be given more arguments than it names. */
#define CEM_HOST_FUNCTION(identifier, ...)                                       \
  static cem_host_function cem_host_##identifier = __VA_ARGS__;                  \
  __attribute__((constructor)) static void cem_declare_host_##identifier(void) { \
    cem_declare_host_function(&cem_host_##identifier);                           \
  }

/* ---- Declarations of ops ---- */

/*
 * CEM_OP(sum_of_squares, {
 *   .name = "CemSumOfSquares",
 *   .inputs = {"values: N * float", NULL},
 *   .outputs = {"sum: float", NULL},
 *   .attributes = {"N: int >= 1", NULL},
 *   .compute = sum_of_squares,
 * })
 */
#define CEM_OP(identifier, ...)                                                  \
  static cem_op cem_op_##identifier = __VA_ARGS__;                               \
  static void* cem_create_##identifier(void* construction) {                     \
    return cem_create(&cem_op_##identifier, construction);                       \
  }                                                                              \
  __attribute__((constructor)) static void cem_declare_##identifier(void) {      \
    cem_op_##identifier.create = cem_create_##identifier;                        \
    cem_declare(&cem_op_##identifier);                                           \
  }

#endif
