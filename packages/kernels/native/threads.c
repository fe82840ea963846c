#include "threads.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

/* Scratch that is larger than this is not kept between calls. */
#define RR_KEPT_SCRATCH ((size_t)64 << 20)
#define RR_LARGE_PAGE ((size_t)2 << 20)

static _Thread_local rr_scratch own_scratch;

static bool rr_grow(rr_scratch *scratch, size_t wanted) {
  free(scratch->memory);
  scratch->memory = NULL;
  scratch->size = 0;
  /* Large tables stand on large pages where the system has them: those of 512 kB, looked up at random, span more small pages than a core remembers. */
  size_t page = wanted >= RR_LARGE_PAGE / 8 ? RR_LARGE_PAGE : 4096, size = (wanted + page - 1) & ~(page - 1);
  void *memory = NULL;
  if (size < wanted || posix_memalign(&memory, page, size) != 0) return false;
#if defined(MADV_HUGEPAGE)
  if (page == RR_LARGE_PAGE) madvise(memory, size, MADV_HUGEPAGE);
#endif
  scratch->memory = memory;
  scratch->size = size;
  return true;
}

int rr_run(const rr_variant *variant, rr_kernel kernel, rr_call *call, size_t begin, size_t end) {
  rr_scratch *scratch = &own_scratch;
  call->scratch = scratch;
  if (variant->enter != NULL) variant->enter();
  for (;;) {
    scratch->wanted = 0;
    call->number_at = call->buffer_at = 0;
    call->fault = RR_OK;
    int fault = kernel(call, begin, end);
    if (fault == RR_OK && call->fault == RR_OK) break;
    if (call->fault != RR_MEMORY || scratch->wanted <= scratch->size || !rr_grow(scratch, scratch->wanted)) break;
  }
  if (scratch->size > RR_KEPT_SCRATCH) {
    free(scratch->memory);
    scratch->memory = NULL;
    scratch->size = 0;
  }
  return call->fault;
}

static pthread_mutex_t pool = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t work = PTHREAD_COND_INITIALIZER;
static rr_job *queue;
static uint32_t running, idle;

uint32_t rr_processors(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count < 1 ? 1 : count > 1024 ? 1024 : (uint32_t)count;
}

static void rr_work_at(rr_job *job) {
  rr_call call = {.numbers = job->numbers, .buffers = job->buffers, .number_count = job->number_count, .buffer_count = job->buffer_count};
  while (atomic_load_explicit(job->cancelled, memory_order_relaxed) == 0 && atomic_load_explicit(job->ending, memory_order_relaxed) == 0 &&
         atomic_load_explicit(&job->fault, memory_order_relaxed) == RR_OK) {
    size_t begin = atomic_fetch_add_explicit(&job->next, job->grain, memory_order_relaxed);
    if (begin >= job->units) break;
    size_t end = job->units - begin < job->grain ? job->units : begin + job->grain;
    int fault = rr_run(job->variant, job->kernel, &call, begin, end);
    if (fault != RR_OK) {
      pthread_mutex_lock(&pool);
      if (job->fault == RR_OK) {
        job->at = call.at;
        job->fault = fault;
      }
      pthread_mutex_unlock(&pool);
    }
  }
}

static rr_job *rr_job_with_room(void) {
  for (rr_job *job = queue; job != NULL; job = job->after)
    if (job->joined < job->threads) return job;
  return NULL;
}

static void rr_leave_queue(rr_job *job) {
  rr_job **place = &queue;
  while (*place != job) place = &(*place)->after;
  *place = job->after;
}

static void *rr_thread(void *unused) {
  (void)unused;
  pthread_mutex_lock(&pool);
  for (;;) {
    rr_job *job;
    while ((job = rr_job_with_room()) == NULL) {
      idle++;
      pthread_cond_wait(&work, &pool);
      idle--;
    }
    job->joined++;
    job->active++;
    pthread_mutex_unlock(&pool);
    rr_work_at(job);
    pthread_mutex_lock(&pool);
    /* Nothing is left to hand out: nobody else need join. */
    job->joined = job->threads;
    if (--job->active == 0) {
      rr_leave_queue(job);
      pthread_mutex_unlock(&pool);
      job->done(job);
      pthread_mutex_lock(&pool);
    }
  }
  return NULL;
}

bool rr_start(rr_job *job) {
  uint32_t most = rr_processors();
  if (job->threads > most) job->threads = most;
  job->joined = job->active = 0;
  job->next = 0;
  job->fault = RR_OK;
  job->after = NULL;
  pthread_mutex_lock(&pool);
  uint32_t wanted = job->threads;
  for (rr_job *other = queue; other != NULL; other = other->after) wanted += other->threads - other->joined;
  while (idle < wanted && running < most) {
    pthread_t thread;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    bool started = pthread_create(&thread, &detached, rr_thread, NULL) == 0;
    pthread_attr_destroy(&detached);
    if (!started) break;
    running++;
    wanted--;
  }
  bool possible = running > 0;
  if (possible) {
    rr_job **place = &queue;
    while (*place != NULL) place = &(*place)->after;
    *place = job;
    pthread_cond_broadcast(&work);
  }
  pthread_mutex_unlock(&pool);
  return possible;
}
