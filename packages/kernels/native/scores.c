/* Score matrices, search without them, and the best of a list. */
#include "block.h"
#include "heap.h"
#include "one.h"

/* Up to so many queries go through the rows one after another, with their numbers along the registers; more stand side by side in a block. */
#define RR_FEW_QUERIES 3

RR_INLINE bool rr_smaller_is_better(int metric) { return metric == RR_L2 || metric == RR_HAMMING; }

/* Rows ahead that are fetched while one is scored. */
#define RR_ROWS_AHEAD 8

/* Prefetches a row to come, of all or of a list. */
RR_INLINE void rr_prefetch_ahead(const rr_one *one, const uint32_t *only, size_t unit, size_t end, size_t rows) {
  if (unit + RR_ROWS_AHEAD >= end) return;
  size_t row = only == NULL ? unit + RR_ROWS_AHEAD : only[unit + RR_ROWS_AHEAD];
  if (row < rows) rr_prefetch_row(one, row);
}

/* A unit is a row, of all or of a list. */
static int rr_scores(rr_call *call, size_t begin, size_t end) {
  rr_rows queries = rr_take_rows(call), rows = rr_take_rows(call);
  int metric = (int)rr_within(call, RR_DOT, RR_HAMMING);
  bool listed;
  size_t units;
  const uint32_t *only = rr_optional_list(call, &listed, &units);
  if (!listed) units = rows.rows;
  const float *norms = rr_optional_floats(call, rows.rows - rows.first);
  size_t total;
  if (__builtin_mul_overflow(units, queries.rows, &total)) return rr_fail(call, RR_ARGUMENTS, 0);
  float *out = RR_BUFFER(call, float, total);
  if (queries.dim != rows.dim || queries.first != 0 || (metric == RR_HAMMING && (queries.type != RR_BITS || rows.type != RR_BITS))) rr_fail(call, RR_ARGUMENTS, 0);
  rr_check_units(call, begin, end, units);
  rr_codebook book = rr_take_codebook(call, &queries);
  bool few = queries.rows <= RR_FEW_QUERIES;
  rr_one one = {0};
  rr_block block = {0};
  if (few) one = rr_take_one(call, &queries, &rows, metric, norms);
  else block = rr_take_block(call, &queries, &rows, metric, norms, end - begin);
  if (rr_short(call)) return call->fault;
  rr_fill_codebook(&book, &queries);
  if (listed)
    for (size_t unit = begin; unit < end; unit++)
      if (only[unit] >= rows.rows || only[unit] < rows.first) return rr_fail(call, RR_ONLY, (double)unit);
  if (few) {
    for (size_t q = 0; q < queries.rows; q++) {
      rr_fill_one(&one, &queries, &book, q);
      for (size_t unit = begin; unit < end; unit++) {
        rr_prefetch_ahead(&one, only, unit, end, rows.rows);
        out[q * units + unit] = rr_one_score(&one, listed ? only[unit] : unit);
      }
    }
    return RR_OK;
  }
  float scores[RR_TILE * RR_QUERY_BLOCK];
  for (size_t from = 0; from < queries.rows; from += RR_QUERY_BLOCK) {
    size_t left = queries.rows - from;
    rr_fill_block(&block, &queries, &book, from, left < RR_QUERY_BLOCK ? left : RR_QUERY_BLOCK);
    for (size_t unit = begin; unit < end; unit += RR_TILE) {
      int count = end - unit < RR_TILE ? (int)(end - unit) : RR_TILE;
      rr_compare(&block, listed ? only + unit : NULL, unit, count, scores, NULL);
      for (size_t q = 0; q < block.queries; q++)
        for (int x = 0; x < count; x++) out[(from + q) * units + unit + (size_t)x] = scores[x * RR_QUERY_BLOCK + (int)q];
    }
  }
  return RR_OK;
}

#if RR_COUNTS_BITS_OF_EIGHT
/* Which of the eight rows from one on are allowed. */
RR_INLINE uint32_t rr_allowed_of_eight(const uint32_t *allow, size_t row) {
  if (allow == NULL) return 255;
  size_t word = row >> 5, shift = row & 31;
  uint32_t bits = allow[word] >> shift;
  if (shift > 24) bits |= allow[word + 1] << (32 - shift);
  return bits & 255;
}

/* Hamming distances to rows of a shard, eight at a time; gives where what is left begins. Hardly any eight has one that is near enough to be kept. */
static size_t rr_search_eights(const rr_one *one, rr_heap *heap, const uint32_t *only, const uint32_t *allow, size_t from, size_t to) {
  if (heap->k == 0) return to;
  const uint8_t *data = (const uint8_t *)one->rows->data, *rows[8];
  size_t bytes = (one->rows->dim + 7) / 8, at = from;
  for (; at + 8 <= to; at += 8) {
    uint32_t wanted = only == NULL ? rr_allowed_of_eight(allow, at) : 255;
    if (wanted == 0) continue;
    for (size_t x = 0; x < 8; x++) rows[x] = data + (only == NULL ? at + x : only[at + x]) * one->row_bytes;
    __m512i different = rr_eight_bits((const uint8_t *)one->query, rows, bytes);
    if (heap->size == heap->k) wanted &= _mm512_cmple_epu64_mask(different, _mm512_set1_epi64((int64_t)-heap->threshold));
    if (wanted == 0) continue;
    uint64_t counts[8];
    _mm512_storeu_si512(counts, different);
    for (; wanted; wanted &= wanted - 1) {
      size_t x = (size_t)__builtin_ctz(wanted), row = only == NULL ? at + x : only[at + x];
      if (rr_allowed(allow, row)) rr_push(heap, -(float)counts[x], row);
    }
  }
  return at;
}
#endif

/* Rows of a shard with one query after another. */
static void rr_search_few(rr_one *one, rr_heap *heap, float sign, const uint32_t *only, const uint32_t *allow, size_t from, size_t to, size_t rows) {
#if RR_COUNTS_BITS_OF_EIGHT
  if (one->kind == RR_ONE_BITS && one->metric == RR_HAMMING) from = rr_search_eights(one, heap, only, allow, from, to);
#endif
  for (size_t at = from; at < to; at++) {
    size_t row = only == NULL ? at : only[at];
    if (!rr_allowed(allow, row)) continue;
    rr_prefetch_ahead(one, only, at, to, rows);
    rr_push(heap, sign * rr_one_score(one, row), row);
  }
}

/* Rows of a shard with a block of queries. */
static void rr_search_block(const rr_block *block, rr_heap *heaps, float sign, const uint32_t *only, const uint32_t *allow, size_t from, size_t to) {
  float scores[RR_TILE * RR_QUERY_BLOCK];
  uint32_t list[RR_TILE];
  for (size_t at = from; at < to;) {
    int count = 0;
    for (; count < RR_TILE && at < to; at++) {
      uint32_t row = only == NULL ? (uint32_t)at : only[at];
      if (rr_allowed(allow, row)) list[count++] = row;
    }
    if (count == 0) return;
    rr_compare(block, list, 0, count, scores, NULL);
    for (size_t q = 0; q < block->queries; q++)
      for (int x = 0; x < count; x++) rr_push(&heaps[q], sign * scores[x * RR_QUERY_BLOCK + (int)q], list[x]);
  }
}

/* A unit is a block of queries and a shard of the candidates. */
static int rr_search(rr_call *call, size_t begin, size_t end) {
  rr_rows queries = rr_take_rows(call), rows = rr_take_rows(call);
  int metric = (int)rr_within(call, RR_DOT, RR_HAMMING);
  bool listed, filtered;
  size_t total, words;
  const uint32_t *only = rr_optional_list(call, &listed, &total), *allow = rr_optional_list(call, &filtered, &words);
  if (!listed) total = rows.rows;
  const float *norms = rr_optional_floats(call, rows.rows - rows.first);
  size_t k = rr_size(call), shards = rr_within(call, 1, (size_t)1 << 31), shard_size = rr_size(call), lists, places;
  if (__builtin_mul_overflow(queries.rows, shards, &lists) || __builtin_mul_overflow(lists, k, &places)) return rr_fail(call, RR_ARGUMENTS, 0);
  uint32_t *indices = RR_BUFFER(call, uint32_t, places);
  float *scores = RR_BUFFER(call, float, places);
  uint32_t *counts = RR_BUFFER(call, uint32_t, lists);
  if (queries.dim != rows.dim || queries.first != 0 || rows.first != 0 || (filtered && words < (rows.rows + 31) / 32) ||
      (metric == RR_HAMMING && (queries.type != RR_BITS || rows.type != RR_BITS)))
    rr_fail(call, RR_ARGUMENTS, 0);
  size_t blocks = (queries.rows + RR_QUERY_BLOCK - 1) / RR_QUERY_BLOCK;
  rr_check_units(call, begin, end, blocks * shards);
  rr_codebook book = rr_take_codebook(call, &queries);
  bool few = queries.rows <= RR_FEW_QUERIES;
  size_t heap_count = queries.rows < RR_QUERY_BLOCK ? queries.rows : RR_QUERY_BLOCK;
  rr_heap *heaps = RR_ALLOCATE(call, rr_heap, heap_count);
  uint64_t *keys = RR_ALLOCATE(call, uint64_t, heap_count * k);
  rr_one one = {0};
  rr_block block = {0};
  if (few) one = rr_take_one(call, &queries, &rows, metric, norms);
  else block = rr_take_block(call, &queries, &rows, metric, norms, shard_size < total ? shard_size : total);
  if (rr_short(call)) return call->fault;
  rr_fill_codebook(&book, &queries);
  float sign = rr_smaller_is_better(metric) ? -1 : 1;
  for (size_t unit = begin; unit < end; unit++) {
    size_t shard = unit % shards, first = unit / shards * RR_QUERY_BLOCK, left = queries.rows - first;
    size_t count = left < RR_QUERY_BLOCK ? left : RR_QUERY_BLOCK;
    size_t from = shard * shard_size < total ? shard * shard_size : total, to = total - from < shard_size ? total : from + shard_size;
    if (listed)
      for (size_t at = from; at < to; at++)
        if (only[at] >= rows.rows) return rr_fail(call, RR_ONLY, (double)at);
    for (size_t q = 0; q < count; q++) {
      heaps[q] = (rr_heap){.keys = keys + q * k, .k = k};
      rr_clear_heap(&heaps[q]);
    }
    if (few) {
      for (size_t q = 0; q < count; q++) {
        rr_fill_one(&one, &queries, &book, q);
        rr_search_few(&one, &heaps[q], sign, only, allow, from, to, rows.rows);
      }
    } else {
      rr_fill_block(&block, &queries, &book, first, count);
      rr_search_block(&block, heaps, sign, only, allow, from, to);
    }
    for (size_t q = 0; q < count; q++) {
      size_t place = (first + q) * shards + shard;
      counts[place] = rr_drain(&heaps[q], indices + place * k, scores + place * k, sign);
    }
  }
  return RR_OK;
}

/* Floats of a list: those below the threshold are passed over a register at a time. */
static void rr_best_floats(rr_heap *heap, const float *values, size_t count, float sign, const uint32_t *allow) {
  size_t i = 0;
  for (; i < count && heap->size < heap->k; i++)
    if (rr_allowed(allow, i)) rr_push(heap, sign * values[i], i);
#if RR_LANES >= 8
  vf signs = vf_set1(sign);
  for (; i + RR_LANES <= count; i += RR_LANES) {
    vf scores = vf_mul(vf_load(values + i), signs);
#if defined(__AVX512F__)
    uint32_t better = _mm512_cmp_ps_mask(scores, vf_set1(heap->threshold), _CMP_GE_OQ);
#else
    uint32_t better = (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps(scores, vf_set1(heap->threshold), _CMP_GE_OQ));
#endif
    for (; better; better &= better - 1) {
      size_t at = i + (size_t)__builtin_ctz(better);
      if (rr_allowed(allow, at)) rr_push(heap, sign * values[at], at);
    }
  }
#endif
  for (; i < count; i++)
    if (rr_has_chance(heap, sign * values[i]) && rr_allowed(allow, i)) rr_push(heap, sign * values[i], i);
}

/* One unit. Values are floats, words or half words, by the bytes they take. */
static int rr_top_k(rr_call *call, size_t begin, size_t end) {
  size_t bytes = rr_within(call, 2, 8), count = rr_size(call);
  const void *values = rr_take_buffer(call, count, bytes == 8 ? 4 : bytes);
  bool smallest = rr_number(call) != 0, filtered;
  size_t words;
  const uint32_t *allow = rr_optional_list(call, &filtered, &words);
  size_t k = rr_size(call);
  uint32_t *indices = RR_BUFFER(call, uint32_t, k);
  float *scores = RR_BUFFER(call, float, k);
  uint32_t *counts = RR_BUFFER(call, uint32_t, 1);
  if ((bytes != 2 && bytes != 4 && bytes != 8) || (filtered && words < (count + 31) / 32)) rr_fail(call, RR_ARGUMENTS, 0);
  rr_check_units(call, begin, end, 1);
  rr_heap heap = rr_take_heap(call, k);
  if (rr_short(call)) return call->fault;
  rr_clear_heap(&heap);
  if (bytes == 8) {
    rr_best_floats(&heap, values, count, smallest ? -1 : 1, allow);
    counts[0] = rr_drain(&heap, indices, scores, smallest ? -1 : 1);
    return RR_OK;
  }
  uint32_t flip = smallest ? 0xffffffffu : 0;
  for (size_t i = 0; i < count; i++) {
    uint64_t key = rr_key_of_word((bytes == 4 ? ((const uint32_t *)values)[i] : ((const uint16_t *)values)[i]) ^ flip, i);
    if ((heap.size < k || (k > 0 && key > heap.keys[0])) && rr_allowed(allow, i)) rr_push_key(&heap, key);
  }
  counts[0] = (uint32_t)heap.size;
  for (size_t left = heap.size; left-- > 0;) {
    uint64_t key = rr_pop(&heap);
    indices[left] = rr_index_of(key);
    scores[left] = (float)(rr_word_of(key) ^ flip);
  }
  return RR_OK;
}
