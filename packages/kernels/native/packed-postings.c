/*
 * The best documents for weighted terms whose postings are packed (see `PackedPostings` in src/contract.ts for the layout).
 *
 * A term adds `base - weight / (1 + frequency * inverse)` in single precision; sums are of double precision, in which they are exact,
 * so that any order of adding gives the same ranking. Compile with -ffp-contract=off.
 *
 * Documents are gone through in windows. In each window the terms that together cannot reach the worst score kept are set aside
 * (MaxScore: Turtle and Flood 1995, with the block maxima of Ding and Suel 2011); the others are unpacked and added up, and what
 * could still get among the best is looked up in those set aside.
 */
#include "kernel.h"
#include "simd.h"

#define RR_POSTINGS_BLOCK 128
#define RR_INFO 8
#define RR_NO_BUCKET 255
/* Windows: how long at least and at most, and into how many a collection is divided between. */
#define RR_SHORTEST_WINDOW 2048
#define RR_LONGEST_WINDOW 16384
#define RR_WINDOWS 64
/* A list is set aside if it has more than so many postings for each document that comes from the others: looking one up costs about that much. */
#define RR_ASIDE 4

typedef uint32_t rr_words __attribute__((vector_size(16)));

typedef struct {
  const uint8_t *list;
  uint32_t count, blocks;
  bool tabled;
  float base, weight;
  const float *inverse, *bucket_inverse;
  const uint8_t *codes8;
  const uint16_t *codes16;
  /* The unpacked block (none: block == blocks or unpacked == false); documents end with RR_NONE. */
  uint32_t block, size, index, unpacked;
  /* The last document of the current block. */
  uint32_t last;
  /* The largest score in the whole list, and in the current block. */
  float most, block_most;
  uint32_t block_bounded;
  uint32_t documents[RR_POSTINGS_BLOCK + 1];
  uint32_t frequencies[RR_POSTINGS_BLOCK];
  float scores[RR_POSTINGS_BLOCK];
} rr_list;

static inline uint32_t rr_word_at(const uint8_t *p) {
  uint32_t value;
  memcpy(&value, p, 4);
  return value;
}

/* --- Unpacking --- */

static inline __attribute__((always_inline)) rr_words rr_row_of(const uint8_t *in, const int bits, const int row) {
  if (bits == 0) return (rr_words){0, 0, 0, 0};
  const int bit = row * bits, word = bit >> 5, shift = bit & 31;
  rr_words low, value;
  memcpy(&low, in + word * 16, 16);
  value = low >> (uint32_t)shift;
  if (shift + bits > 32) {
    rr_words high;
    memcpy(&high, in + word * 16 + 16, 16);
    value |= high << (uint32_t)(32 - shift);
  }
  if (bits < 32) value &= (uint32_t)((1ull << bits) - 1);
  return value;
}

#define RR_ROWS(M) M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15) M(16) M(17) M(18) M(19) M(20) M(21) M(22) M(23) M(24) M(25) M(26) M(27) M(28) M(29) M(30) M(31)
#define RR_WIDTHS(M) RR_ROWS(M) M(32)

static inline __attribute__((always_inline)) void rr_unpack_gaps(const uint8_t *in, const int bits, uint32_t before, uint32_t *out) {
  rr_words sum = {before, before, before, before};
  const rr_words zero = {0, 0, 0, 0};
#define ROW(r)                                                  \
  {                                                             \
    rr_words v = rr_row_of(in, bits, r) + 1;                             \
    v += __builtin_shufflevector(v, zero, 4, 0, 1, 2);          \
    v += __builtin_shufflevector(v, zero, 4, 5, 0, 1);          \
    sum = v + __builtin_shufflevector(sum, sum, 3, 3, 3, 3);    \
    memcpy(out + 4 * r, &sum, 16);                              \
  }
  RR_ROWS(ROW)
#undef ROW
}

static inline __attribute__((always_inline)) void rr_unpack_frequencies(const uint8_t *in, const int bits, uint32_t *out) {
#define ROW(r)                            \
  {                                       \
    rr_words v = rr_row_of(in, bits, r) + 1;       \
    memcpy(out + 4 * r, &v, 16);          \
  }
  RR_ROWS(ROW)
#undef ROW
}

static void rr_gaps_of_block(const uint8_t *in, int bits, uint32_t before, uint32_t *out) {
  switch (bits) {
#define CASE(b) case b: rr_unpack_gaps(in, b, before, out); break;
    RR_WIDTHS(CASE)
#undef CASE
  }
}

static void rr_frequencies_of_block(const uint8_t *in, int bits, uint32_t *out) {
  switch (bits) {
#define CASE(b) case b: rr_unpack_frequencies(in, b, out); break;
    RR_WIDTHS(CASE)
#undef CASE
  }
}

/* Values one after the other; reads no byte beyond the last value's. */
static void rr_unpack_run(const uint8_t *in, size_t bytes, int bits, uint32_t count, uint32_t *out) {
  const uint64_t mask = bits == 32 ? 0xffffffffu : (1u << bits) - 1;
  uint64_t bit = 0;
  for (uint32_t i = 0; i < count; i++, bit += (uint64_t)bits) {
    size_t at = (size_t)(bit >> 3);
    uint64_t word = 0;
    if (at + 8 <= bytes) memcpy(&word, in + at, 8);
    else if (at < bytes) memcpy(&word, in + at, bytes - at);
    out[i] = (uint32_t)((word >> (bit & 7)) & mask);
  }
}

/* --- Lists --- */

static inline const uint8_t *rr_info_of(const rr_list *list, uint32_t block) { return list->list + (size_t)list->blocks * 8 + (size_t)block * RR_INFO; }
static inline uint32_t rr_last_of(const rr_list *list, uint32_t block) { return rr_word_at(list->list + (size_t)block * 4); }

static inline float rr_score_of(const rr_list *list, float frequency, float inverse) {
  float x = frequency * inverse;
  x = 1.0f + x;
  return list->base - list->weight / x;
}

/* What a block's information says it can score at most. */
static float rr_bound_of(const rr_list *list, const uint8_t *info) {
  float most = 0;
  const uint8_t highest = info[2];
  for (int group = 0; group < 4; group++) {
    const uint8_t bucket = info[3 + group];
    if (bucket == RR_NO_BUCKET) continue;
    float score;
    if (group == 3 && highest == RR_NO_BUCKET) score = list->base;
    else {
      const float frequency = group == 0 ? 1 : group == 1 ? 2 : group == 2 ? (highest < 4 ? highest : 4) : highest;
      score = rr_score_of(list, frequency, list->bucket_inverse[bucket]);
    }
    if (score > most) most = score;
  }
  return most;
}

static inline float rr_inverse_at(const rr_list *list, uint32_t document) {
  return list->inverse[list->codes16 ? list->codes16[document] : list->codes8[document]];
}

/* Unpacks the documents (and with `whole` the scores) of the current block. false: the list is damaged. */
static bool rr_unpack_postings(rr_list *list, size_t documents, size_t available, bool whole) {
  if (list->count == 1) return true;
  const uint32_t block = list->block;
  if (!(list->unpacked & 1)) {
    list->size = block + 1 < list->blocks ? RR_POSTINGS_BLOCK : list->count - block * RR_POSTINGS_BLOCK;
    list->index = 0;
  }
  const uint32_t size = list->size;
  const uint8_t *at;
  int gap_bits, frequency_bits;
  size_t from = 0;
  uint32_t before = (uint32_t)-1;
  if (!list->tabled) {
    gap_bits = list->list[0] & 63;
    frequency_bits = list->list[0] >> 6;
    from = 1;
    if (frequency_bits == 3) frequency_bits = list->list[1], from = 2;
  } else {
    const uint8_t *info = rr_info_of(list, block);
    gap_bits = info[0];
    frequency_bits = info[1];
    from = (size_t)list->blocks * (8 + RR_INFO) + RR_INFO;
    if (block > 0) {
      from += rr_word_at(list->list + ((size_t)list->blocks + block - 1) * 4);
      before = rr_last_of(list, block - 1);
    }
  }
  if (gap_bits > 32 || frequency_bits > 32) return false;
  const size_t gap_bytes = size == RR_POSTINGS_BLOCK ? (size_t)gap_bits * 16 : (size * (size_t)gap_bits + 7) / 8;
  const size_t frequency_bytes = size == RR_POSTINGS_BLOCK ? (size_t)frequency_bits * 16 : (size * (size_t)frequency_bits + 7) / 8;
  if (from > available || gap_bytes + frequency_bytes > available - from) return false;
  at = list->list + from;
  if (!(list->unpacked & 1)) {
    if (size == RR_POSTINGS_BLOCK) rr_gaps_of_block(at, gap_bits, before, list->documents);
    else {
      rr_unpack_run(at, gap_bytes, gap_bits, size, list->documents);
      for (uint32_t i = 0; i < size; i++) before = list->documents[i] += before + 1;
    }
    list->documents[size] = RR_NONE;
    /* Damaged gaps can run over: documents that do not ascend, or that are not there, must not be used as places. */
    uint32_t wrong = list->documents[size - 1] >= documents;
    for (uint32_t i = 1; i < size; i++) wrong |= list->documents[i] <= list->documents[i - 1];
    if (wrong) return false;
    list->unpacked |= 1;
  }
  if (whole && !(list->unpacked & 2)) {
    if (size == RR_POSTINGS_BLOCK) rr_frequencies_of_block(at + gap_bytes, frequency_bits, list->frequencies);
    else {
      rr_unpack_run(at + gap_bytes, frequency_bytes, frequency_bits, size, list->frequencies);
      for (uint32_t i = 0; i < size; i++) list->frequencies[i]++;
    }
    float inverse[RR_POSTINGS_BLOCK];
    const float *table = list->inverse;
    if (list->codes16)
      for (uint32_t i = 0; i < size; i++) inverse[i] = table[list->codes16[list->documents[i]]];
    else
      for (uint32_t i = 0; i < size; i++) inverse[i] = table[list->codes8[list->documents[i]]];
    for (uint32_t i = 0; i < size; i++) {
      float x = (float)(int32_t)list->frequencies[i] * inverse[i];
      x = 1.0f + x;
      list->scores[i] = list->base - list->weight / x;
    }
    list->unpacked |= 2;
  }
  return true;
}

/* Goes to the block that may have the document: the first that does not end before it. */
static inline void rr_skip_to(rr_list *list, uint32_t document) {
  if (list->last >= document) return;
  uint32_t block = list->block + 1;
  if (!list->tabled) {
    list->block = list->blocks;
    list->last = RR_NONE;
    return;
  }
  while (block < list->blocks && rr_last_of(list, block) < document) block++;
  list->block = block;
  list->unpacked = 0;
  list->block_bounded = 0;
  list->last = block < list->blocks ? rr_last_of(list, block) : RR_NONE;
}

static inline float rr_block_bound(rr_list *list) {
  if (!list->tabled) return list->most;
  if (!list->block_bounded) {
    list->block_most = rr_bound_of(list, rr_info_of(list, list->block));
    list->block_bounded = 1;
  }
  return list->block_most;
}

/* --- The best so far --- */

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

/* --- Search --- */

/* Adds the list's scores below `end` to the window that starts at `base`. */
static bool rr_add_window(rr_list *list, uint32_t base, uint32_t end, double *sums, uint64_t *found, size_t documents, const uint8_t *limit) {
  for (;;) {
    if (list->block >= list->blocks) return true;
    if (!rr_unpack_postings(list, documents, (size_t)(limit - list->list), true)) return false;
    uint32_t i = list->index;
    const uint32_t size = list->size;
    const uint32_t *numbers = list->documents;
    while (i < size && numbers[i] < base) i++;
    uint32_t stop = size;
    if (numbers[size - 1] >= end) {
      stop = i;
      while (numbers[stop] < end) stop++;
    }
    if (found != NULL) {
      for (; i < stop; i++) {
        const uint32_t at = numbers[i] - base;
        sums[at] += list->scores[i];
        found[at >> 6] |= 1ull << (at & 63);
      }
    } else
      for (; i < stop; i++) sums[numbers[i] - base] += list->scores[i];
    list->index = stop;
    if (stop < size) return true;
    if (!list->tabled || list->block + 1 >= list->blocks) {
      list->block = list->blocks;
      list->last = RR_NONE;
      return true;
    }
    list->block++;
    list->unpacked = 0;
    list->block_bounded = 0;
    list->last = rr_last_of(list, list->block);
    if (list->last < base) rr_skip_to(list, base);
  }
}

/* The number of a packed value of a whole block, without unpacking the others. */
static inline uint32_t rr_value_at(const uint8_t *in, int bits, uint32_t index) {
  if (bits == 0) return 0;
  const uint32_t lane = index & 3, bit = (index >> 2) * (uint32_t)bits, word = bit >> 5, shift = bit & 31;
  uint64_t value = rr_word_at(in + word * 16 + lane * 4);
  if (shift + (uint32_t)bits > 32) value |= (uint64_t)rr_word_at(in + word * 16 + 16 + lane * 4) << 32;
  value >>= shift;
  return (uint32_t)(value & ((1ull << bits) - 1));
}

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

/* About how many documents of a list lie in a window. */
static inline double rr_here_of(const rr_list *list, size_t base, uint32_t end) {
  if (list->block >= list->blocks || list->last < base) return 0;
  if (!list->tabled) return list->size;
  const double before = list->block > 0 ? rr_last_of(list, list->block - 1) : 0;
  const double share = RR_POSTINGS_BLOCK / (list->last - before + 1) * (double)(end - base);
  return share;
}

/* One unit: the whole search. */
static int rr_search_packed(rr_call *call, size_t first_unit, size_t end_unit) {
  if (first_unit >= end_unit) return RR_OK;
  const size_t documents = rr_size(call);
  const size_t k = rr_size(call);
  const size_t count = rr_size(call);
  const float above = (float)rr_number(call);
  const bool pruned = rr_number(call) != 0;
  const bool wide = rr_number(call) != 0;
  const size_t fields = rr_size(call);
  const size_t postings_bytes = (size_t)rr_number(call);
  size_t allow_count;
  bool allow_present;
  const uint32_t *allow = rr_optional_list(call, &allow_present, &allow_count);
  const uint8_t *postings = rr_take_buffer(call, postings_bytes, 1);
  const void *codes = rr_take_buffer(call, documents * fields, wide ? 2 : 1);
  /* One entry for each code there can be. */
  const size_t table_size = wide ? 65536 : 256;
  const float *table = RR_BUFFER(call, const float, table_size * fields);
  const float *bucket_table = RR_BUFFER(call, const float, 255 * fields);
  const double *starts = RR_BUFFER(call, const double, count);
  const uint32_t *counts = RR_BUFFER(call, const uint32_t, count);
  const uint32_t *occurrences = RR_BUFFER(call, const uint32_t, count);
  const uint32_t *term_fields = RR_BUFFER(call, const uint32_t, count);
  const float *bases = RR_BUFFER(call, const float, count);
  const float *weights = RR_BUFFER(call, const float, count);
  uint32_t *out_documents = RR_BUFFER(call, uint32_t, k);
  float *out_scores = RR_BUFFER(call, float, k);
  uint32_t *out_counts = RR_BUFFER(call, uint32_t, 1);

  /* Windows are no longer than the collection, and short where a window's bounds are to mean something. */
  size_t window = RR_SHORTEST_WINDOW;
  while (window < RR_LONGEST_WINDOW && window * RR_WINDOWS < documents) window *= 2;
  rr_list *lists = RR_ALLOCATE(call, rr_list, count);
  rr_list **order = RR_ALLOCATE(call, rr_list *, count);
  float *window_most = RR_ALLOCATE(call, float, count);
  double *sums = RR_ALLOCATE(call, double, window + 8);
  uint64_t *found = RR_ALLOCATE(call, uint64_t, window / 64);
  uint32_t *candidates = RR_ALLOCATE(call, uint32_t, window);
  double *candidate_sums = RR_ALLOCATE(call, double, window);
  const size_t room = rr_room_for(k);
  uint64_t *keys = RR_ALLOCATE(call, uint64_t, room);
  uint64_t *spare = RR_ALLOCATE(call, uint64_t, room);
  if (rr_short(call)) return call->fault;

  size_t used = 0;
  const uint8_t *limit = postings + postings_bytes;
  for (size_t i = 0; i < count; i++) {
    rr_list *list = &lists[used];
    const uint32_t field = term_fields[i];
    if (counts[i] == 0) continue;
    if (field >= fields) return rr_fail(call, RR_ARGUMENTS, (double)i);
    list->count = counts[i];
    list->blocks = (counts[i] + RR_POSTINGS_BLOCK - 1) / RR_POSTINGS_BLOCK;
    list->tabled = counts[i] >= RR_POSTINGS_BLOCK;
    list->base = bases[i];
    list->weight = weights[i];
    list->inverse = table + table_size * field;
    list->bucket_inverse = bucket_table + 255 * field;
    list->codes8 = wide ? NULL : (const uint8_t *)codes + documents * field;
    list->codes16 = wide ? (const uint16_t *)codes + documents * field : NULL;
    list->block = 0;
    list->unpacked = 0;
    list->index = 0;
    list->block_bounded = 0;
    if (counts[i] == 1) {
      if (!(starts[i] >= 0 && starts[i] < (double)documents)) return rr_fail(call, RR_DOCUMENT, (double)i);
      list->list = limit;
      list->documents[0] = (uint32_t)starts[i];
      list->documents[1] = RR_NONE;
      list->frequencies[0] = occurrences[i];
      list->scores[0] = rr_score_of(list, (float)occurrences[i], rr_inverse_at(list, list->documents[0]));
      list->size = 1;
      list->unpacked = 3;
    } else {
      if (!(starts[i] >= 0 && starts[i] < (double)postings_bytes)) return rr_fail(call, RR_OFFSETS, (double)i);
      list->list = postings + (size_t)starts[i];
      if (list->tabled) {
        if ((size_t)list->blocks * (8 + RR_INFO) + RR_INFO > (size_t)(limit - list->list)) return rr_fail(call, RR_OFFSETS, (double)i);
      } else if (!rr_unpack_postings(list, documents, (size_t)(limit - list->list), true)) return rr_fail(call, RR_OFFSETS, (double)i);
    }
    if (list->tabled) {
      list->most = rr_bound_of(list, rr_info_of(list, list->blocks));
      list->last = rr_last_of(list, 0);
    } else {
      list->most = 0;
      for (uint32_t j = 0; j < list->size; j++)
        if (list->scores[j] > list->most) list->most = list->scores[j];
      list->last = list->documents[list->size - 1];
    }
    order[used] = list;
    used++;
  }
  rr_best best = {k, 0, room, keys, spare, above};
  memset(sums, 0, (window + 8) * sizeof(double));
  memset(found, 0, window / 64 * sizeof(uint64_t));

  for (size_t base = 0; base < documents;) {
    const uint32_t end = (uint32_t)(base + window < documents ? base + window : documents);
    const float threshold = best.threshold;
    size_t essential = 0;
    double rest = 0;
    if (pruned && threshold > 0) {
      double total = 0;
      for (size_t i = 0; i < used; i++) {
        rr_list *list = order[i];
        float most = 0;
        if (list->last < base) rr_skip_to(list, (uint32_t)base);
        if (list->block < list->blocks) {
          if (!list->tabled) {
            most = list->most;
          } else {
            most = rr_block_bound(list);
            /* The blocks after it that begin in the window. */
            if (list->last + 1 < end && list->block + 1 < list->blocks) {
              uint32_t block = list->block;
              while (block + 1 < list->blocks && rr_last_of(list, block) + 1 < end) {
                const float more = rr_bound_of(list, rr_info_of(list, ++block));
                if (more > most) most = more;
              }
            }
          }
        }
        /* Insertion: few terms, and nearly in order from the window before. */
        size_t at = i;
        while (at > 0 && window_most[at - 1] > most) {
          window_most[at] = window_most[at - 1];
          order[at] = order[at - 1];
          at--;
        }
        window_most[at] = most;
        order[at] = list;
        total += most;
      }
      if ((float)total <= threshold) {
        base = end;
        continue;
      }
      /* How many postings the lists have here, about; those that have many more than there will be candidates are set aside. */
      size_t can = 0;
      while (can < used && (float)(rest + window_most[can]) <= threshold) rest += window_most[can++];
      double coming = 0;
      for (size_t i = can; i < used; i++) coming += rr_here_of(order[i], base, end);
      rest = 0;
      for (size_t i = can; i-- > 0;) {
        rr_list *list = order[i];
        const double here = rr_here_of(list, base, end);
        if (here > RR_ASIDE * coming) continue;
        coming += here;
        /* To the end of those that are added up. */
        const float most = window_most[i];
        for (size_t j = i; j + 1 < can; j++) order[j] = order[j + 1], window_most[j] = window_most[j + 1];
        order[--can] = list;
        window_most[can] = most;
      }
      essential = can;
      for (size_t i = 0; i < can; i++) rest += window_most[i];
    }
    /* Add up the lists that can bring a document in. */
    size_t postings_here = 0;
    for (size_t i = essential; i < used; i++) {
      rr_list *list = order[i];
      if (list->last < base) rr_skip_to(list, (uint32_t)base);
      if (list->block >= list->blocks) continue;
      postings_here += list->tabled ? (size_t)((double)list->count * (double)window / (double)documents) + 1 : 1;
    }
    const bool dense = postings_here * 12 > window;
    for (size_t i = essential; i < used; i++)
      if (order[i]->block < order[i]->blocks && !rr_add_window(order[i], (uint32_t)base, end, sums, dense ? NULL : found, documents, limit)) return rr_fail(call, RR_OFFSETS, (double)i);
    /* What can still get among the best. */
    size_t candidate_count = 0;
    const uint32_t width = end - (uint32_t)base;
    if (dense) {
      /* Eight at a time: most have none. A sum of 0 is no document: scores are rr_above 0. Compared a little low, then exactly. */
      const double short_of = (double)threshold - rest;
      const double least = short_of > 0 ? short_of * (1 - 0x1p-20) : 0;
      for (uint32_t at = 0; at < width; at += 8) {
        const double *eight = sums + at;
        unsigned any = rr_above(eight, least);
        while (any) {
          const uint32_t j = (uint32_t)__builtin_ctz(any);
          any &= any - 1;
          candidates[candidate_count] = (uint32_t)base + at + j;
          candidate_sums[candidate_count] = eight[j];
          candidate_count += (float)(eight[j] + rest) > threshold;
        }
      }
      memset(sums, 0, ((width + 7) & ~7u) * sizeof(double));
    } else {
      for (uint32_t word = 0; word < (width + 63) / 64; word++) {
        uint64_t bits = found[word];
        if (bits == 0) continue;
        found[word] = 0;
        do {
          const uint32_t at = word * 64 + (uint32_t)__builtin_ctzll(bits);
          bits &= bits - 1;
          const double sum = sums[at];
          sums[at] = 0;
          candidates[candidate_count] = (uint32_t)base + at;
          candidate_sums[candidate_count] = sum;
          candidate_count += (float)(sum + rest) > threshold;
        } while (bits);
      }
    }
    if (allow_present) {
      size_t kept = 0;
      for (size_t c = 0; c < candidate_count; c++) {
        candidates[kept] = candidates[c];
        candidate_sums[kept] = candidate_sums[c];
        kept += rr_allowed(allow, candidates[c]);
      }
      candidate_count = kept;
    }
    /* Look them up in the lists set aside, the one that can bring most first. */
    for (size_t i = essential; i-- > 0 && candidate_count > 0;) {
      rr_list *list = order[i];
      rest = 0;
      for (size_t j = 0; j < i; j++) rest += window_most[j];
      size_t kept = 0;
      for (size_t c = 0; c < candidate_count; c++) {
        const uint32_t document = candidates[c];
        double sum = candidate_sums[c];
        if (list->last < document) rr_skip_to(list, document);
        if (list->block < list->blocks && (float)(sum + rest + rr_block_bound(list)) > threshold) {
          if (!(list->unpacked & 1) && !rr_unpack_postings(list, documents, (size_t)(limit - list->list), false)) return rr_fail(call, RR_OFFSETS, (double)i);
          const uint32_t *numbers = list->documents;
          uint32_t at = list->index;
          if (numbers[at] < document) {
            uint32_t step = 1;
            while (at + step < list->size && numbers[at + step] < document) at += step, step *= 2;
            uint32_t low = at + 1, high = at + step < list->size ? at + step : list->size;
            while (low < high) {
              const uint32_t middle = (low + high) / 2;
              if (numbers[middle] < document) low = middle + 1;
              else high = middle;
            }
            at = low;
            list->index = at;
          }
          if (numbers[at] == document) {
            if (list->unpacked & 2) sum += list->scores[at];
            else if (list->size == RR_POSTINGS_BLOCK) {
              const uint8_t *info = rr_info_of(list, list->block);
              const size_t from = (size_t)list->blocks * (8 + RR_INFO) + RR_INFO + (list->block > 0 ? rr_word_at(list->list + ((size_t)list->blocks + list->block - 1) * 4) : 0);
              const uint32_t frequency = 1 + rr_value_at(list->list + from + (size_t)info[0] * 16, info[1], at);
              sum += rr_score_of(list, (float)(int32_t)frequency, rr_inverse_at(list, document));
            } else {
              if (!rr_unpack_postings(list, documents, (size_t)(limit - list->list), true)) return rr_fail(call, RR_OFFSETS, (double)i);
              sum += list->scores[at];
            }
          }
        }
        candidates[kept] = document;
        candidate_sums[kept] = sum;
        kept += (float)(sum + rest) > threshold;
      }
      candidate_count = kept;
    }
    for (size_t c = 0; c < candidate_count; c++)
      if ((float)candidate_sums[c] > best.threshold) rr_best_push(&best, (float)candidate_sums[c], candidates[c]);
    /* Go on where the next document is. */
    base = end;
    if (!pruned || threshold == 0) {
      uint32_t next = RR_NONE;
      for (size_t i = 0; i < used; i++) {
        if (order[i]->block >= order[i]->blocks) continue;
        const uint32_t at = (order[i]->unpacked & 1) ? order[i]->documents[order[i]->index] : end;
        if (at < next) next = at;
      }
      if (next == RR_NONE) break;
      if (next > base) base = next;
    }
  }
  rr_best_sort(&best);
  rr_best_put(&best, out_documents, out_scores, out_counts);
  return RR_OK;
}

/* --- Lists whose scores are known --- */

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
