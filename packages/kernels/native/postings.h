/* Scored postings: what is read of them, added up and collected. */
#ifndef RR_POSTINGS_H
#define RR_POSTINGS_H

#include "heap.h"

enum { RR_FLOAT_VALUES, RR_HALF_VALUES, RR_BYTE_VALUES };

typedef struct {
  size_t lists, count;
  const uint32_t *offsets, *documents;
  int kind;
  const void *values;
} rr_postings;

static rr_postings rr_take_postings(rr_call *call) {
  static const uint8_t element[] = {4, 2, 1};
  rr_postings postings = {0};
  postings.lists = rr_size(call);
  postings.offsets = RR_BUFFER(call, const uint32_t, postings.lists + 1);
  postings.count = rr_size(call);
  postings.documents = RR_BUFFER(call, const uint32_t, postings.count);
  postings.kind = (int)rr_within(call, RR_FLOAT_VALUES, RR_BYTE_VALUES);
  postings.values = rr_take_buffer(call, postings.count, element[postings.kind]);
  return postings;
}

RR_INLINE float rr_value(int kind, const void *values, size_t i) {
  return kind == RR_FLOAT_VALUES ? ((const float *)values)[i] : kind == RR_HALF_VALUES ? ((const uint16_t *)values)[i] : ((const uint8_t *)values)[i];
}
RR_INLINE uint32_t rr_whole_value(int kind, const void *values, size_t i) {
  return kind == RR_HALF_VALUES ? ((const uint16_t *)values)[i] : ((const uint8_t *)values)[i];
}

/*
 * Adds postings from a place on, up to another or the first document that is not one of the `size` from `base` on, to the sums of those documents, and
 * gives the place where it stopped. Product and sum are rounded each, so that every implementation agrees.
 */
RR_INLINE size_t rr_add_values(const rr_postings *postings, int kind, size_t from, size_t to, float weight, uint32_t base, size_t size, float *sums) {
  const uint32_t *documents = postings->documents;
  const void *values = postings->values;
  size_t i = from;
  for (; i + 4 <= to; i += 4) {
    uint32_t a = documents[i] - base, b = documents[i + 1] - base, c = documents[i + 2] - base, d = documents[i + 3] - base;
    if ((a >= size) | (b >= size) | (c >= size) | (d >= size)) break;
    sums[a] += weight * rr_value(kind, values, i);
    sums[b] += weight * rr_value(kind, values, i + 1);
    sums[c] += weight * rr_value(kind, values, i + 2);
    sums[d] += weight * rr_value(kind, values, i + 3);
  }
  for (; i < to && documents[i] - base < size; i++) sums[documents[i] - base] += weight * rr_value(kind, values, i);
  return i;
}

static size_t rr_add_postings(const rr_postings *postings, size_t from, size_t to, float weight, size_t base, size_t size, float *sums) {
  switch (postings->kind) {
    case RR_FLOAT_VALUES: return rr_add_values(postings, RR_FLOAT_VALUES, from, to, weight, (uint32_t)base, size, sums);
    case RR_HALF_VALUES: return rr_add_values(postings, RR_HALF_VALUES, from, to, weight, (uint32_t)base, size, sums);
    default: return rr_add_values(postings, RR_BYTE_VALUES, from, to, weight, (uint32_t)base, size, sums);
  }
}

/* The bounds of a term's list. */
static int rr_bounds_of_list(rr_call *call, const rr_postings *postings, const uint32_t *terms, size_t i, size_t *from, size_t *to) {
  size_t term = terms[i];
  if (term >= postings->lists) return rr_fail(call, RR_ONLY, (double)i);
  *from = postings->offsets[term];
  *to = postings->offsets[term + 1];
  if (*from > *to || *to > postings->count) return rr_fail(call, RR_OFFSETS, (double)term);
  return RR_OK;
}

/* Documents that are summed at a time: their sums stay in the first cache. */
#define RR_RANGE 8192

/* The place of the first document that is not below a limit, from a place on; documents ascend. */
static size_t rr_seek(const uint32_t *documents, size_t from, size_t to, size_t limit) {
  size_t step = 1;
  while (from + step < to && documents[from + step] < limit) {
    from += step;
    step *= 2;
  }
  size_t high = from + step < to ? from + step : to;
  while (from < high) {
    size_t middle = (from + high) / 2;
    if (documents[middle] < limit) from = middle + 1;
    else high = middle;
  }
  return from;
}

/* Hands sums above 0 that have a chance to the heap, and leaves zeros behind. There is room for a register's numbers beyond the last. */
static void rr_collect(rr_heap *heap, float *sums, size_t count, size_t base, const uint32_t *allow) {
  for (size_t i = 0; i < count; i += RR_LANES) {
    vf values = vf_load(sums + i);
    vf_store(sums + i, vf_zero());
    float threshold = heap->threshold > 0 ? heap->threshold : 1e-45f;
#if defined(__AVX512F__)
    uint32_t better = _mm512_cmp_ps_mask(values, vf_set1(threshold), _CMP_GE_OQ);
#elif defined(__AVX2__)
    uint32_t better = (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(values, vf_set1(threshold), _CMP_GE_OQ));
#elif defined(__x86_64__)
    uint32_t better = (uint32_t)_mm_movemask_ps(_mm_cmpge_ps(values, vf_set1(threshold)));
#elif defined(__wasm_simd128__)
    uint32_t better = (uint32_t)wasm_i32x4_bitmask(wasm_f32x4_ge(values, vf_set1(threshold)));
#else
    uint32_t better = (1u << RR_LANES) - 1;
#endif
    if (better == 0) continue;
    float kept[RR_LANES];
    vf_store(kept, values);
    for (; better; better &= better - 1) {
      size_t lane = (size_t)__builtin_ctz(better), document = base + i + lane;
      if (kept[lane] > 0 && i + lane < count && rr_allowed(allow, document)) rr_push(heap, kept[lane], document);
    }
  }
}

#endif
