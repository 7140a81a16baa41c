/*
 * Turns standard error off and on again for the process: mute(), unmute().
 *
 * TensorFlow 2.21 writes lines of information to file descriptor 2 while its library is being loaded, before it reads any setting.
 * The few Node-API declarations stand here (their binary interface is stable), so that compiling needs no Node headers.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

typedef void* (*callback)(void* environment, void* information);
extern int napi_create_function(void* environment, const char* name, size_t length, callback function, void* data, void** result);
extern int napi_set_named_property(void* environment, void* object, const char* name, void* value);

static int saved = -1;

static void* mute(void* environment, void* information) {
  (void)environment;
  (void)information;
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (saved < 0 && nowhere >= 0) {
    saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (saved >= 0) dup2(nowhere, STDERR_FILENO);
  }
  if (nowhere >= 0) close(nowhere);
  return NULL;
}

static void* unmute(void* environment, void* information) {
  (void)environment;
  (void)information;
  fflush(stderr);
  if (saved >= 0) {
    dup2(saved, STDERR_FILENO);
    close(saved);
    saved = -1;
  }
  return NULL;
}

__attribute__((visibility("default"))) void* napi_register_module_v1(void* environment, void* exports) {
  void* function;
  napi_create_function(environment, "mute", (size_t)-1, mute, NULL, &function);
  napi_set_named_property(environment, exports, "mute", function);
  napi_create_function(environment, "unmute", (size_t)-1, unmute, NULL, &function);
  napi_set_named_property(environment, exports, "unmute", function);
  return exports;
}
