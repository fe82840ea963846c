/* Scored postings added to accumulators, and dot products with sparse rows. */
#include "posting-blocks.h"

/* Whether every document of a list is below a limit. Looked at before they are used as places to write to. */
static bool rr_all_below(const uint32_t *documents, size_t from, size_t to, size_t limit) {
  uint32_t largest = 0;
  for (size_t i = from; i < to; i++) largest = documents[i] > largest ? documents[i] : largest;
  return from == to || largest < limit;
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
    if (!whole) {
      if (rr_add_postings(&postings, from, to, ((const float *)weights)[i], 0, documents, sums) != to) return rr_fail(call, RR_DOCUMENT, list[i]);
    } else {
      if (!rr_all_below(postings.documents, from, to, documents)) return rr_fail(call, RR_DOCUMENT, list[i]);
      uint32_t weight = ((const uint32_t *)weights)[i], *places = sums;
      for (size_t p = from; p < to; p++) places[postings.documents[p]] += weight * rr_whole_value(postings.kind, postings.values, p);
    }
  }
  return RR_OK;
}

/* One unit. */
static int rr_search_postings(rr_call *call, size_t begin, size_t end) {
  rr_postings postings = rr_take_postings(call);
  size_t terms = rr_size(call);
  const uint32_t *list = RR_BUFFER(call, const uint32_t, terms);
  const float *weights = RR_BUFFER(call, const float, terms);
  size_t documents = rr_size(call);
  bool filtered;
  size_t words;
  const uint32_t *allow = rr_optional_list(call, &filtered, &words);
  rr_blocks blocks = rr_take_blocks(call, &postings, documents);
  size_t k = rr_size(call);
  uint32_t *indices = RR_BUFFER(call, uint32_t, k);
  float *scores = RR_BUFFER(call, float, k);
  uint32_t *counts = RR_BUFFER(call, uint32_t, 1);
  rr_check_units(call, begin, end, 1);
  if (filtered && words < (documents + 31) / 32) rr_fail(call, RR_ARGUMENTS, 0);
  size_t *at = RR_ALLOCATE(call, size_t, terms), *until = RR_ALLOCATE(call, size_t, terms), *kept = RR_ALLOCATE(call, size_t, terms);
  size_t range = documents < RR_RANGE ? documents : RR_RANGE;
  float *sums = RR_ALLOCATE(call, float, range + RR_LANES);
  float *bounds = RR_ALLOCATE(call, float, blocks.count);
  rr_heap heap = rr_take_heap(call, k);
  if (rr_short(call)) return call->fault;
  rr_clear_heap(&heap);
  for (size_t i = 0; i < terms; i++)
    if (rr_bounds_of_list(call, &postings, list, i, &at[i], &until[i]) != RR_OK) return call->fault;
  memset(sums, 0, (range + RR_LANES) * sizeof(float));
  rr_query query = {&postings, terms, list, weights, documents, allow, at, until, kept, sums, &heap};
  if ((blocks.size > 0 ? rr_search_blocks(call, &query, &blocks, bounds) : rr_sum_all(call, &query)) != RR_OK) return call->fault;
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

/* Rows ahead that are fetched while one is scored. */
#define RR_SPARSE_AHEAD 4

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
    if (listed && unit + RR_SPARSE_AHEAD < end && only[unit + RR_SPARSE_AHEAD] < rows) {
      size_t ahead = offsets[only[unit + RR_SPARSE_AHEAD]], ahead_end = offsets[only[unit + RR_SPARSE_AHEAD] + 1];
      if (ahead_end > count) ahead_end = count;
      const char *index = (const char *)indices, *value = (const char *)values;
      for (size_t byte = ahead * (wide ? 4 : 2); byte < ahead_end * (wide ? 4 : 2); byte += 64) rr_prefetch(index + byte);
      for (size_t byte = ahead * element[kind]; byte < ahead_end * element[kind]; byte += 64) rr_prefetch(value + byte);
    }
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
