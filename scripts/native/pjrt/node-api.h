#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What of Node-API is used; its binary interface is stable, so compiling needs no headers of Node. */

typedef void *napi_env, *napi_value, *napi_callback_info, *napi_ref, *napi_deferred, *napi_async_work;
typedef napi_value (*napi_callback)(napi_env, napi_callback_info);
enum { NAPI_OK = 0 };

extern int napi_create_function(napi_env, const char*, size_t, napi_callback, void*, napi_value*);
extern int napi_set_named_property(napi_env, napi_value, const char*, napi_value);
extern int napi_get_cb_info(napi_env, napi_callback_info, size_t*, napi_value*, napi_value*, void**);
extern int napi_get_value_double(napi_env, napi_value, double*);
extern int napi_get_value_bool(napi_env, napi_value, bool*);
extern int napi_get_value_string_utf8(napi_env, napi_value, char*, size_t, size_t*);
extern int napi_get_typedarray_info(napi_env, napi_value, int*, size_t*, void**, napi_value*, size_t*);
extern int napi_get_array_length(napi_env, napi_value, uint32_t*);
extern int napi_get_element(napi_env, napi_value, uint32_t, napi_value*);
extern int napi_set_element(napi_env, napi_value, uint32_t, napi_value);
extern int napi_create_array_with_length(napi_env, size_t, napi_value*);
extern int napi_create_double(napi_env, double, napi_value*);
extern int napi_create_string_utf8(napi_env, const char*, size_t, napi_value*);
extern int napi_create_buffer_copy(napi_env, size_t, const void*, void**, napi_value*);
extern int napi_create_error(napi_env, napi_value, napi_value, napi_value*);
extern int napi_throw(napi_env, napi_value);
extern int napi_create_promise(napi_env, napi_deferred*, napi_value*);
extern int napi_resolve_deferred(napi_env, napi_deferred, napi_value);
extern int napi_reject_deferred(napi_env, napi_deferred, napi_value);
extern int napi_get_undefined(napi_env, napi_value*);
extern int napi_create_reference(napi_env, napi_value, uint32_t, napi_ref*);
extern int napi_delete_reference(napi_env, napi_ref);
extern int napi_create_async_work(napi_env, napi_value, napi_value, void (*)(napi_env, void*), void (*)(napi_env, int, void*), void*, napi_async_work*);
extern int napi_queue_async_work(napi_env, napi_async_work);
extern int napi_delete_async_work(napi_env, napi_async_work);
