/* Product quantisation: codes, tables of what each code adds, and scans of codes. */
#include "heap.h"

typedef struct {
  size_t dim, parts, codes, width;
  const float *data;
} rr_codebooks;

static rr_codebooks rr_take_codebooks(rr_call *call) {
  rr_codebooks books = {0};
  books.dim = rr_within(call, 1, RR_LARGEST_DIM);
  books.parts = rr_within(call, 1, books.dim);
  books.codes = rr_within(call, 16, 256);
  if (books.dim % books.parts != 0 || (books.codes != 16 && books.codes != 256)) rr_fail(call, RR_ARGUMENTS, 0);
  books.width = books.dim / books.parts;
  books.data = RR_BUFFER(call, const float, books.dim * books.codes);
  return books;
}

typedef struct {
  size_t rows, parts, bits;
  uint8_t *codes;
} rr_pq_rows;

static rr_pq_rows rr_take_pq_rows(rr_call *call) {
  rr_pq_rows rows = {0};
  rows.rows = rr_size(call);
  rows.parts = rr_within(call, 1, RR_LARGEST_DIM);
  rows.bits = rr_within(call, 4, 8);
  if (rows.bits != 4 && rows.bits != 8) rr_fail(call, RR_ARGUMENTS, 0);
  size_t bytes;
  if (__builtin_mul_overflow(rows.bits == 8 ? rows.rows : (rows.rows + 31) / 32 * 16, rows.parts, &bytes)) rr_fail(call, RR_ARGUMENTS, 0);
  else rows.codes = RR_BUFFER(call, uint8_t, bytes);
  return rows;
}

/* A part's codebook with its codes side by side: number k of code c at `k * codes + c`. */
static void rr_transpose_codebooks(const rr_codebooks *books, float *out) {
  for (size_t part = 0; part < books->parts; part++)
    for (size_t code = 0; code < books->codes; code++)
      for (size_t k = 0; k < books->width; k++)
        out[(part * books->width + k) * books->codes + code] = books->data[(part * books->codes + code) * books->width + k];
}

/* What every code of a part is to some numbers: squared distances, or products. */
RR_INLINE void rr_compare_codes(const float *numbers, const float *book, size_t width, size_t codes, bool squared, float *out) {
  for (size_t code = 0; code < codes; code += 16) {
    vf sums[16 / RR_LANES];
    RR_UNROLL for (size_t c = 0; c < 16 / RR_LANES; c++) sums[c] = vf_zero();
    for (size_t k = 0; k < width; k++) {
      vf x = vf_set1(numbers[k]);
      RR_UNROLL for (size_t c = 0; c < 16 / RR_LANES; c++) {
        vf y = vf_load(book + k * codes + code + c * RR_LANES);
        if (squared) {
          vf d = vf_sub(x, y);
          sums[c] = vf_fma(d, d, sums[c]);
        } else
          sums[c] = vf_fma(x, y, sums[c]);
      }
    }
    RR_UNROLL for (size_t c = 0; c < 16 / RR_LANES; c++) vf_store(out + code + c * RR_LANES, sums[c]);
  }
}

/* A unit is a row, or for 4-bit codes a block of 32. */
static int rr_pq_encode(rr_call *call, size_t begin, size_t end) {
  rr_rows rows = rr_take_rows(call);
  rr_codebooks books = rr_take_codebooks(call);
  rr_pq_rows target = rr_take_pq_rows(call);
  size_t each = target.bits == 4 ? 32 : 1;
  rr_check_units(call, begin, end, (rows.rows + each - 1) / each);
  if (rows.type != RR_F32 || rows.first != 0 || rows.dim != books.dim || target.rows != rows.rows || target.parts != books.parts || (target.bits == 4) != (books.codes == 16))
    rr_fail(call, RR_ARGUMENTS, 0);
  float *transposed = RR_ALLOCATE(call, float, books.dim * books.codes), distances[256];
  if (rr_short(call)) return call->fault;
  rr_transpose_codebooks(&books, transposed);
  if (target.bits == 4) memset(target.codes + begin * books.parts * 16, 0, (end - begin) * books.parts * 16);
  for (size_t row = begin * each; row < rows.rows && row < end * each; row++) {
    const float *numbers = (const float *)rows.data + row * rows.stride;
    for (size_t part = 0; part < books.parts; part++) {
      rr_compare_codes(numbers + part * books.width, transposed + part * books.width * books.codes, books.width, books.codes, true, distances);
      size_t best = 0;
      float least = __builtin_inff();
      for (size_t code = 0; code < books.codes; code++) {
        if (distances[code] < least) {
          least = distances[code];
          best = code;
        }
      }
      if (target.bits == 8) target.codes[row * books.parts + part] = (uint8_t)best;
      else target.codes[((row >> 5) * books.parts + part) * 16 + (row & 15)] |= (uint8_t)(row & 16 ? best << 4 : best);
    }
  }
  return RR_OK;
}

/* A unit is a query. */
static int rr_pq_tables(rr_call *call, size_t begin, size_t end) {
  rr_rows queries = rr_take_rows(call);
  rr_codebooks books = rr_take_codebooks(call);
  bool squared = rr_number(call) != 0;
  size_t entries;
  if (__builtin_mul_overflow(queries.rows, books.parts * books.codes, &entries)) return rr_fail(call, RR_ARGUMENTS, 0);
  float *tables = RR_BUFFER(call, float, entries);
  rr_check_units(call, begin, end, queries.rows);
  if (queries.type != RR_F32 || queries.first != 0 || queries.dim != books.dim) rr_fail(call, RR_ARGUMENTS, 0);
  float *transposed = RR_ALLOCATE(call, float, books.dim * books.codes);
  if (rr_short(call)) return call->fault;
  rr_transpose_codebooks(&books, transposed);
  for (size_t query = begin; query < end; query++) {
    const float *numbers = (const float *)queries.data + query * queries.stride;
    for (size_t part = 0; part < books.parts; part++)
      rr_compare_codes(numbers + part * books.width, transposed + part * books.width * books.codes, books.width, books.codes, squared,
                       tables + (query * books.parts + part) * books.codes);
  }
  return RR_OK;
}

/* A query's tables as a scan reads them: floats, or for 4-bit codes bytes with one step, `byteTables` in src/js/pq.ts. */
typedef struct {
  const float *floats;
  uint8_t *bytes;
  float bias, step;
} rr_scan;

static void rr_round_tables(rr_scan *scan, size_t parts) {
  float widest = 0;
  scan->bias = 0;
  for (size_t pass = 0; pass < 2; pass++) {
    float inverse = widest > 0 ? 255.0f / widest : 0;
    for (size_t part = 0; part < parts; part++) {
      const float *entries = scan->floats + part * 16;
      float low = __builtin_inff(), high = -__builtin_inff();
      for (int code = 0; code < 16; code++) {
        low = entries[code] < low ? entries[code] : low;
        high = entries[code] > high ? entries[code] : high;
      }
      if (pass == 0) {
        scan->bias += low;
        widest = high - low > widest ? high - low : widest;
        continue;
      }
      for (int code = 0; code < 16; code++) {
        float place = (entries[code] - low) * inverse;
        place = (place > 0 ? (place < 255 ? place : 255) : 0) + 8388608.0f;
        uint32_t bits;
        memcpy(&bits, &place, 4);
        scan->bytes[part * 16 + (size_t)code] = (uint8_t)bits;
      }
    }
  }
  scan->step = widest / 255.0f;
}

/* Adds the table entries of a block of 32 rows for up to 256 parts. */
RR_INLINE void rr_sum_block(const uint8_t *codes, const uint8_t *tables, size_t parts, uint16_t *sums) {
#if defined(__AVX2__)
  /* Two parts at a time; bytes are added as the even and odd halves of 16-bit words. */
  const __m256i low_half = _mm256_set1_epi8(15), even = _mm256_set1_epi16(255);
  __m256i a = _mm256_setzero_si256(), b = a, c = a, d = a;
  size_t part = 0;
  for (; part + 2 <= parts; part += 2) {
    __m256i code = _mm256_loadu_si256((const __m256i *)(codes + part * 16)), table = _mm256_loadu_si256((const __m256i *)(tables + part * 16));
    __m256i first = _mm256_shuffle_epi8(table, _mm256_and_si256(code, low_half));
    __m256i second = _mm256_shuffle_epi8(table, _mm256_and_si256(_mm256_srli_epi16(code, 4), low_half));
    a = _mm256_add_epi16(a, _mm256_and_si256(first, even));
    b = _mm256_add_epi16(b, _mm256_srli_epi16(first, 8));
    c = _mm256_add_epi16(c, _mm256_and_si256(second, even));
    d = _mm256_add_epi16(d, _mm256_srli_epi16(second, 8));
  }
#define RR_HALVES(v) _mm_add_epi16(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1))
  __m128i e = RR_HALVES(a), f = RR_HALVES(b), g = RR_HALVES(c), h = RR_HALVES(d);
#undef RR_HALVES
  if (part < parts) {
    __m128i code = _mm_loadu_si128((const __m128i *)(codes + part * 16)), table = _mm_loadu_si128((const __m128i *)(tables + part * 16));
    __m128i first = _mm_shuffle_epi8(table, _mm_and_si128(code, _mm_set1_epi8(15)));
    __m128i second = _mm_shuffle_epi8(table, _mm_and_si128(_mm_srli_epi16(code, 4), _mm_set1_epi8(15)));
    e = _mm_add_epi16(e, _mm_and_si128(first, _mm_set1_epi16(255)));
    f = _mm_add_epi16(f, _mm_srli_epi16(first, 8));
    g = _mm_add_epi16(g, _mm_and_si128(second, _mm_set1_epi16(255)));
    h = _mm_add_epi16(h, _mm_srli_epi16(second, 8));
  }
  _mm_storeu_si128((__m128i *)sums, _mm_unpacklo_epi16(e, f));
  _mm_storeu_si128((__m128i *)(sums + 8), _mm_unpackhi_epi16(e, f));
  _mm_storeu_si128((__m128i *)(sums + 16), _mm_unpacklo_epi16(g, h));
  _mm_storeu_si128((__m128i *)(sums + 24), _mm_unpackhi_epi16(g, h));
#elif defined(__wasm_simd128__)
  v128_t a = wasm_i16x8_const_splat(0), b = a, c = a, d = a;
  for (size_t part = 0; part < parts; part++) {
    v128_t code = wasm_v128_load(codes + part * 16), table = wasm_v128_load(tables + part * 16);
    v128_t first = wasm_i8x16_swizzle(table, wasm_v128_and(code, wasm_i8x16_const_splat(15))), second = wasm_i8x16_swizzle(table, wasm_u8x16_shr(code, 4));
    a = wasm_i16x8_add(a, wasm_u16x8_extend_low_u8x16(first));
    b = wasm_i16x8_add(b, wasm_u16x8_extend_high_u8x16(first));
    c = wasm_i16x8_add(c, wasm_u16x8_extend_low_u8x16(second));
    d = wasm_i16x8_add(d, wasm_u16x8_extend_high_u8x16(second));
  }
  wasm_v128_store(sums, a);
  wasm_v128_store(sums + 8, b);
  wasm_v128_store(sums + 16, c);
  wasm_v128_store(sums + 24, d);
#elif defined(__ARM_NEON)
  uint16x8_t a = vdupq_n_u16(0), b = a, c = a, d = a;
  for (size_t part = 0; part < parts; part++) {
    uint8x16_t code = vld1q_u8(codes + part * 16), table = vld1q_u8(tables + part * 16);
    uint8x16_t first = vqtbl1q_u8(table, vandq_u8(code, vdupq_n_u8(15))), second = vqtbl1q_u8(table, vshrq_n_u8(code, 4));
    a = vaddw_u8(a, vget_low_u8(first));
    b = vaddw_high_u8(b, first);
    c = vaddw_u8(c, vget_low_u8(second));
    d = vaddw_high_u8(d, second);
  }
  vst1q_u16(sums, a);
  vst1q_u16(sums + 8, b);
  vst1q_u16(sums + 16, c);
  vst1q_u16(sums + 24, d);
#else
  memset(sums, 0, 32 * sizeof(uint16_t));
  for (size_t part = 0; part < parts; part++) {
    for (size_t i = 0; i < 16; i++) {
      sums[i] = (uint16_t)(sums[i] + tables[part * 16 + (codes[part * 16 + i] & 15)]);
      sums[16 + i] = (uint16_t)(sums[16 + i] + tables[part * 16 + (codes[part * 16 + i] >> 4)]);
    }
  }
#endif
}

/* Scores of a block of 32 rows of 4-bit codes. */
static void rr_score_block(const rr_scan *scan, const rr_pq_rows *rows, size_t block, float *scores) {
  uint32_t sums[32] = {0};
  for (size_t part = 0; part < rows->parts; part += 256) {
    size_t parts = rows->parts - part < 256 ? rows->parts - part : 256;
    uint16_t some[32];
    rr_sum_block(rows->codes + (block * rows->parts + part) * 16, scan->bytes + part * 16, parts, some);
    for (size_t i = 0; i < 32; i++) sums[i] += some[i];
  }
  for (size_t i = 0; i < 32; i++) scores[i] = scan->bias + scan->step * (float)sums[i];
}

/* The score of one row of 8-bit codes. */
RR_INLINE float rr_score_codes(const rr_scan *scan, const uint8_t *codes, size_t parts) {
  const float *table = scan->floats;
  float a = 0, b = 0, c = 0, d = 0;
  size_t part = 0;
  for (; part + 4 <= parts; part += 4, table += 1024) {
    a += table[codes[part]];
    b += table[256 + codes[part + 1]];
    c += table[512 + codes[part + 2]];
    d += table[768 + codes[part + 3]];
  }
  for (; part < parts; part++, table += 256) a += table[codes[part]];
  return (a + b) + (c + d);
}

/* The score of any row. */
static float rr_score_row(const rr_scan *scan, const rr_pq_rows *rows, size_t row) {
  if (rows->bits == 8) return rr_score_codes(scan, rows->codes + row * rows->parts, rows->parts);
  uint32_t sum = 0;
  for (size_t part = 0; part < rows->parts; part++) {
    uint8_t byte = rows->codes[((row >> 5) * rows->parts + part) * 16 + (row & 15)];
    sum += scan->bytes[part * 16 + (row & 16 ? byte >> 4 : byte & 15)];
  }
  return scan->bias + scan->step * (float)sum;
}

/* Tables and rows that fit together, and room for the tables as bytes. */
static rr_scan rr_take_scan(rr_call *call, size_t *queries, rr_pq_rows *rows) {
  rr_scan scan = {0};
  size_t parts, codes, entries;
  *queries = rr_size(call);
  parts = rr_within(call, 1, RR_LARGEST_DIM);
  codes = rr_within(call, 16, 256);
  if (__builtin_mul_overflow(*queries, parts * codes, &entries)) rr_fail(call, RR_ARGUMENTS, 0);
  else scan.floats = RR_BUFFER(call, const float, entries);
  *rows = rr_take_pq_rows(call);
  if (rows->parts != parts || codes != (rows->bits == 4 ? 16u : 256u)) rr_fail(call, RR_ARGUMENTS, 0);
  scan.bytes = RR_ALLOCATE(call, uint8_t, parts * 16);
  return scan;
}

RR_INLINE rr_scan rr_scan_of(const rr_scan *all, const rr_pq_rows *rows, size_t query) {
  rr_scan scan = *all;
  scan.floats += query * rows->parts * (rows->bits == 4 ? 16 : 256);
  if (rows->bits == 4) rr_round_tables(&scan, rows->parts);
  return scan;
}

/* A unit is a query. */
static int rr_pq_scores(rr_call *call, size_t begin, size_t end) {
  size_t queries, total, places;
  rr_pq_rows rows;
  rr_scan all = rr_take_scan(call, &queries, &rows);
  bool listed;
  const uint32_t *only = rr_optional_list(call, &listed, &total);
  if (!listed) total = rows.rows;
  if (__builtin_mul_overflow(queries, total, &places)) return rr_fail(call, RR_ARGUMENTS, 0);
  float *out = RR_BUFFER(call, float, places);
  rr_check_units(call, begin, end, queries);
  if (rr_short(call)) return call->fault;
  for (size_t query = begin; query < end; query++) {
    rr_scan scan = rr_scan_of(&all, &rows, query);
    float *scores = out + query * total, block[32];
    if (listed) {
      for (size_t i = 0; i < total; i++) {
        if (only[i] >= rows.rows) return rr_fail(call, RR_ONLY, (double)i);
        scores[i] = rr_score_row(&scan, &rows, only[i]);
      }
    } else if (rows.bits == 8) {
      for (size_t row = 0; row < total; row++) scores[row] = rr_score_codes(&scan, rows.codes + row * rows.parts, rows.parts);
    } else {
      for (size_t row = 0; row < total; row += 32) {
        rr_score_block(&scan, &rows, row / 32, block);
        memcpy(scores + row, block, (total - row < 32 ? total - row : 32) * sizeof(float));
      }
    }
  }
  return RR_OK;
}

/* A unit is a query and a shard of the candidates. */
static int rr_pq_search(rr_call *call, size_t begin, size_t end) {
  size_t queries, total, words, lists, places;
  rr_pq_rows rows;
  rr_scan all = rr_take_scan(call, &queries, &rows);
  bool listed, filtered, smallest = rr_number(call) != 0;
  const uint32_t *only = rr_optional_list(call, &listed, &total), *allow = rr_optional_list(call, &filtered, &words);
  if (!listed) total = rows.rows;
  size_t k = rr_size(call), shards = rr_within(call, 1, (size_t)1 << 31), shard_size = rr_size(call);
  if (__builtin_mul_overflow(queries, shards, &lists) || __builtin_mul_overflow(lists, k, &places)) return rr_fail(call, RR_ARGUMENTS, 0);
  uint32_t *indices = RR_BUFFER(call, uint32_t, places);
  float *scores = RR_BUFFER(call, float, places);
  uint32_t *counts = RR_BUFFER(call, uint32_t, lists);
  rr_check_units(call, begin, end, lists);
  if (filtered && words < (rows.rows + 31) / 32) rr_fail(call, RR_ARGUMENTS, 0);
  rr_heap heap = rr_take_heap(call, k);
  if (rr_short(call)) return call->fault;
  float sign = smallest ? -1 : 1, block[32];
  for (size_t unit = begin; unit < end; unit++) {
    size_t shard = unit % shards;
    rr_scan scan = rr_scan_of(&all, &rows, unit / shards);
    rr_clear_heap(&heap);
    size_t from = shard * shard_size < total ? shard * shard_size : total, to = total - from < shard_size ? total : from + shard_size;
    if (!listed && rows.bits == 4) {
      for (size_t row = from; row < to; row++) {
        if (row == from || row % 32 == 0) rr_score_block(&scan, &rows, row / 32, block);
        float score = sign * block[row % 32];
        if (rr_has_chance(&heap, score) && rr_allowed(allow, row)) rr_push(&heap, score, row);
      }
    } else {
      for (size_t i = from; i < to; i++) {
        size_t row = listed ? only[i] : i;
        if (row >= rows.rows) return rr_fail(call, RR_ONLY, (double)i);
        if (rr_allowed(allow, row)) rr_push(&heap, sign * rr_score_row(&scan, &rows, row), row);
      }
    }
    counts[unit] = rr_drain(&heap, indices + unit * k, scores + unit * k, sign);
  }
  return RR_OK;
}
