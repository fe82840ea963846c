/*
 * The kernels as a WebAssembly module; see src/compiled/wasm.ts for the other side.
 *
 * The memory is the caller's, and several instances of the module may share it, one a thread. Everything in it is handed out by rr_reserve.
 * A call is written down as for native/node.c: one array of numbers that starts with the header, and its buffers.
 */
#include "kernel.h"

enum { FAULT, AT, BEGIN, END, VARIANT, OPERATION, COUNT, GRAIN, THREADS, HEADER };

#define RR_EXPORT(name) __attribute__((export_name(#name), used))
#define RR_PAGE 65536u
/* What blocks are aligned to, and what each has in front of it. */
#define RR_LINE 64u
/* Scratch that is larger than this is not kept between calls. */
#define RR_KEPT_SCRATCH (64u << 20)

#define RR_JOINED(a, b) a##b
#define RR_JOIN(a, b) RR_JOINED(a, b)
extern const rr_variant RR_JOIN(rr_variant_, RR_VARIANT);
#define RR_THIS RR_JOIN(rr_variant_, RR_VARIANT)

/* A block of memory: its size, itself included, and, while it is free, the next free one above. */
typedef struct rr_memory {
  uint32_t size;
  struct rr_memory *next;
} rr_memory;

extern unsigned char __heap_base;
static rr_memory *free_blocks;
/* From here on nothing was ever handed out, so all is zero. */
static uintptr_t untouched;
static int32_t locked;

/* Nobody holds the lock for more than a walk along the free blocks. */
static void rr_lock(void) {
  while (__atomic_exchange_n(&locked, 1, __ATOMIC_ACQUIRE) != 0) {
  }
}

static void rr_unlock(void) { __atomic_store_n(&locked, 0, __ATOMIC_RELEASE); }

static rr_memory *rr_take_free(uint32_t size) {
  for (rr_memory **place = &free_blocks; *place != NULL; place = &(*place)->next) {
    rr_memory *block = *place;
    if (block->size < size) continue;
    if (block->size - size < 2 * RR_LINE) *place = block->next;
    else {
      rr_memory *rest = (rr_memory *)((char *)block + size);
      rest->size = block->size - size;
      rest->next = block->next;
      block->size = size;
      *place = rest;
    }
    return block;
  }
  return NULL;
}

static rr_memory *rr_take_untouched(uint32_t size) {
  if (untouched == 0) untouched = ((uintptr_t)&__heap_base + RR_LINE - 1) & ~(uintptr_t)(RR_LINE - 1);
  /* The last page stays out of reach: its end is no 32-bit number. */
  uint64_t end = (uint64_t)untouched + size, pages = (end + RR_PAGE - 1) / RR_PAGE, there = __builtin_wasm_memory_size(0);
  if (pages > 65535) return NULL;
  if (pages > there) {
    /* By eighths, so that many small requests do not each grow the memory. */
    uint64_t more = pages - there, eighth = there / 8, wanted = more > eighth ? more : eighth;
    if (there + wanted > 65535 || __builtin_wasm_memory_grow(0, (size_t)wanted) == (size_t)-1)
      if (__builtin_wasm_memory_grow(0, (size_t)more) == (size_t)-1) return NULL;
  }
  rr_memory *block = (rr_memory *)untouched;
  block->size = size;
  untouched = (uintptr_t)end;
  return block;
}

/* Memory aligned to 64 bytes, zeroed where that is asked for; NULL where there is none. */
RR_EXPORT(reserve) void *rr_reserve(uint32_t bytes, int zeroed) {
  if (bytes > 0xffffffffu - 2 * RR_LINE) return NULL;
  uint32_t size = RR_LINE + ((bytes + RR_LINE - 1) & ~(RR_LINE - 1));
  rr_lock();
  rr_memory *block = rr_take_free(size);
  bool used = block != NULL;
  if (block == NULL) block = rr_take_untouched(size);
  rr_unlock();
  if (block == NULL) return NULL;
  void *data = (char *)block + RR_LINE;
  if (zeroed && used) memset(data, 0, bytes);
  return data;
}

/* Gives back what rr_reserve gave. */
RR_EXPORT(release) void rr_release(void *data) {
  if (data == NULL) return;
  rr_memory *block = (rr_memory *)((char *)data - RR_LINE), *before = NULL;
  rr_lock();
  rr_memory *after = free_blocks;
  for (; after != NULL && after < block; after = after->next) before = after;
  block->next = after;
  if (before == NULL) free_blocks = block;
  else before->next = block;
  if (after != NULL && (char *)block + block->size == (char *)after) {
    block->size += after->size;
    block->next = after->next;
  }
  if (before != NULL && (char *)before + before->size == (char *)block) {
    before->size += block->size;
    before->next = block->next;
  }
  rr_unlock();
}

RR_EXPORT(instructionSet) const char *rr_instruction_set(void) { return RR_THIS.instruction_set; }

/* The name of an operation, or NULL past the last. */
RR_EXPORT(operation) const char *rr_operation_name(uint32_t index) { return RR_THIS.operations[index].name; }

/* Runs units of a call with a thread's scratch, which grows as the kernel asks. */
static int rr_run(rr_scratch *scratch, const double *numbers, rr_call *call, size_t begin, size_t end) {
  rr_kernel kernel = RR_THIS.operations[(uint32_t)numbers[OPERATION]].run;
  call->numbers = numbers + HEADER;
  call->number_count = (uint32_t)numbers[COUNT];
  call->scratch = scratch;
  for (;;) {
    scratch->wanted = 0;
    call->number_at = call->buffer_at = 0;
    call->fault = RR_OK;
    kernel(call, begin, end);
    if (call->fault != RR_MEMORY || scratch->wanted <= scratch->size) break;
    rr_release(scratch->memory);
    scratch->memory = rr_reserve(scratch->wanted, 0);
    scratch->size = scratch->memory == NULL ? 0 : scratch->wanted;
    if (scratch->memory == NULL) break;
  }
  if (scratch->size > RR_KEPT_SCRATCH) {
    rr_release(scratch->memory);
    *scratch = (rr_scratch){NULL, 0, 0};
  }
  return call->fault;
}

/* Runs a whole call on this thread. */
RR_EXPORT(run) void rr_run_call(rr_scratch *scratch, double *numbers, const rr_buffer *buffers, uint32_t buffer_count) {
  rr_call call = {.buffers = buffers, .buffer_count = buffer_count};
  numbers[FAULT] = rr_run(scratch, numbers, &call, (size_t)numbers[BEGIN], (size_t)numbers[END]);
  numbers[AT] = call.at;
}

/* A call whose units several threads share. */
typedef struct {
  double *numbers;
  const rr_buffer *buffers;
  uint32_t buffer_count;
  /* Set by the caller: nobody wants the result any more. */
  int32_t cancelled;
  uint32_t next;
  int32_t fault;
} rr_job;

/* Works at a job until no units are left: called by each thread. */
RR_EXPORT(work) void rr_work(rr_scratch *scratch, rr_job *job) {
  double *numbers = job->numbers;
  uint32_t units = (uint32_t)numbers[END], grain = (uint32_t)numbers[GRAIN];
  rr_call call = {.buffers = job->buffers, .buffer_count = job->buffer_count};
  while (__atomic_load_n(&job->cancelled, __ATOMIC_RELAXED) == 0 && __atomic_load_n(&job->fault, __ATOMIC_RELAXED) == RR_OK) {
    uint32_t begin = __atomic_load_n(&job->next, __ATOMIC_RELAXED), end;
    do {
      if (begin >= units) return;
      end = units - begin < grain ? units : begin + grain;
    } while (!__atomic_compare_exchange_n(&job->next, &begin, end, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    int32_t none = RR_OK, fault = rr_run(scratch, numbers, &call, begin, end);
    /* The first thread to meet a fault tells of it. */
    if (fault != RR_OK && __atomic_compare_exchange_n(&job->fault, &none, fault, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      numbers[FAULT] = fault;
      numbers[AT] = call.at;
    }
  }
}
