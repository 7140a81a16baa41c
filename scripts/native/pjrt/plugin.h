#pragma once
#include <stddef.h>
#include <string.h>

/*
 * What of XLA's plugin interface (PJRT, version 0) is used: a table of functions that is only appended to, each of which takes one struct. A struct says how large it is; it has to be at
 * least as large as the plugin knows it. Each lies at the start of a block that is larger than that, and zero where we say nothing, so plugins of later minor versions find their new fields
 * unset.
 */

/* Places in the table of functions, whose head (its size, a list of extensions, the version) takes the first five. */
enum {
  ERROR_DESTROY = 5,
  ERROR_MESSAGE = 6,
  ERROR_CODE = 7,
  PLUGIN_INITIALIZE = 8,
  EVENT_DESTROY = 10,
  EVENT_AWAIT = 13,
  CLIENT_CREATE = 15,
  CLIENT_DESTROY = 16,
  CLIENT_PLATFORM_NAME = 17,
  CLIENT_PLATFORM_VERSION = 19,
  CLIENT_DEVICES = 21,
  CLIENT_COMPILE = 25,
  CLIENT_UPLOAD = 27,
  DESCRIPTION_ID = 28,
  DESCRIPTION_KIND = 31,
  DESCRIPTION_TEXT = 33,
  DEVICE_DESCRIPTION = 34,
  DEVICE_MEMORY = 39,
  EXECUTABLE_DESTROY = 45,
  EXECUTABLE_OUTPUT_COUNT = 49,
  EXECUTABLE_SERIALIZE = 54,
  LOADED_DESTROY = 55,
  LOADED_EXECUTABLE = 56,
  LOADED_EXECUTE = 60,
  EXECUTABLE_LOAD = 61,
  BUFFER_DESTROY = 63,
  BUFFER_IS_DELETED = 73,
  BUFFER_READ = 75,
  EXECUTABLE_OUTPUT_TYPES = 95,
  EXECUTABLE_OUTPUT_DIMENSIONS = 96,
};

typedef struct {
  size_t size;
  void* extensions;
  struct {
    size_t size;
    void* extensions;
    int major, minor;
  } version;
} Api;

typedef void* (*Function)(void* arguments);

static Function function_of(const Api* api, int place) {
  return ((Function*)(void*)api)[place];
}

/* `name`: the fields of a call's struct (after its size and its list of extensions), at the start of a block of zeros. */
#define BLOCK_BYTES 512
#define ARGUMENTS(name, fields)             \
  union {                                   \
    struct {                                \
      size_t size;                          \
      void* extensions;                     \
      fields                                \
    };                                      \
    unsigned char block[BLOCK_BYTES];       \
  } name;                                   \
  memset(&name, 0, sizeof name);            \
  name.size = sizeof name
