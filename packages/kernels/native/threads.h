/* Threads that run calls in the background, shared by everything in the process. */
#ifndef RR_THREADS_H
#define RR_THREADS_H

#include <stdatomic.h>

#include "kernel.h"

/* A call whose units are handed out in grains to up to `threads` threads. */
typedef struct rr_job {
  const rr_variant *variant;
  rr_kernel kernel;
  const double *numbers;
  const rr_buffer *buffers;
  uint32_t number_count, buffer_count;
  size_t units, grain;
  uint32_t threads;
  /* Either not 0: nobody wants the result any more. */
  const _Atomic int32_t *cancelled, *ending;
  /* Called on a thread of the pool when all is done. */
  void (*done)(struct rr_job *job);
  void *context;

  _Atomic size_t next;
  _Atomic int fault;
  double at;
  uint32_t joined, active;
  struct rr_job *after;
} rr_job;

/* Runs a call on this thread, giving it as much scratch memory as it asks for. Returns the fault. */
int rr_run(const rr_variant *variant, rr_kernel kernel, rr_call *call, size_t begin, size_t end);

/* Hands a job to the pool. False where no thread could be started. */
bool rr_start(rr_job *job);

/* How many threads the pool may have. */
uint32_t rr_processors(void);

#endif
