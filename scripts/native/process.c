/*
 * What TensorFlow's library needs of the process that it lies in, for Node: mute(), unmute(), holdSignals(), releaseSignals().
 *
 * The few Node-API declarations stand here (their binary interface is stable), so that compiling needs no Node headers.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

typedef void* (*callback)(void* environment, void* information);
extern int napi_create_function(void* environment, const char* name, size_t length, callback function, void* data, void** result);
extern int napi_set_named_property(void* environment, void* object, const char* name, void* value);

/* ---- Standard error off and on again: TensorFlow 2.21 writes lines of information to file descriptor 2 while it is being loaded, before it reads any setting. ---- */

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

/*
 * ---- Signals wait while this thread computes ----
 *
 * oneDNN up to 3.11.1 (TensorFlow 2.21 has such a one) lets the stack pointer of some matrix products point into the heap. A signal handler that is called then writes over what lies
 * there: Ctrl-C, a resized terminal or a profiler's clock end in other numbers or in a crash. https://github.com/uxlfoundation/oneDNN/issues/4845
 */

static _Thread_local int held;
static _Thread_local sigset_t before;

static void* hold_signals(void* environment, void* information) {
  (void)environment;
  (void)information;
  if (held++ > 0) return NULL;
  /* All but those that an instruction of the thread itself raises. */
  static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
  sigset_t signals;
  sigfillset(&signals);
  for (size_t i = 0; i < sizeof own / sizeof *own; i++) sigdelset(&signals, own[i]);
  pthread_sigmask(SIG_BLOCK, &signals, &before);
  return NULL;
}

static void* release_signals(void* environment, void* information) {
  (void)environment;
  (void)information;
  if (held > 0 && --held == 0) pthread_sigmask(SIG_SETMASK, &before, NULL);
  return NULL;
}

__attribute__((visibility("default"))) void* napi_register_module_v1(void* environment, void* exports) {
  static const struct {
    const char* name;
    callback function;
  } functions[] = {{"mute", mute}, {"unmute", unmute}, {"holdSignals", hold_signals}, {"releaseSignals", release_signals}};
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void* function;
    napi_create_function(environment, functions[i].name, (size_t)-1, functions[i].function, NULL, &function);
    napi_set_named_property(environment, exports, functions[i].name, function);
  }
  return exports;
}
