/* One packed list of a query's term: unpacking its blocks, what they can score at most, and moving on in it. */
#ifndef RR_PACKED_LIST_H
#define RR_PACKED_LIST_H
#include "kernel.h"

#define RR_POSTINGS_BLOCK 128
#define RR_INFO 8
#define RR_NO_BUCKET 255

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

/* The number of a packed value of a whole block, without unpacking the others. */
static inline uint32_t rr_value_at(const uint8_t *in, int bits, uint32_t index) {
  if (bits == 0) return 0;
  const uint32_t lane = index & 3, bit = (index >> 2) * (uint32_t)bits, word = bit >> 5, shift = bit & 31;
  uint64_t value = rr_word_at(in + word * 16 + lane * 4);
  if (shift + (uint32_t)bits > 32) value |= (uint64_t)rr_word_at(in + word * 16 + 16 + lane * 4) << 32;
  value >>= shift;
  return (uint32_t)(value & ((1ull << bits) - 1));
}

/* About how many documents of a list lie in a window. */
static inline double rr_here_of(const rr_list *list, size_t base, uint32_t end) {
  if (list->block >= list->blocks || list->last < base) return 0;
  if (!list->tabled) return list->size;
  const double before = list->block > 0 ? rr_last_of(list, list->block - 1) : 0;
  const double share = RR_POSTINGS_BLOCK / (list->last - before + 1) * (double)(end - base);
  return share;
}

#endif
