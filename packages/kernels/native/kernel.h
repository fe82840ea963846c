/* What every kernel is given and how it reads it. Plain C11 with nothing of libc but memcpy and memset: the same files make the native library and the WebAssembly module. */
#ifndef RR_KERNEL_H
#define RR_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#ifdef __wasm__
/* WebAssembly has instructions for these. */
#define memcpy __builtin_memcpy
#define memmove __builtin_memmove
#define memset __builtin_memset
#else
#include <string.h>
#endif
#ifdef RR_CHECKED
#include <sanitizer/asan_interface.h>
#endif

#define RR_NONE 0xffffffffu
#define RR_LARGEST_DIM 65536
#define RR_LINK_PARTS 64

/* What went wrong, in the order of `faults` in src/js/fault.ts. */
enum { RR_OK, RR_OFFSETS, RR_ONLY, RR_DOCUMENT, RR_LINK, RR_WORD, RR_MEMORY, RR_ARGUMENTS };

typedef struct {
  void *data;
  size_t bytes;
} rr_buffer;

/* Memory for the length of a call. A kernel takes all it needs first, then asks rr_short: where there was too little, its caller gets `wanted` and calls again. */
typedef struct {
  char *memory;
  size_t size;
  size_t wanted;
} rr_scratch;

/* A call: numbers and buffers in the order in which src/compiled/encode.ts writes them and the kernel reads them. */
typedef struct {
  const double *numbers;
  const rr_buffer *buffers;
  uint32_t number_count, buffer_count;
  uint32_t number_at, buffer_at;
  rr_scratch *scratch;
  /* The first fault, and the index it speaks of. */
  int fault;
  double at;
} rr_call;

typedef int (*rr_kernel)(rr_call *call, size_t begin, size_t end);

typedef struct {
  const char *name;
  rr_kernel run;
} rr_operation;

/* The kernels compiled for one instruction set. All variants have the same, in the same order. */
typedef struct {
  const char *instruction_set;
  const rr_operation *operations;
  /* Ready this thread for the instruction set; NULL where nothing is to be done. */
  void (*enter)(void);
} rr_variant;

static inline int rr_fail(rr_call *call, int fault, double at) {
  if (call->fault == RR_OK) {
    call->fault = fault;
    call->at = at;
  }
  return fault;
}

static inline double rr_number(rr_call *call) {
  if (call->number_at >= call->number_count) {
    rr_fail(call, RR_ARGUMENTS, call->number_at);
    return 0;
  }
  return call->numbers[call->number_at++];
}

/* A whole number from 0 to 2^32. */
static inline size_t rr_size(rr_call *call) {
  double number = rr_number(call);
  if (!(number >= 0 && number <= 4294967296.0) || number != (double)(uint64_t)number) {
    rr_fail(call, RR_ARGUMENTS, call->number_at);
    return 0;
  }
  return (size_t)number;
}

static inline size_t rr_within(rr_call *call, size_t low, size_t high) {
  size_t number = rr_size(call);
  if (number >= low && number <= high) return number;
  rr_fail(call, RR_ARGUMENTS, call->number_at);
  return low;
}

/* A buffer of at least so many elements of a size. */
static inline void *rr_take_buffer(rr_call *call, size_t count, size_t element) {
  if (call->buffer_at >= call->buffer_count) {
    rr_fail(call, RR_ARGUMENTS, call->buffer_at);
    return NULL;
  }
  rr_buffer buffer = call->buffers[call->buffer_at++];
  size_t bytes;
  if (__builtin_mul_overflow(count, element, &bytes) || buffer.bytes < bytes || (bytes > 0 && (uintptr_t)buffer.data % element != 0)) {
    rr_fail(call, RR_ARGUMENTS, call->buffer_at);
    return NULL;
  }
  return buffer.data;
}
#define RR_BUFFER(call, type, count) ((type *)rr_take_buffer(call, count, sizeof(type)))

/* A buffer that may be absent: a count of -1 says so. */
static inline const uint32_t *rr_optional_list(rr_call *call, bool *present, size_t *count) {
  double number = call->number_at < call->number_count ? call->numbers[call->number_at] : 0;
  *present = number >= 0;
  if (!*present) {
    call->number_at++;
    call->buffer_at++;
    *count = 0;
    return NULL;
  }
  *count = rr_size(call);
  return RR_BUFFER(call, const uint32_t, *count);
}

/* Floats that may be absent: a flag says so. */
static inline float *rr_optional_floats(rr_call *call, size_t count) {
  if (rr_number(call) == 0) {
    call->buffer_at++;
    return NULL;
  }
  return RR_BUFFER(call, float, count);
}

/* Memory for this call, aligned to 64 bytes. The result may be NULL until rr_short has said no. */
static inline void *rr_allocate(rr_call *call, size_t count, size_t element) {
  rr_scratch *scratch = call->scratch;
  size_t bytes;
  if (__builtin_mul_overflow(count, element, &bytes) || __builtin_add_overflow(bytes, 127, &bytes)) {
    rr_fail(call, RR_ARGUMENTS, 0);
    return NULL;
  }
  bytes &= ~(size_t)63;
  size_t at = scratch->wanted;
  if (__builtin_add_overflow(at, bytes, &scratch->wanted)) {
    rr_fail(call, RR_ARGUMENTS, 0);
    return NULL;
  }
  if (scratch->wanted > scratch->size) return NULL;
#ifdef RR_CHECKED
  /* What lies between two arrays is nobody's. */
  ASAN_UNPOISON_MEMORY_REGION(scratch->memory + at, bytes);
  ASAN_POISON_MEMORY_REGION(scratch->memory + at + count * element, bytes - count * element);
#endif
  return scratch->memory + at;
}
#define RR_ALLOCATE(call, type, count) ((type *)rr_allocate(call, count, sizeof(type)))

/* Whether the call cannot go on: something was wrong with its arguments, or memory was short. */
static inline bool rr_short(rr_call *call) {
  if (call->fault == RR_OK && call->scratch->wanted > call->scratch->size) rr_fail(call, RR_MEMORY, (double)call->scratch->wanted);
  return call->fault != RR_OK;
}

/* The units that this call is to do must be among those that there are. */
static inline void rr_check_units(rr_call *call, size_t begin, size_t end, size_t units) {
  if (begin > end || end > units) rr_fail(call, RR_ARGUMENTS, (double)end);
}

/* Rows of any type, as `Writer.rows` writes them. */
enum { RR_F32, RR_F16, RR_BF16, RR_I8, RR_BITS, RR_RESIDUAL };

typedef struct {
  int type;
  const void *data;
  size_t rows;
  size_t dim;
  size_t stride;
  /* The number of the first row in the buffers. */
  size_t first;
  const float *scales;
  int bits;
  bool unit;
  bool wide_ids;
  const void *centroid_ids;
  const float *centroids;
  size_t centroid_count;
  const float *weights;
} rr_rows;

static inline rr_rows rr_take_rows(rr_call *call) {
  static const uint8_t element[] = {4, 2, 2, 1, 1, 1};
  rr_rows rows = {0};
  rows.type = (int)rr_within(call, RR_F32, RR_RESIDUAL);
  rows.rows = rr_size(call);
  rows.dim = rr_within(call, 1, RR_LARGEST_DIM);
  rows.stride = rr_size(call);
  rows.first = rr_size(call);
  size_t held = rr_size(call);
  size_t least = rows.type == RR_BITS ? (rows.dim + 7) / 8 : rows.dim;
  if (rows.type == RR_RESIDUAL) {
    rows.bits = (int)rr_within(call, 1, 8);
    if (rows.bits & (rows.bits - 1)) rr_fail(call, RR_ARGUMENTS, call->number_at);
    rows.unit = rr_number(call) != 0;
    rows.wide_ids = rr_number(call) != 0;
    rows.centroid_count = rr_size(call);
    least = (rows.dim * (size_t)rows.bits + 7) / 8;
  }
  size_t elements;
  if (rows.stride < least || __builtin_mul_overflow(held, rows.stride, &elements)) {
    rr_fail(call, RR_ARGUMENTS, call->number_at);
    return rows;
  }
  rows.data = rr_take_buffer(call, elements, element[rows.type]);
  if (rows.type == RR_I8) rows.scales = RR_BUFFER(call, const float, held);
  if (rows.type == RR_RESIDUAL) {
    if (rows.centroid_count == 0) rr_fail(call, RR_ARGUMENTS, call->number_at);
    rows.centroid_ids = rr_take_buffer(call, held, rows.wide_ids ? 4 : 2);
    size_t floats;
    if (__builtin_mul_overflow(rows.centroid_count, rows.dim, &floats)) rr_fail(call, RR_ARGUMENTS, call->number_at);
    else rows.centroids = RR_BUFFER(call, const float, floats);
    rows.weights = RR_BUFFER(call, const float, (size_t)1 << rows.bits);
  }
  /* Rows that are numbered but not held may not be touched; offsets and lists are checked against `rows` and `first`. */
  if (rows.first > rows.rows || held > rows.rows - rows.first) rr_fail(call, RR_ARGUMENTS, call->number_at);
  else rows.rows = rows.first + held;
  return rows;
}

static inline size_t rr_centroid_of(const rr_rows *rows, size_t row) {
  size_t id = rows->wide_ids ? ((const uint32_t *)rows->centroid_ids)[row - rows->first] : ((const uint16_t *)rows->centroid_ids)[row - rows->first];
  return id < rows->centroid_count ? id : rows->centroid_count - 1;
}

static inline bool rr_allowed(const uint32_t *allow, size_t index) {
  return allow == NULL || (allow[index >> 5] >> (index & 31) & 1);
}

#endif
