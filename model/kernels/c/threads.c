/*
 * The threads of the kernels: made on first use, asleep between calls. A second caller (another environment of the process, or a body that asks for threads itself) finds them
 * taken and goes on alone: results do not depend on it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "cem-kernels.h"

enum {
  MOST_THREADS = 256,
  /* Ranges a thread, so that one that is held up does not keep the others waiting. */
  RANGES_A_THREAD = 4,
  /* Looks before a thread goes to sleep, a few microseconds: waking takes longer, and longer looking would take the core from TensorFlow's own threads. */
  LOOKS = 200,
};

typedef struct {
  cem_range body;
  void* context;
  int64_t count;
  int64_t step;
  _Atomic int64_t next;
} job;

/* Held by the caller whose job runs. */
static pthread_mutex_t owner = PTHREAD_MUTEX_INITIALIZER;

/* Protects what follows. */
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t called = PTHREAD_COND_INITIALIZER;
static pthread_cond_t left = PTHREAD_COND_INITIALIZER;
static job* current;        /* what helpers may join */
static int active;          /* helpers at work on the owner's job */
static int helpers;         /* threads beside the caller's */
static _Atomic unsigned calls; /* read without the guard while a helper looks */
static _Atomic int working;    /* = active, for a caller that looks */

static pthread_once_t counted = PTHREAD_ONCE_INIT;
static int threads = 1;

static inline void pause_briefly(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

static int named_count(const char* name) {
  const char* text = getenv(name);
  if (text == NULL || *text == '\0') return 0;
  char* end;
  errno = 0;
  long count = strtol(text, &end, 10);
  return errno == 0 && *end == '\0' && count > 0 ? (int)(count < MOST_THREADS ? count : MOST_THREADS) : 0;
}

static void count_threads(void) {
  threads = named_count("TF_NUM_INTRAOP_THREADS");
  if (threads == 0) threads = named_count("CEM_THREADS");
  if (threads > 0) return;
#ifdef __linux__
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0) threads = CPU_COUNT(&allowed);
#endif
  if (threads <= 0) threads = (int)sysconf(_SC_NPROCESSORS_ONLN);
  if (threads <= 0) threads = 1;
  if (threads > MOST_THREADS) threads = MOST_THREADS;
}

int cem_thread_count(void) {
  pthread_once(&counted, count_threads);
  return threads;
}

static void take_ranges(job* work) {
  for (;;) {
    int64_t begin = atomic_fetch_add_explicit(&work->next, work->step, memory_order_relaxed);
    if (begin >= work->count) return;
    int64_t end = work->count - begin > work->step ? begin + work->step : work->count;
    work->body(work->context, begin, end);
  }
}

static void* help(void* nothing) {
  (void)nothing;
  unsigned seen = 0;
  for (;;) {
    for (int look = 0; look < LOOKS && atomic_load_explicit(&calls, memory_order_relaxed) == seen; look++) pause_briefly();
    pthread_mutex_lock(&guard);
    while (atomic_load_explicit(&calls, memory_order_relaxed) == seen) pthread_cond_wait(&called, &guard);
    seen = atomic_load_explicit(&calls, memory_order_relaxed);
    job* work = current;
    if (work != NULL) atomic_store_explicit(&working, ++active, memory_order_relaxed);
    pthread_mutex_unlock(&guard);
    if (work == NULL) continue;
    take_ranges(work);
    pthread_mutex_lock(&guard);
    active--;
    atomic_store_explicit(&working, active, memory_order_release);
    if (active == 0) pthread_cond_signal(&left);
    pthread_mutex_unlock(&guard);
  }
  return NULL;
}

/* To be called by the owner. As many as the system gives; signals stay with the other threads of the process. */
static void make_helpers(int wanted) {
  static int tried;
  if (tried) return;
  tried = 1;
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (; helpers < wanted; helpers++) {
    pthread_t thread;
    if (pthread_create(&thread, NULL, help, NULL) != 0) break;
    pthread_detach(thread);
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void cem_parallel(int64_t count, int64_t grain, cem_range body, void* context) {
  if (count <= 0) return;
  if (grain < 1) grain = 1;
  int64_t blocks = (count - 1) / grain + 1;
  int wanted = cem_thread_count();
  if (blocks == 1 || wanted == 1 || pthread_mutex_trylock(&owner) != 0) {
    body(context, 0, count);
    return;
  }
  make_helpers(wanted - 1);
  int64_t ranges = (int64_t)wanted * RANGES_A_THREAD;
  job work = {body, context, count, ((blocks - 1) / ranges + 1) * grain, 0};
  pthread_mutex_lock(&guard);
  current = &work;
  atomic_fetch_add_explicit(&calls, 1, memory_order_relaxed);
  pthread_cond_broadcast(&called);
  pthread_mutex_unlock(&guard);
  take_ranges(&work);
  /* All ranges are taken: who has not joined by now need not. */
  pthread_mutex_lock(&guard);
  current = NULL;
  pthread_mutex_unlock(&guard);
  for (int look = 0; look < LOOKS && atomic_load_explicit(&working, memory_order_relaxed) > 0; look++) pause_briefly();
  pthread_mutex_lock(&guard);
  while (active > 0) pthread_cond_wait(&left, &guard);
  pthread_mutex_unlock(&guard);
  pthread_mutex_unlock(&owner);
}
