/* The best k of scores that are not negative, of equal ones the smaller document, kept as keys of 64 bits. */
#ifndef RR_BEST_KEYS_H
#define RR_BEST_KEYS_H
#include "kernel.h"
#include "simd.h"

/*
 * Keys order as rankings do: the larger score first, then the smaller document. Scores are not negative, so their bits are in their order.
 * Kept are the best k, and up to as many more that came since the last sifting; the worst of the k at that time is the threshold.
 * A few are kept in order instead, so that the threshold is always the newest.
 */
#define RR_FEW 32

typedef struct {
  size_t k, size, room;
  uint64_t *keys;
  uint64_t *spare;
  float threshold;
} rr_best;

static inline uint64_t rr_key_of(float score, uint32_t document) {
  uint32_t bits;
  memcpy(&bits, &score, 4);
  return (uint64_t)bits << 32 | (uint32_t)~document;
}

static inline float rr_score_in(uint64_t key) {
  const uint32_t bits = (uint32_t)(key >> 32);
  float score;
  memcpy(&score, &bits, 4);
  return score;
}

/* Brings the k largest keys to the front (quickselect, median of three). */
static void rr_select_largest(uint64_t *keys, size_t count, size_t k) {
  size_t low = 0, high = count;
  while (high - low > 1 && k > low && k < high) {
    const uint64_t a = keys[low], b = keys[low + (high - low) / 2], c = keys[high - 1];
    const uint64_t pivot = a < b ? (b < c ? b : a < c ? c : a) : (a < c ? a : b < c ? c : b);
    size_t i = low, j = high;
    for (;;) {
      while (keys[i] > pivot) i++;
      do j--;
      while (keys[j] < pivot);
      if (i >= j) break;
      const uint64_t held = keys[i];
      keys[i] = keys[j];
      keys[j] = held;
      i++;
    }
    /* Keys are distinct: [low, j] are at least the pivot, the rest at most. */
    if (k <= j + 1 && j + 1 < high) high = j + 1;
    else if (j + 1 < high) low = j + 1;
    else high = j;
  }
}

static void rr_best_sift(rr_best *best) {
  if (best->size <= best->k) return;
  rr_select_largest(best->keys, best->size, best->k);
  best->size = best->k;
  uint64_t least = best->keys[0];
  for (size_t i = 1; i < best->k; i++)
    if (best->keys[i] < least) least = best->keys[i];
  best->threshold = rr_score_in(least);
}

static inline void rr_best_push(rr_best *best, float score, uint32_t document) {
  const uint64_t key = rr_key_of(score, document);
  if (best->k <= RR_FEW) {
    size_t at;
    if (best->size < best->k) at = best->size++;
    else if (key <= best->keys[best->k - 1]) return;
    else at = best->k - 1;
    while (at > 0 && best->keys[at - 1] < key) best->keys[at] = best->keys[at - 1], at--;
    best->keys[at] = key;
    if (best->size == best->k) best->threshold = rr_score_in(best->keys[best->k - 1]);
    return;
  }
  best->keys[best->size++] = key;
  if (best->size == best->room) rr_best_sift(best);
}

/* Sorts by digits of eight bits, lowest first; digits that are the same everywhere are passed over. */
static void rr_best_sort(rr_best *best) {
  rr_best_sift(best);
  uint64_t *from = best->keys, *to = best->spare;
  const size_t count = best->size;
  if (best->k > RR_FEW) {
    uint64_t all = 0, common = ~0ull;
    for (size_t i = 0; i < count; i++) all |= from[i], common &= from[i];
    const uint64_t differing = all ^ common;
    for (int shift = 0; shift < 64; shift += 8) {
      if ((differing >> shift & 255) == 0) continue;
      uint32_t starts[257] = {0};
      for (size_t i = 0; i < count; i++) starts[256 - (from[i] >> shift & 255)]++;
      for (int d = 1; d < 257; d++) starts[d] += starts[d - 1];
      for (size_t i = 0; i < count; i++) to[starts[255 - (from[i] >> shift & 255)]++] = from[i];
      uint64_t *held = from;
      from = to;
      to = held;
    }
  }
  best->keys = from;
}

static void rr_best_put(const rr_best *best, uint32_t *documents, float *scores, uint32_t *counts) {
  for (size_t i = 0; i < best->size; i++) {
    documents[i] = ~(uint32_t)best->keys[i];
    scores[i] = rr_score_in(best->keys[i]);
  }
  counts[0] = (uint32_t)best->size;
}

/* Keys that are held for the best k. */
static inline size_t rr_room_for(size_t k) { return k <= RR_FEW ? k : k + (k < 512 ? k : 512); }

/* Which of eight sums are rr_above a limit. */
static inline unsigned rr_above(const double *eight, double limit) {
#if defined(__AVX512F__)
  return _mm512_cmp_pd_mask(_mm512_loadu_pd(eight), _mm512_set1_pd(limit), _CMP_GT_OQ);
#elif defined(__AVX2__)
  const __m256d bound = _mm256_set1_pd(limit);
  return (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(_mm256_loadu_pd(eight), bound, _CMP_GT_OQ)) |
         (unsigned)_mm256_movemask_pd(_mm256_cmp_pd(_mm256_loadu_pd(eight + 4), bound, _CMP_GT_OQ)) << 4;
#else
  unsigned any = 0;
  for (int j = 0; j < 8; j++) any |= (unsigned)(eight[j] > limit) << j;
  return any;
#endif
}

#endif
