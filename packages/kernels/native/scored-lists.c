/* The best documents for lists whose scores are known (see `ScoredLists` in src/contract/postings.ts). */
#include "best-keys.h"

/* One unit: the whole search. Every posting is added up; sums of 0 are no matches. */
static int rr_search_scored(rr_call *call, size_t first_unit, size_t end_unit) {
  if (first_unit >= end_unit) return RR_OK;
  const size_t documents = rr_size(call);
  const size_t k = rr_size(call);
  const float above = (float)rr_number(call);
  const size_t count = rr_size(call);
  const size_t length = rr_size(call);
  size_t allow_count;
  bool allow_present;
  const uint32_t *allow = rr_optional_list(call, &allow_present, &allow_count);
  const uint32_t *numbers = RR_BUFFER(call, const uint32_t, length);
  const float *scores = RR_BUFFER(call, const float, length);
  const uint32_t *ranges = RR_BUFFER(call, const uint32_t, 2 * count);
  uint32_t *out_documents = RR_BUFFER(call, uint32_t, k);
  float *out_scores = RR_BUFFER(call, float, k);
  uint32_t *out_counts = RR_BUFFER(call, uint32_t, 1);
  const size_t places = (documents + 7) & ~(size_t)7;
  const size_t room = rr_room_for(k);
  double *sums = RR_ALLOCATE(call, double, places);
  uint64_t *keys = RR_ALLOCATE(call, uint64_t, room);
  uint64_t *spare = RR_ALLOCATE(call, uint64_t, room);
  if (rr_short(call)) return call->fault;
  memset(sums, 0, places * sizeof(double));
  for (size_t i = 0; i < count; i++) {
    const size_t begin = ranges[2 * i], end = ranges[2 * i + 1];
    if (begin > end || end > length) return rr_fail(call, RR_OFFSETS, (double)i);
    for (size_t p = begin; p < end; p++) {
      if (numbers[p] >= documents) return rr_fail(call, RR_DOCUMENT, (double)i);
      sums[numbers[p]] += scores[p];
    }
  }
  rr_best best = {k, 0, room, keys, spare, above};
  for (size_t at = 0; at < documents; at += 8) {
    unsigned any = rr_above(sums + at, (double)best.threshold * (1 - 0x1p-20));
    while (any) {
      const uint32_t document = (uint32_t)at + (uint32_t)__builtin_ctz(any);
      any &= any - 1;
      const float score = (float)sums[document];
      if (score > best.threshold && (!allow_present || rr_allowed(allow, document))) rr_best_push(&best, score, document);
    }
  }
  rr_best_sort(&best);
  rr_best_put(&best, out_documents, out_scores, out_counts);
  return RR_OK;
}
