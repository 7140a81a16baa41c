/*
 * XLA's plugin interface (PJRT) for Node: each function here is one call of a plugin, or a few that belong together. What to call, with what, and when a handle is dead is decided in
 * model/backend/xla/pjrt/; nothing here checks a handle.
 *
 * A handle is the plugin's pointer as a number (pointers of a process have at most 52 bits, numbers are exact up to 53), so that the hundreds of handles of one call lie in one Float64Array.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node-api.h"
#include "plugin.h"

/*
 * Signals wait while a plugin computes on this thread, and the threads that it makes meanwhile never see any: oneDNN, which a plugin may hold, lets the stack pointer of some products point
 * into the heap (process.c). All but those that an instruction of the thread itself raises.
 */
static void hold_signals(sigset_t* before) {
  static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
  sigset_t held;
  sigfillset(&held);
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&held, own[i]);
  pthread_sigmask(SIG_BLOCK, &held, before);
}

static void* call(const Api* api, int place, void* arguments) {
  sigset_t before;
  hold_signals(&before);
  void* error = function_of(api, place)(arguments);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return error;
}

/* ---- Values ---- */

static napi_value number_of(napi_env env, double number) {
  napi_value value = NULL;
  napi_create_double(env, number, &value);
  return value;
}

static napi_value handle_of(napi_env env, const void* pointer) {
  return number_of(env, (double)(uintptr_t)pointer);
}

static napi_value text_of(napi_env env, const char* text, size_t length) {
  napi_value value = NULL;
  napi_create_string_utf8(env, text ? text : "", text ? length : 0, &value);
  return value;
}

static double get_number(napi_env env, napi_value value) {
  double number = 0;
  napi_get_value_double(env, value, &number);
  return number;
}

static void* get_handle(napi_env env, napi_value value) {
  return (void*)(uintptr_t)get_number(env, value);
}

/* The elements of a typed array, and how many they are; no elements for another value. */
static void* get_elements(napi_env env, napi_value value, size_t* length) {
  void* data = NULL;
  *length = 0;
  if (napi_get_typedarray_info(env, value, NULL, length, &data, NULL, NULL) != NAPI_OK) return NULL;
  return data;
}

/* An Error with the message, and in `code` the plugin's number of its kind. */
static napi_value error_of(napi_env env, const char* message, size_t length, int code) {
  char digits[16];
  int count = snprintf(digits, sizeof digits, "%d", code);
  napi_value error = NULL;
  napi_create_error(env, text_of(env, digits, (size_t)count), text_of(env, message, length), &error);
  return error;
}

/* Takes a plugin's error apart and destroys it. */
static napi_value take_error(napi_env env, const Api* api, void* error) {
  ARGUMENTS(message, void* error; const char* text; size_t length;);
  message.error = error;
  function_of(api, ERROR_MESSAGE)(&message);
  ARGUMENTS(code, void* error; int number;);
  code.error = error;
  function_of(api, ERROR_CODE)(&code);
  napi_value taken = error_of(env, message.text, message.length, code.number);
  ARGUMENTS(destroy, void* error;);
  destroy.error = error;
  function_of(api, ERROR_DESTROY)(&destroy);
  return taken;
}

/* Whether a call failed; then its error is thrown. */
static bool failed(napi_env env, const Api* api, void* error) {
  if (error == NULL) return false;
  napi_throw(env, take_error(env, api, error));
  return true;
}

/* A call that takes one handle and gives nothing. */
static void* call_with(const Api* api, int place, void* handle) {
  ARGUMENTS(arguments, void* handle;);
  arguments.handle = handle;
  return call(api, place, &arguments);
}

#define MAX_PARAMETERS 8

/* The parameters of the call from JavaScript; the first is always the plugin's table. */
static const Api* get_parameters(napi_env env, napi_callback_info info, napi_value* parameters) {
  size_t count = MAX_PARAMETERS;
  napi_get_cb_info(env, info, &count, parameters, NULL, NULL);
  return get_handle(env, parameters[0]);
}

/* ---- Plugin and client ---- */

/* open(path): [table, major, minor] */
static napi_value open_plugin(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS];
  size_t count = MAX_PARAMETERS;
  napi_get_cb_info(env, info, &count, parameters, NULL, NULL);
  char path[4096] = "";
  napi_get_value_string_utf8(env, parameters[0], path, sizeof path, NULL);
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  /* Never closed: what a plugin has started goes on until the process ends. */
  void* library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  void* symbol = library ? dlsym(library, "GetPjrtApi") : NULL;
  if (symbol == NULL) {
    const char* reason = dlerror();
    if (reason == NULL) reason = "no GetPjrtApi in it";
    napi_throw(env, error_of(env, reason, strlen(reason), -1));
    return NULL;
  }
  const Api* api = ((const Api* (*)(void))symbol)();
  if (api->size < (EXECUTABLE_OUTPUT_DIMENSIONS + 1) * sizeof(Function)) {
    static const char reason[] = "its table of functions is too short";
    napi_throw(env, error_of(env, reason, sizeof reason - 1, -1));
    return NULL;
  }
  ARGUMENTS(initialize, );
  if (failed(env, api, call(api, PLUGIN_INITIALIZE, &initialize))) return NULL;
  napi_value result;
  napi_create_array_with_length(env, 3, &result);
  napi_set_element(env, result, 0, handle_of(env, api));
  napi_set_element(env, result, 1, number_of(env, api->version.major));
  napi_set_element(env, result, 2, number_of(env, api->version.minor));
  return result;
}

enum { OPTION_TEXT = 0, OPTION_INTEGER = 1, OPTION_FLOAT = 3, OPTION_BOOLEAN = 4 };

/* An option of a client as the plugin takes it: a list of these lies without gaps. */
typedef struct {
  size_t size;
  void* extensions;
  const char* name;
  size_t name_length;
  int type;
  union {
    const char* text;
    int64_t integer;
    float number;
    bool boolean;
  };
  size_t value_length;
} Option;

#define MAX_OPTIONS 16
#define OPTION_BYTES 1024

/* createClient(table, [name, type, value, name, type, value, …]): client */
static napi_value create_client(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS];
  const Api* api = get_parameters(env, info, parameters);
  Option options[MAX_OPTIONS] = {0};
  char names[MAX_OPTIONS][64], texts[MAX_OPTIONS][OPTION_BYTES];
  uint32_t length = 0;
  napi_get_array_length(env, parameters[1], &length);
  uint32_t count = length / 3 < MAX_OPTIONS ? length / 3 : MAX_OPTIONS;
  for (uint32_t i = 0; i < count; i++) {
    Option* option = options + i;
    napi_value name, type, value;
    napi_get_element(env, parameters[1], 3 * i, &name);
    napi_get_element(env, parameters[1], 3 * i + 1, &type);
    napi_get_element(env, parameters[1], 3 * i + 2, &value);
    option->size = sizeof *option;
    napi_get_value_string_utf8(env, name, names[i], sizeof names[i], &option->name_length);
    option->name = names[i];
    option->type = (int)get_number(env, type);
    option->value_length = 1;
    if (option->type == OPTION_TEXT) {
      napi_get_value_string_utf8(env, value, texts[i], OPTION_BYTES, &option->value_length);
      option->text = texts[i];
    } else if (option->type == OPTION_INTEGER) {
      option->integer = (int64_t)get_number(env, value);
    } else if (option->type == OPTION_FLOAT) {
      option->number = (float)get_number(env, value);
    } else {
      napi_get_value_bool(env, value, &option->boolean);
    }
  }
  ARGUMENTS(create, const Option* options; size_t option_count; void* get; void* get_argument; void* put; void* put_argument; void* client;);
  create.options = options;
  create.option_count = count;
  if (failed(env, api, call(api, CLIENT_CREATE, &create))) return NULL;
  return handle_of(env, create.client);
}

/* A call that gives a text of one handle. */
static napi_value text_from(napi_env env, const Api* api, int place, void* handle) {
  ARGUMENTS(text, void* handle; const char* data; size_t length;);
  text.handle = handle;
  if (failed(env, api, call(api, place, &text))) return NULL;
  return text_of(env, text.data, text.length);
}

/* describeClient(table, client): [platform, version of the platform, then handle, id, kind and description of each device] */
static napi_value describe_client(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS], result;
  const Api* api = get_parameters(env, info, parameters);
  void* client = get_handle(env, parameters[1]);
  ARGUMENTS(devices, void* client; void* const* list; size_t count;);
  devices.client = client;
  if (failed(env, api, call(api, CLIENT_DEVICES, &devices))) return NULL;
  napi_create_array_with_length(env, 2 + 4 * devices.count, &result);
  uint32_t next = 0;
  napi_set_element(env, result, next++, text_from(env, api, CLIENT_PLATFORM_NAME, client));
  napi_set_element(env, result, next++, text_from(env, api, CLIENT_PLATFORM_VERSION, client));
  for (size_t i = 0; i < devices.count; i++) {
    ARGUMENTS(description, void* device; void* handle;);
    description.device = devices.list[i];
    if (failed(env, api, call(api, DEVICE_DESCRIPTION, &description))) return NULL;
    ARGUMENTS(id, void* description; int number;);
    id.description = description.handle;
    if (failed(env, api, call(api, DESCRIPTION_ID, &id))) return NULL;
    napi_set_element(env, result, next++, handle_of(env, devices.list[i]));
    napi_set_element(env, result, next++, number_of(env, id.number));
    napi_set_element(env, result, next++, text_from(env, api, DESCRIPTION_KIND, description.handle));
    napi_set_element(env, result, next++, text_from(env, api, DESCRIPTION_TEXT, description.handle));
  }
  return result;
}

/* deviceMemory(table, device): [bytes in use, limit or -1]; throws where the plugin does not say */
static napi_value device_memory(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS], result;
  const Api* api = get_parameters(env, info, parameters);
  ARGUMENTS(memory, void* device; int64_t used; int64_t peak; bool peak_is_set; int64_t allocations; bool allocations_is_set;
            int64_t largest; bool largest_is_set; int64_t limit; bool limit_is_set;);
  memory.device = get_handle(env, parameters[1]);
  if (failed(env, api, call(api, DEVICE_MEMORY, &memory))) return NULL;
  napi_create_array_with_length(env, 2, &result);
  napi_set_element(env, result, 0, number_of(env, (double)memory.used));
  napi_set_element(env, result, 1, number_of(env, memory.limit_is_set ? (double)memory.limit : -1));
  return result;
}

/* ---- Programs ---- */

/* compile(table, client, text of the program as bytes, options as bytes): loaded executable */
static napi_value compile(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS];
  const Api* api = get_parameters(env, info, parameters);
  ARGUMENTS(program, const char* code; size_t code_length; const char* format; size_t format_length;);
  program.code = get_elements(env, parameters[2], &program.code_length);
  program.format = "mlir";
  program.format_length = 4;
  ARGUMENTS(arguments, void* client; void* program; const char* options; size_t options_length; void* executable;);
  arguments.client = get_handle(env, parameters[1]);
  arguments.program = &program;
  arguments.options = get_elements(env, parameters[3], &arguments.options_length);
  if (failed(env, api, call(api, CLIENT_COMPILE, &arguments))) return NULL;
  return handle_of(env, arguments.executable);
}

/* load(table, client, bytes of a serialized executable): loaded executable */
static napi_value load(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS];
  const Api* api = get_parameters(env, info, parameters);
  ARGUMENTS(arguments, void* client; const char* data; size_t length; void* executable;);
  arguments.client = get_handle(env, parameters[1]);
  arguments.data = get_elements(env, parameters[2], &arguments.length);
  if (failed(env, api, call(api, EXECUTABLE_LOAD, &arguments))) return NULL;
  return handle_of(env, arguments.executable);
}

/* The executable of a loaded one, to be destroyed on its own; NULL where an error is thrown. */
static void* executable_of(napi_env env, const Api* api, napi_value loaded) {
  ARGUMENTS(arguments, void* loaded; void* executable;);
  arguments.loaded = get_handle(env, loaded);
  if (failed(env, api, call(api, LOADED_EXECUTABLE, &arguments))) return NULL;
  return arguments.executable;
}

/* serialize(table, loaded executable): Buffer */
static napi_value serialize(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS], result = NULL;
  const Api* api = get_parameters(env, info, parameters);
  void* executable = executable_of(env, api, parameters[1]);
  if (executable == NULL) return NULL;
  ARGUMENTS(arguments, const void* executable; const char* data; size_t length; void* owner; void (*release)(void* owner););
  arguments.executable = executable;
  void* error = call(api, EXECUTABLE_SERIALIZE, &arguments);
  if (!failed(env, api, error)) {
    napi_create_buffer_copy(env, arguments.length, arguments.data, NULL, &result);
    arguments.release(arguments.owner);
  }
  call_with(api, EXECUTABLE_DESTROY, executable);
  return result;
}

/* outputs(table, loaded executable): [type, number of dimensions, dimensions…] of each output, one after the other */
static napi_value outputs(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS], result = NULL;
  const Api* api = get_parameters(env, info, parameters);
  void* executable = executable_of(env, api, parameters[1]);
  if (executable == NULL) return NULL;
  ARGUMENTS(types, void* executable; const int* list; size_t count;);
  ARGUMENTS(dimensions, void* executable; size_t count; const int64_t* list; const size_t* counts;);
  types.executable = dimensions.executable = executable;
  if (!failed(env, api, call(api, EXECUTABLE_OUTPUT_TYPES, &types)) && !failed(env, api, call(api, EXECUTABLE_OUTPUT_DIMENSIONS, &dimensions))) {
    napi_create_array_with_length(env, 0, &result);
    const int64_t* dimension = dimensions.list;
    uint32_t next = 0;
    for (size_t i = 0; i < types.count; i++) {
      napi_set_element(env, result, next++, number_of(env, types.list[i]));
      napi_set_element(env, result, next++, number_of(env, (double)dimensions.counts[i]));
      for (size_t j = 0; j < dimensions.counts[i]; j++) napi_set_element(env, result, next++, number_of(env, (double)*dimension++));
    }
  }
  call_with(api, EXECUTABLE_DESTROY, executable);
  return result;
}

/*
 * execute(table, loaded executable, number of devices, inputs, outputs, consumed): with the handles of the inputs of each device, device after device; fills in those of the outputs in the
 * same order, and 1 in `consumed` for each input whose memory the plugin has taken (also where it throws).
 */
static napi_value execute(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS];
  const Api* api = get_parameters(env, info, parameters);
  size_t devices = (size_t)get_number(env, parameters[2]), input_count, output_count, consumed_count;
  const double* inputs = get_elements(env, parameters[3], &input_count);
  double* output_handles = get_elements(env, parameters[4], &output_count);
  unsigned char* consumed = get_elements(env, parameters[5], &consumed_count);
  void** buffers = calloc(input_count + output_count + 2 * devices + 1, sizeof(void*));
  void** results = buffers + input_count;
  void** lists = results + output_count;
  for (size_t i = 0; i < input_count; i++) buffers[i] = (void*)(uintptr_t)inputs[i];
  for (size_t i = 0; i < devices; i++) {
    lists[i] = buffers + i * (input_count / devices);
    lists[devices + i] = results + i * (output_count / devices);
  }
  ARGUMENTS(options, void* send; void* receive; size_t sends; size_t receives; int launch_id;);
  ARGUMENTS(arguments, void* executable; void* options; void* const* inputs; size_t devices; size_t input_count; void* const* outputs; void** events;
            void* device;);
  arguments.executable = get_handle(env, parameters[1]);
  arguments.options = &options;
  arguments.inputs = lists;
  arguments.devices = devices;
  arguments.input_count = input_count / devices;
  arguments.outputs = lists + devices;
  void* error = call(api, LOADED_EXECUTE, &arguments);
  for (size_t i = 0; i < input_count; i++) {
    ARGUMENTS(deleted, void* buffer; bool answer;);
    deleted.buffer = buffers[i];
    void* problem = function_of(api, BUFFER_IS_DELETED)(&deleted);
    if (problem) take_error(env, api, problem);
    consumed[i] = problem == NULL && deleted.answer;
  }
  if (error == NULL)
    for (size_t i = 0; i < output_count; i++) output_handles[i] = (double)(uintptr_t)results[i];
  free(buffers);
  failed(env, api, error);
  return NULL;
}

/* ---- Buffers ---- */

enum { MAX_DIMENSIONS = 16 };

/* upload(table, client, device, data, type, dimensions as a Float64Array): buffer; the data may change afterwards */
static napi_value upload(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS];
  const Api* api = get_parameters(env, info, parameters);
  int64_t dimensions[MAX_DIMENSIONS];
  size_t length, rank;
  const double* shape = get_elements(env, parameters[5], &rank);
  if (rank > MAX_DIMENSIONS) rank = MAX_DIMENSIONS;
  for (size_t i = 0; i < rank; i++) dimensions[i] = (int64_t)shape[i];
  ARGUMENTS(arguments, void* client; const void* data; int type; const int64_t* dimensions; size_t rank; const int64_t* strides; size_t stride_count;
            int semantics; void* device; void* memory; void* layout; void* done; void* buffer;);
  arguments.client = get_handle(env, parameters[1]);
  arguments.data = get_elements(env, parameters[3], &length);
  arguments.type = (int)get_number(env, parameters[4]);
  arguments.dimensions = dimensions;
  arguments.rank = rank;
  arguments.semantics = 0; /* the data is read during this call only */
  arguments.device = get_handle(env, parameters[2]);
  if (failed(env, api, call(api, CLIENT_UPLOAD, &arguments))) return NULL;
  if (arguments.done) call_with(api, EVENT_DESTROY, arguments.done);
  return handle_of(env, arguments.buffer);
}

/* Starts to copy a buffer of so many dimensions to bytes of ours, its last dimension the closest, however the device lays it; the event tells the end. */
static void* start_read(const Api* api, void* buffer, size_t rank, void* target, size_t length, void** event) {
  int64_t order[MAX_DIMENSIONS];
  if (rank > MAX_DIMENSIONS) rank = MAX_DIMENSIONS;
  for (size_t i = 0; i < rank; i++) order[i] = (int64_t)(rank - 1 - i);
  struct {
    size_t size;
    void* extensions;
    struct {
      size_t size;
      void* extensions;
      const int64_t* order;
      size_t rank;
      const int64_t* tiles;
      const size_t* tile_ranks;
      size_t tile_count;
    } tiled;
    int kind; /* 0: tiled */
  } layout = {sizeof layout, NULL, {sizeof layout.tiled, NULL, order, rank, NULL, NULL, 0}, 0};
  ARGUMENTS(arguments, void* buffer; void* layout; void* target; size_t length; void* event;);
  arguments.buffer = buffer;
  arguments.layout = &layout;
  arguments.target = target;
  arguments.length = length;
  void* error = call(api, BUFFER_READ, &arguments);
  *event = arguments.event;
  return error;
}

static void* await_and_destroy(const Api* api, void* event) {
  void* error = call_with(api, EVENT_AWAIT, event);
  call_with(api, EVENT_DESTROY, event);
  return error;
}

/* read(table, buffer, number of dimensions, bytes to fill) */
static napi_value read_buffer(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS];
  const Api* api = get_parameters(env, info, parameters);
  size_t length;
  void* target = get_elements(env, parameters[3], &length);
  size_t rank = (size_t)get_number(env, parameters[2]);
  void* event = NULL;
  void* error = start_read(api, get_handle(env, parameters[1]), rank, target, length, &event);
  if (!failed(env, api, error)) failed(env, api, await_and_destroy(api, event));
  return NULL;
}

typedef struct {
  const Api* api;
  void* event;
  void* error;
  napi_ref target;
  napi_deferred promise;
  napi_async_work work;
} Reading;

static void wait_for_reading(napi_env env, void* data) {
  (void)env;
  Reading* reading = data;
  reading->error = await_and_destroy(reading->api, reading->event);
}

static void end_reading(napi_env env, int status, void* data) {
  (void)status;
  Reading* reading = data;
  napi_value nothing;
  napi_get_undefined(env, &nothing);
  if (reading->error) napi_reject_deferred(env, reading->promise, take_error(env, reading->api, reading->error));
  else napi_resolve_deferred(env, reading->promise, nothing);
  napi_delete_reference(env, reading->target);
  napi_delete_async_work(env, reading->work);
  free(reading);
}

/* readAsync(table, buffer, number of dimensions, bytes to fill): a promise; the buffer may be destroyed meanwhile */
static napi_value read_buffer_async(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS], promise;
  const Api* api = get_parameters(env, info, parameters);
  size_t length;
  void* target = get_elements(env, parameters[3], &length);
  size_t rank = (size_t)get_number(env, parameters[2]);
  void* event = NULL;
  if (failed(env, api, start_read(api, get_handle(env, parameters[1]), rank, target, length, &event))) return NULL;
  Reading* reading = calloc(1, sizeof *reading);
  reading->api = api;
  reading->event = event;
  napi_create_reference(env, parameters[3], 1, &reading->target);
  napi_create_promise(env, &reading->promise, &promise);
  napi_create_async_work(env, NULL, text_of(env, "pjrt read", 9), wait_for_reading, end_reading, reading, &reading->work);
  napi_queue_async_work(env, reading->work);
  return promise;
}

/* ---- The end of each ---- */

static napi_value destroy(napi_env env, napi_callback_info info, int place) {
  napi_value parameters[MAX_PARAMETERS];
  const Api* api = get_parameters(env, info, parameters);
  failed(env, api, call_with(api, place, get_handle(env, parameters[1])));
  return NULL;
}

static napi_value destroy_client(napi_env env, napi_callback_info info) {
  return destroy(env, info, CLIENT_DESTROY);
}

static napi_value destroy_executable(napi_env env, napi_callback_info info) {
  return destroy(env, info, LOADED_DESTROY);
}

static napi_value destroy_buffer(napi_env env, napi_callback_info info) {
  return destroy(env, info, BUFFER_DESTROY);
}

/* destroyBuffers(table, buffers): those of a step in one call, which costs a third of as many calls */
static napi_value destroy_buffers(napi_env env, napi_callback_info info) {
  napi_value parameters[MAX_PARAMETERS];
  const Api* api = get_parameters(env, info, parameters);
  size_t count;
  const double* buffers = get_elements(env, parameters[1], &count);
  void* error = NULL;
  sigset_t before;
  hold_signals(&before);
  for (size_t i = 0; i < count; i++) {
    ARGUMENTS(arguments, void* buffer;);
    arguments.buffer = (void*)(uintptr_t)buffers[i];
    void* problem = function_of(api, BUFFER_DESTROY)(&arguments);
    if (error && problem) take_error(env, api, problem);
    else if (problem) error = problem;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  failed(env, api, error);
  return NULL;
}

/* Counted up with every change of what JavaScript sees (model/backend/xla/pjrt/addon.ts). */
#define INTERFACE_VERSION 2

#ifndef CEM_PJRT_SOURCE
#define CEM_PJRT_SOURCE ""
#endif

__attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  static const struct {
    const char* name;
    napi_callback function;
  } functions[] = {
      {"open", open_plugin},
      {"createClient", create_client},
      {"describeClient", describe_client},
      {"deviceMemory", device_memory},
      {"compile", compile},
      {"load", load},
      {"serialize", serialize},
      {"outputs", outputs},
      {"execute", execute},
      {"upload", upload},
      {"read", read_buffer},
      {"readAsync", read_buffer_async},
      {"destroyClient", destroy_client},
      {"destroyExecutable", destroy_executable},
      {"destroyBuffer", destroy_buffer},
      {"destroyBuffers", destroy_buffers},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    napi_value function;
    napi_create_function(env, functions[i].name, (size_t)-1, functions[i].function, NULL, &function);
    napi_set_named_property(env, exports, functions[i].name, function);
  }
  napi_set_named_property(env, exports, "interfaceVersion", number_of(env, INTERFACE_VERSION));
  napi_set_named_property(env, exports, "source", text_of(env, CEM_PJRT_SOURCE, strlen(CEM_PJRT_SOURCE)));
  return exports;
}
