/* Scored postings added to accumulators, and dot products with sparse rows. */
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

/* Adds postings `from` up to `to` to sums of the documents from `base` on. Product and sum are rounded each, so that every implementation agrees. */
RR_INLINE void rr_add_values(const rr_postings *postings, int kind, size_t from, size_t to, float weight, size_t base, float *sums) {
  const uint32_t *documents = postings->documents;
  const void *values = postings->values;
  size_t i = from;
  for (; i + 4 <= to; i += 4) {
    float a = weight * rr_value(kind, values, i), b = weight * rr_value(kind, values, i + 1);
    float c = weight * rr_value(kind, values, i + 2), d = weight * rr_value(kind, values, i + 3);
    sums[documents[i] - base] += a;
    sums[documents[i + 1] - base] += b;
    sums[documents[i + 2] - base] += c;
    sums[documents[i + 3] - base] += d;
  }
  for (; i < to; i++) sums[documents[i] - base] += weight * rr_value(kind, values, i);
}

static void rr_add_postings(const rr_postings *postings, size_t from, size_t to, float weight, size_t base, float *sums) {
  switch (postings->kind) {
    case RR_FLOAT_VALUES: rr_add_values(postings, RR_FLOAT_VALUES, from, to, weight, base, sums); break;
    case RR_HALF_VALUES: rr_add_values(postings, RR_HALF_VALUES, from, to, weight, base, sums); break;
    default: rr_add_values(postings, RR_BYTE_VALUES, from, to, weight, base, sums);
  }
}

/* Whether every document of a list is below a limit. Looked at before they are used as places to write to. */
static bool rr_all_below(const uint32_t *documents, size_t from, size_t to, size_t limit) {
  uint32_t largest = 0;
  for (size_t i = from; i < to; i++) largest = documents[i] > largest ? documents[i] : largest;
  return from == to || largest < limit;
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

/* One unit. */
static int rr_accumulate(rr_call *call, size_t begin, size_t end) {
  rr_postings postings = rr_take_postings(call);
  size_t terms = rr_size(call);
  const uint32_t *list = RR_BUFFER(call, const uint32_t, terms);
  bool whole = rr_number(call) != 0;
  const void *weights = rr_take_buffer(call, terms, 4);
  size_t documents = rr_size(call);
  void *sums = rr_take_buffer(call, documents, 4);
  rr_check_units(call, begin, end, 1);
  if (whole && postings.kind == RR_FLOAT_VALUES) rr_fail(call, RR_ARGUMENTS, 0);
  if (rr_short(call)) return call->fault;
  for (size_t i = 0; i < terms; i++) {
    size_t from, to;
    if (rr_bounds_of_list(call, &postings, list, i, &from, &to) != RR_OK) return call->fault;
    if (!rr_all_below(postings.documents, from, to, documents)) return rr_fail(call, RR_DOCUMENT, list[i]);
    if (!whole) rr_add_postings(&postings, from, to, ((const float *)weights)[i], 0, sums);
    else {
      uint32_t weight = ((const uint32_t *)weights)[i], *places = sums;
      for (size_t p = from; p < to; p++) places[postings.documents[p]] += weight * rr_whole_value(postings.kind, postings.values, p);
    }
  }
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

/* One unit. Documents are gone through in ranges; every list adds its part of a range, and what exceeds the worst kept so far is looked at. */
static int rr_search_postings(rr_call *call, size_t begin, size_t end) {
  rr_postings postings = rr_take_postings(call);
  size_t terms = rr_size(call);
  const uint32_t *list = RR_BUFFER(call, const uint32_t, terms);
  const float *weights = RR_BUFFER(call, const float, terms);
  size_t documents = rr_size(call);
  bool filtered;
  size_t words;
  const uint32_t *allow = rr_optional_list(call, &filtered, &words);
  size_t k = rr_size(call);
  uint32_t *indices = RR_BUFFER(call, uint32_t, k);
  float *scores = RR_BUFFER(call, float, k);
  uint32_t *counts = RR_BUFFER(call, uint32_t, 1);
  rr_check_units(call, begin, end, 1);
  if (filtered && words < (documents + 31) / 32) rr_fail(call, RR_ARGUMENTS, 0);
  size_t *at = RR_ALLOCATE(call, size_t, terms), *until = RR_ALLOCATE(call, size_t, terms);
  size_t range = documents < RR_RANGE ? documents : RR_RANGE;
  float *sums = RR_ALLOCATE(call, float, range + RR_LANES);
  rr_heap heap = rr_take_heap(call, k);
  if (rr_short(call)) return call->fault;
  rr_clear_heap(&heap);
  for (size_t i = 0; i < terms; i++) {
    if (rr_bounds_of_list(call, &postings, list, i, &at[i], &until[i]) != RR_OK) return call->fault;
    if (!rr_all_below(postings.documents, at[i], until[i], documents)) return rr_fail(call, RR_DOCUMENT, list[i]);
  }
  memset(sums, 0, (range + RR_LANES) * sizeof(float));
  for (size_t base = 0; base < documents; base += RR_RANGE) {
    size_t limit = documents - base < RR_RANGE ? documents : base + RR_RANGE;
    bool any = false;
    for (size_t i = 0; i < terms; i++) {
      if (at[i] == until[i] || postings.documents[at[i]] >= limit) continue;
      size_t next = rr_seek(postings.documents, at[i], until[i], limit);
      /* Documents that do not ascend could lie before the range, or after it. */
      for (size_t p = at[i]; p < next; p++)
        if (postings.documents[p] < base || postings.documents[p] >= limit) return rr_fail(call, RR_DOCUMENT, list[i]);
      rr_add_postings(&postings, at[i], next, weights[i], base, sums);
      at[i] = next;
      any = true;
    }
    if (!any) continue;
    size_t count = limit - base;
    for (size_t i = 0; i < count; i += RR_LANES) {
      vf values = vf_load(sums + i);
      vf_store(sums + i, vf_zero());
      float threshold = heap.threshold > 0 ? heap.threshold : 1e-45f;
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
        if (kept[lane] > 0 && i + lane < count && rr_allowed(allow, document)) rr_push(&heap, kept[lane], document);
      }
    }
  }
  counts[0] = rr_drain(&heap, indices, scores, 1);
  return RR_OK;
}

RR_INLINE float rr_sparse_dot(const float *query, bool wide, const void *indices, int kind, const void *values, size_t from, size_t to) {
  float a = 0, b = 0, c = 0, d = 0;
#define RR_TERM(p) (query[wide ? ((const uint32_t *)indices)[p] : ((const uint16_t *)indices)[p]] * rr_value(kind, values, p))
  size_t p = from;
  for (; p + 4 <= to; p += 4) {
    a += RR_TERM(p);
    b += RR_TERM(p + 1);
    c += RR_TERM(p + 2);
    d += RR_TERM(p + 3);
  }
  for (; p < to; p++) a += RR_TERM(p);
#undef RR_TERM
  return (a + b) + (c + d);
}

/* A unit is a row, of all or of a list. */
static int rr_sparse_scores(rr_call *call, size_t begin, size_t end) {
  static const uint8_t element[] = {4, 2, 1};
  size_t size = rr_size(call);
  const float *query = RR_BUFFER(call, const float, size);
  size_t rows = rr_size(call);
  const uint32_t *offsets = RR_BUFFER(call, const uint32_t, rows + 1);
  size_t count = rr_size(call);
  bool wide = rr_number(call) != 0;
  const void *indices = rr_take_buffer(call, count, wide ? 4 : 2);
  int kind = (int)rr_within(call, RR_FLOAT_VALUES, RR_BYTE_VALUES);
  const void *values = rr_take_buffer(call, count, element[kind]);
  bool listed;
  size_t units;
  const uint32_t *only = rr_optional_list(call, &listed, &units);
  if (!listed) units = rows;
  float *scores = RR_BUFFER(call, float, units);
  rr_check_units(call, begin, end, units);
  if (rr_short(call)) return call->fault;
  for (size_t unit = begin; unit < end; unit++) {
    size_t row = listed ? only[unit] : unit;
    if (row >= rows) return rr_fail(call, RR_ONLY, (double)unit);
    size_t from = offsets[row], to = offsets[row + 1];
    if (from > to || to > count) return rr_fail(call, RR_OFFSETS, (double)row);
    uint32_t largest = 0;
    if (wide)
      for (size_t p = from; p < to; p++) largest = ((const uint32_t *)indices)[p] > largest ? ((const uint32_t *)indices)[p] : largest;
    else
      for (size_t p = from; p < to; p++) largest = ((const uint16_t *)indices)[p] > largest ? ((const uint16_t *)indices)[p] : largest;
    if (from < to && largest >= size) return rr_fail(call, RR_DOCUMENT, (double)row);
#define RR_CASE(w, k) rr_sparse_dot(query, w, indices, k, values, from, to)
#define RR_KINDS(w) kind == RR_FLOAT_VALUES ? RR_CASE(w, RR_FLOAT_VALUES) : kind == RR_HALF_VALUES ? RR_CASE(w, RR_HALF_VALUES) : RR_CASE(w, RR_BYTE_VALUES)
    scores[unit] = wide ? RR_KINDS(true) : RR_KINDS(false);
#undef RR_KINDS
#undef RR_CASE
  }
  return RR_OK;
}
