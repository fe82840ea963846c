/* Rows and centroids: assignment and sums (k-means), and the tables and scans of centroid interaction. */
#include "block.h"

/* Clusters that a unit of rr_sum_clusters adds up: `clusterBlock` in src/js/centroids.ts. */
#define RR_CLUSTER_BLOCK 64

/* Keeps in `best` and `ids` what is better among the scores of `count` centroids from `first` on, written as rr_compare writes them; `halves` are taken away. */
static void rr_keep_best(const float *scores, int count, size_t first, const float *halves, size_t queries, float *best, uint32_t *ids) {
  for (int x = 0; x < count; x++) {
    float half = halves == NULL ? 0 : halves[first + (size_t)x];
    const float *row = scores + x * RR_QUERY_BLOCK;
    uint32_t id = (uint32_t)first + (uint32_t)x;
#if defined(__AVX512F__)
    for (size_t q = 0; q < queries; q += 16) {
      __m512 score = _mm512_sub_ps(_mm512_loadu_ps(row + q), _mm512_set1_ps(half)), kept = _mm512_loadu_ps(best + q);
      __mmask16 better = _mm512_cmp_ps_mask(score, kept, _CMP_GT_OQ);
      _mm512_mask_storeu_ps(best + q, better, score);
      _mm512_mask_storeu_epi32(ids + q, better, _mm512_set1_epi32((int)id));
    }
#else
    for (size_t q = 0; q < queries; q++) {
      float score = row[q] - half;
      bool better = score > best[q];
      best[q] = better ? score : best[q];
      ids[q] = better ? id : ids[q];
    }
#endif
  }
}

static float rr_half_square(const rr_rows *rows, const rr_codebook *book, size_t row, float *decoded) {
  rr_decode(rows, book, row, decoded);
  return rr_square(decoded, rows->dim) / 2;
}

/* A unit is a block of rows, which stand in the place of queries. */
static int rr_assign(rr_call *call, size_t begin, size_t end) {
  rr_rows rows = rr_take_rows(call), centroids = rr_take_rows(call);
  bool squared = rr_number(call) != 0;
  uint32_t *ids = RR_BUFFER(call, uint32_t, rows.rows);
  float *scores = RR_BUFFER(call, float, rows.rows);
  rr_check_units(call, begin, end, (rows.rows + RR_QUERY_BLOCK - 1) / RR_QUERY_BLOCK);
  if (rows.dim != centroids.dim || rows.first != 0 || centroids.first != 0 || centroids.rows == 0) rr_fail(call, RR_ARGUMENTS, 0);
  rr_codebook book = rr_take_codebook(call, &rows), centroid_book = rr_take_codebook(call, &centroids);
  float *halves = RR_ALLOCATE(call, float, squared ? centroids.rows : 0), *decoded = RR_ALLOCATE(call, float, rows.dim);
  rr_block block = rr_take_block(call, &rows, &centroids, RR_DOT, NULL, centroids.rows);
  if (rr_short(call)) return call->fault;
  rr_fill_codebook(&book, &rows);
  rr_fill_codebook(&centroid_book, &centroids);
  if (squared)
    for (size_t c = 0; c < centroids.rows; c++) halves[c] = rr_half_square(&centroids, &centroid_book, c, decoded);
  float sums[RR_TILE * RR_QUERY_BLOCK], best[RR_QUERY_BLOCK];
  uint32_t best_ids[RR_QUERY_BLOCK];
  for (size_t unit = begin; unit < end; unit++) {
    size_t first = unit * RR_QUERY_BLOCK, left = rows.rows - first, count = left < RR_QUERY_BLOCK ? left : RR_QUERY_BLOCK;
    rr_fill_block(&block, &rows, &book, first, count);
    for (size_t q = 0; q < RR_QUERY_BLOCK; q++) {
      best[q] = -__builtin_inff();
      best_ids[q] = 0;
    }
    for (size_t c = 0; c < centroids.rows; c += RR_TILE) {
      int taken = centroids.rows - c < RR_TILE ? (int)(centroids.rows - c) : RR_TILE;
      rr_compare(&block, NULL, c, taken, sums, NULL);
      rr_keep_best(sums, taken, c, squared ? halves : NULL, count, best, best_ids);
    }
    for (size_t q = 0; q < count; q++) {
      ids[first + q] = best_ids[q];
      if (best[q] == -__builtin_inff()) scores[first + q] = __builtin_nanf("");
      else if (!squared) scores[first + q] = best[q];
      else {
        float distance = 2 * (rr_half_square(&rows, &book, first + q, decoded) - best[q]);
        scores[first + q] = distance > 0 ? distance : 0;
      }
    }
  }
  return RR_OK;
}

/* A unit is a block of clusters: its rows are added in their order. */
static int rr_sum_clusters(rr_call *call, size_t begin, size_t end) {
  rr_rows rows = rr_take_rows(call);
  const uint32_t *ids = RR_BUFFER(call, const uint32_t, rows.rows);
  size_t clusters = rr_size(call), floats;
  if (__builtin_mul_overflow(clusters, rows.dim, &floats)) return rr_fail(call, RR_ARGUMENTS, 0);
  float *sums = RR_BUFFER(call, float, floats);
  uint32_t *counts = RR_BUFFER(call, uint32_t, clusters);
  rr_check_units(call, begin, end, (clusters + RR_CLUSTER_BLOCK - 1) / RR_CLUSTER_BLOCK);
  if (rows.first != 0) rr_fail(call, RR_ARGUMENTS, 0);
  rr_codebook book = rr_take_codebook(call, &rows);
  float *decoded = RR_ALLOCATE(call, float, rows.dim);
  if (rr_short(call)) return call->fault;
  rr_fill_codebook(&book, &rows);
  size_t from = begin * RR_CLUSTER_BLOCK, to = end * RR_CLUSTER_BLOCK < clusters ? end * RR_CLUSTER_BLOCK : clusters;
  memset(sums + from * rows.dim, 0, (to - from) * rows.dim * sizeof(float));
  memset(counts + from, 0, (to - from) * sizeof(uint32_t));
  for (size_t row = 0; row < rows.rows; row++) {
    size_t cluster = ids[row];
    if (cluster >= clusters) return rr_fail(call, RR_ONLY, (double)row);
    if (cluster < from || cluster >= to) continue;
    const float *numbers = decoded;
    if (rows.type == RR_F32) numbers = (const float *)rows.data + row * rows.stride;
    else rr_decode(&rows, &book, row, decoded);
    float *sum = sums + cluster * rows.dim;
    counts[cluster]++;
    size_t k = 0;
    for (; k + RR_LANES <= rows.dim; k += RR_LANES) vf_store(sum + k, vf_add(vf_load(sum + k), vf_load(numbers + k)));
    for (; k < rows.dim; k++) sum[k] += numbers[k];
  }
  return RR_OK;
}

/* One unit. */
static int rr_centroid_table(rr_call *call, size_t begin, size_t end) {
  rr_rows query = rr_take_rows(call), centroids = rr_take_rows(call);
  const float *weights = rr_optional_floats(call, query.rows);
  size_t stride = rr_size(call), entries;
  if (__builtin_mul_overflow(stride, centroids.rows, &entries)) return rr_fail(call, RR_ARGUMENTS, 0);
  float *scores = RR_BUFFER(call, float, entries);
  bool small = rr_number(call) != 0;
  uint8_t *table = RR_BUFFER(call, uint8_t, small ? entries : 0);
  float *range = RR_BUFFER(call, float, 2);
  rr_check_units(call, begin, end, 1);
  if (query.dim != centroids.dim || query.first != 0 || centroids.first != 0 || stride < query.rows) rr_fail(call, RR_ARGUMENTS, 0);
  rr_codebook book = rr_take_codebook(call, &query);
  rr_block block = rr_take_block(call, &query, &centroids, RR_DOT, NULL, centroids.rows);
  if (rr_short(call)) return call->fault;
  rr_fill_codebook(&book, &query);
  float sums[RR_TILE * RR_QUERY_BLOCK], low = __builtin_inff(), high = -__builtin_inff();
  for (size_t first = 0; first < query.rows; first += RR_QUERY_BLOCK) {
    size_t left = query.rows - first, count = left < RR_QUERY_BLOCK ? left : RR_QUERY_BLOCK;
    rr_fill_block(&block, &query, &book, first, count);
    for (size_t c = 0; c < centroids.rows; c += RR_TILE) {
      int taken = centroids.rows - c < RR_TILE ? (int)(centroids.rows - c) : RR_TILE;
      rr_compare(&block, NULL, c, taken, sums, NULL);
      for (int x = 0; x < taken; x++) {
        float *out = scores + (c + (size_t)x) * stride + first;
        for (size_t q = 0; q < count; q++) {
          float score = sums[x * RR_QUERY_BLOCK + (int)q];
          if (weights != NULL) score *= weights[first + q];
          out[q] = score;
          float finite = __builtin_fabsf(score) < __builtin_inff() ? score : low;
          low = finite < low ? finite : low;
          finite = __builtin_fabsf(score) < __builtin_inff() ? score : high;
          high = finite > high ? finite : high;
        }
      }
    }
  }
  if (!small) return RR_OK;
  float width = high > low ? high - low : 0, inverse = width > 0 ? 255.0f / width : 0;
  range[0] = low <= high ? low : 0;
  range[1] = width / 255.0f;
  for (size_t c = 0; c < centroids.rows; c++) {
    for (size_t i = c * stride; i < c * stride + query.rows; i++) {
      float place = (scores[i] - range[0]) * inverse;
      place = place > 0 ? (place < 255 ? place : 255) : 0;
      /* Rounded to even by the addition; the low bits are the whole number. */
      place += 8388608.0f;
      uint32_t bits;
      memcpy(&bits, &place, 4);
      table[i] = (uint8_t)bits;
    }
  }
  return RR_OK;
}

/* The largest byte of each place over rows of a table, added up. */
RR_INLINE uint32_t rr_scan_bytes(const uint8_t *table, size_t stride, size_t centroids, bool wide, const void *ids, size_t from, size_t to) {
  uint32_t sum = 0;
#define RR_ENTRY(i) (table + ((wide ? ((const uint32_t *)ids)[i] : ((const uint16_t *)ids)[i]) < centroids ? (wide ? ((const uint32_t *)ids)[i] : ((const uint16_t *)ids)[i]) : centroids - 1) * stride + at)
#if defined(__AVX2__)
  size_t at = 0;
  for (; at + 32 <= stride; at += 32) {
    __m256i a = _mm256_setzero_si256(), b = a;
    size_t i = from;
    for (; i + 2 <= to; i += 2) {
      a = _mm256_max_epu8(a, _mm256_loadu_si256((const __m256i *)RR_ENTRY(i)));
      b = _mm256_max_epu8(b, _mm256_loadu_si256((const __m256i *)RR_ENTRY(i + 1)));
    }
    if (i < to) a = _mm256_max_epu8(a, _mm256_loadu_si256((const __m256i *)RR_ENTRY(i)));
    a = _mm256_sad_epu8(_mm256_max_epu8(a, b), _mm256_setzero_si256());
    __m128i s = _mm_add_epi64(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    sum += (uint32_t)_mm_cvtsi128_si32(_mm_add_epi64(s, _mm_unpackhi_epi64(s, s)));
  }
#else
  size_t at = 0;
#endif
  for (; at < stride; at += 16) {
#if defined(__x86_64__)
    __m128i a = _mm_setzero_si128();
    for (size_t i = from; i < to; i++) a = _mm_max_epu8(a, _mm_loadu_si128((const __m128i *)RR_ENTRY(i)));
    a = _mm_sad_epu8(a, _mm_setzero_si128());
    sum += (uint32_t)_mm_cvtsi128_si32(_mm_add_epi64(a, _mm_unpackhi_epi64(a, a)));
#elif defined(__ARM_NEON)
    uint8x16_t a = vdupq_n_u8(0);
    for (size_t i = from; i < to; i++) a = vmaxq_u8(a, vld1q_u8(RR_ENTRY(i)));
    sum += vaddlvq_u8(a);
#elif defined(__wasm_simd128__)
    v128_t a = wasm_i8x16_const_splat(0);
    for (size_t i = from; i < to; i++) a = wasm_u8x16_max(a, wasm_v128_load(RR_ENTRY(i)));
    v128_t pairs = wasm_u32x4_extadd_pairwise_u16x8(wasm_u16x8_extadd_pairwise_u8x16(a));
    sum += (uint32_t)vi_sum(pairs);
#else
    uint8_t a[16] = {0};
    for (size_t i = from; i < to; i++)
      for (int lane = 0; lane < 16; lane++) a[lane] = RR_ENTRY(i)[lane] > a[lane] ? RR_ENTRY(i)[lane] : a[lane];
    for (int lane = 0; lane < 16; lane++) sum += a[lane];
#endif
  }
#undef RR_ENTRY
  return sum;
}

/* A unit is a document. */
static int rr_centroid_scan(rr_call *call, size_t begin, size_t end) {
  bool small = rr_number(call) != 0;
  size_t centroids = rr_within(call, 1, SIZE_MAX), query_rows = rr_size(call), stride = rr_size(call), entries;
  float low = (float)rr_number(call), step = (float)rr_number(call);
  if (__builtin_mul_overflow(stride, centroids, &entries)) return rr_fail(call, RR_ARGUMENTS, 0);
  const void *table = rr_take_buffer(call, entries, small ? 1 : 4);
  bool wide = rr_number(call) != 0;
  size_t count = rr_size(call), documents;
  const void *ids = rr_take_buffer(call, count, wide ? 4 : 2);
  documents = rr_size(call);
  const uint32_t *offsets = RR_BUFFER(call, const uint32_t, documents + 1);
  bool listed;
  size_t units;
  const uint32_t *only = rr_optional_list(call, &listed, &units);
  if (!listed) units = documents;
  float *scores = RR_BUFFER(call, float, units);
  rr_check_units(call, begin, end, units);
  if (stride % 16 != 0 || query_rows > stride) rr_fail(call, RR_ARGUMENTS, 0);
  size_t padded = (query_rows + 15) & ~(size_t)15;
  float *maxima = RR_ALLOCATE(call, float, padded), *weights = RR_ALLOCATE(call, float, padded);
  if (rr_short(call)) return call->fault;
  for (size_t q = 0; q < padded; q++) weights[q] = q < query_rows;
  float base = (float)query_rows * low;
  for (size_t unit = begin; unit < end; unit++) {
    size_t document = listed ? only[unit] : unit;
    if (document >= documents) return rr_fail(call, RR_ONLY, (double)unit);
    size_t from = offsets[document], to = offsets[document + 1];
    if (from > to || to > count) return rr_fail(call, RR_OFFSETS, (double)document);
    if (query_rows == 0) scores[unit] = 0;
    else if (from == to) scores[unit] = -__builtin_inff();
    else if (small) {
      uint32_t sum = wide ? rr_scan_bytes(table, stride, centroids, true, ids, from, to) : rr_scan_bytes(table, stride, centroids, false, ids, from, to);
      scores[unit] = base + step * (float)sum;
    } else {
      for (size_t q = 0; q < padded; q++) maxima[q] = -__builtin_inff();
      for (size_t i = from; i < to; i++) {
        size_t id = wide ? ((const uint32_t *)ids)[i] : ((const uint16_t *)ids)[i];
        const float *entry = (const float *)table + (id < centroids ? id : centroids - 1) * stride;
        for (size_t q = 0; q < padded; q += RR_LANES) vf_store(maxima + q, vf_greater(vf_load(entry + q), vf_load(maxima + q)));
      }
      scores[unit] = rr_sum_of_maxima(maxima, weights, padded);
    }
  }
  return RR_OK;
}
