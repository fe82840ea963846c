/*
 * One query against single rows wherever they lie, its numbers along the registers: for walks over graphs and lists of rows, where a block of
 * queries has nothing to share.
 */
#ifndef RR_ONE_H
#define RR_ONE_H

#include "block.h"

/* Whether halves are widened by one instruction. */
#if defined(__AVX2__) || (defined(__ARM_NEON) && defined(__aarch64__))
#define RR_HAS_HALVES 1
#else
#define RR_HAS_HALVES 0
#endif

/* The arithmetic, by the types of both sides. */
enum { RR_ONE_FLOATS, RR_ONE_HALVES, RR_ONE_BYTES, RR_ONE_BITS, RR_ONE_DECODED };

typedef struct {
  int kind;
  int metric;
  const rr_rows *rows;
  /* The lengths of all rows, where they are given. */
  const float *norms;
  /* The query: floats, or bytes or bits as they are, each with zeros up to a whole number of cache lines. */
  char *query;
  /* What bytes that were shifted to be unsigned have too much. */
  int32_t shift;
  float scale, square, inverse;
  rr_codebook book;
  /* Room for a decoded row. */
  float *row;
  size_t row_bytes;
} rr_one;

RR_INLINE size_t rr_row_bytes(const rr_rows *rows) {
  static const uint8_t element[] = {4, 2, 2, 1, 1, 1};
  return rows->stride * element[rows->type];
}

static int rr_one_kind(const rr_rows *queries, const rr_rows *rows, int metric, const float *norms) {
  if (queries->type == RR_I8 && rows->type == RR_I8) return RR_ONE_BYTES;
  if (queries->type == RR_BITS && rows->type == RR_BITS) return RR_ONE_BITS;
  if (rows->type == RR_F32) return RR_ONE_FLOATS;
#if RR_HAS_HALVES
  /* Lengths that are not given are those of decoded rows. */
  if (rows->type == RR_F16 && (metric != RR_COSINE || norms != NULL)) return RR_ONE_HALVES;
#else
  (void)metric, (void)norms;
#endif
  return RR_ONE_DECODED;
}

/* Takes the memory; rr_fill_one makes it ready for a query. */
static rr_one rr_take_one(rr_call *call, const rr_rows *queries, const rr_rows *rows, int metric, const float *norms) {
  rr_one one = {.kind = rr_one_kind(queries, rows, metric, norms), .metric = metric, .rows = rows, .norms = norms, .row_bytes = rr_row_bytes(rows)};
  one.query = RR_ALLOCATE(call, char, (rows->dim * 4 + 127) & ~(size_t)63);
  one.book = rr_take_codebook(call, rows);
  one.row = RR_ALLOCATE(call, float, one.kind == RR_ONE_DECODED ? rows->dim : 0);
  return one;
}

/* Makes ready for row `row` of the queries. `book` is their codebook. */
static void rr_fill_one(rr_one *one, const rr_rows *queries, const rr_codebook *book, size_t row) {
  size_t dim = queries->dim, held = row - queries->first;
  if (one->kind == RR_ONE_BYTES) {
    const int8_t *bytes = (const int8_t *)queries->data + held * queries->stride;
    size_t padded = (dim + 63) & ~(size_t)63;
    memcpy(one->query, bytes, dim);
    memset(one->query + dim, 0, padded - dim);
    int32_t sum = 0, square = 0;
    for (size_t k = 0; k < dim; k++) sum += bytes[k];
    for (size_t k = 0; k < dim; k++) square += bytes[k] * bytes[k];
    one->shift = -128 * sum;
    one->scale = queries->scales[held];
    one->square = (float)square;
    one->inverse = one->scale > 0 ? rr_inverse(__builtin_sqrtf(one->square)) : 0;
    return;
  }
  if (one->kind == RR_ONE_BITS) {
    size_t bytes = (dim + 7) / 8;
    memcpy(one->query, (const uint8_t *)queries->data + held * queries->stride, bytes);
    memset(one->query + bytes, 0, ((bytes + 63) & ~(size_t)63) - bytes);
    return;
  }
  rr_fill_codebook(&one->book, one->rows);
  float *floats = (float *)one->query;
  rr_decode(queries, book, row, floats);
  for (size_t k = dim; k < ((dim + 15) & ~(size_t)15); k++) floats[k] = 0;
  if (one->metric == RR_COSINE) one->inverse = rr_inverse(__builtin_sqrtf(rr_square(floats, dim)));
}

RR_INLINE void rr_prefetch_row(const rr_one *one, size_t row) {
  const char *at = (const char *)one->rows->data + (row - one->rows->first) * one->row_bytes;
  size_t bytes = one->row_bytes < 1024 ? one->row_bytes : 1024;
  for (size_t i = 0; i < bytes; i += 64) rr_prefetch(at + i);
  if (one->kind == RR_ONE_BYTES) rr_prefetch(one->rows->scales + (row - one->rows->first));
}

/* Σ of products of bytes. Exact. */
static int32_t rr_one_bytes(const int8_t *query, const int8_t *row, size_t dim, int32_t shift) {
#if defined(__AVX512VNNI__)
  const __m512i flip = _mm512_set1_epi8(-128);
  __m512i a = _mm512_setzero_si512(), b = a;
  size_t k = 0;
  for (; k + 128 <= dim; k += 128) {
    a = _mm512_dpbusd_epi32(a, _mm512_xor_si512(_mm512_loadu_si512(row + k), flip), _mm512_load_si512(query + k));
    b = _mm512_dpbusd_epi32(b, _mm512_xor_si512(_mm512_loadu_si512(row + k + 64), flip), _mm512_load_si512(query + k + 64));
  }
  for (; k < dim; k += 64) {
    __mmask64 mask = dim - k >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (dim - k)) - 1;
    a = _mm512_dpbusd_epi32(a, _mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, row + k), flip), _mm512_load_si512(query + k));
  }
  return _mm512_reduce_add_epi32(_mm512_add_epi32(a, b)) + shift;
#elif defined(__ARM_FEATURE_DOTPROD)
  (void)shift;
  int32x4_t a = vdupq_n_s32(0), b = a;
  size_t k = 0;
  for (; k + 32 <= dim; k += 32) {
    a = vdotq_s32(a, vld1q_s8(query + k), vld1q_s8(row + k));
    b = vdotq_s32(b, vld1q_s8(query + k + 16), vld1q_s8(row + k + 16));
  }
  int32_t sum = vaddvq_s32(vaddq_s32(a, b));
  for (; k < dim; k++) sum += query[k] * row[k];
  return sum;
#else
  (void)shift;
  int32_t sum = 0;
  size_t k = 0;
#if RR_LANES > 1
  vi a = vi_zero(), b = a;
  const size_t step = 2 * RR_LANES;
  for (; k + 2 * step <= dim; k += 2 * step) {
    a = vi_add(a, vi_madd16(vi_widen8(query + k), vi_widen8(row + k)));
    b = vi_add(b, vi_madd16(vi_widen8(query + k + step), vi_widen8(row + k + step)));
  }
  sum = vi_sum(vi_add(a, b));
#endif
  for (; k < dim; k++) sum += query[k] * row[k];
  return sum;
#endif
}

/* Σ of products, or of squared differences, with floats or halves of a row. */
#define RR_ONE_SUM(load, element)                                                       \
  vf a = vf_zero(), b = a, c = a, d = a;                                                \
  size_t k = 0;                                                                         \
  for (; k + 4 * RR_LANES <= dim; k += 4 * RR_LANES) {                                  \
    vf x = load(row + k), y = load(row + k + RR_LANES);                                 \
    vf z = load(row + k + 2 * RR_LANES), w = load(row + k + 3 * RR_LANES);              \
    vf p = vf_load(query + k), q = vf_load(query + k + RR_LANES);                       \
    vf r = vf_load(query + k + 2 * RR_LANES), s = vf_load(query + k + 3 * RR_LANES);    \
    if (squared) {                                                                      \
      x = p = vf_sub(p, x);                                                             \
      y = q = vf_sub(q, y);                                                             \
      z = r = vf_sub(r, z);                                                             \
      w = s = vf_sub(s, w);                                                             \
    }                                                                                   \
    a = vf_fma(p, x, a);                                                                \
    b = vf_fma(q, y, b);                                                                \
    c = vf_fma(r, z, c);                                                                \
    d = vf_fma(s, w, d);                                                                \
  }                                                                                     \
  for (; k + RR_LANES <= dim; k += RR_LANES) {                                          \
    vf x = load(row + k), p = vf_load(query + k);                                       \
    if (squared) x = p = vf_sub(p, x);                                                  \
    a = vf_fma(p, x, a);                                                                \
  }                                                                                     \
  float sum = vf_sum(vf_add(vf_add(a, b), vf_add(c, d)));                               \
  for (; k < dim; k++) {                                                                \
    float x = element(row[k]), p = query[k];                                            \
    if (squared) x = p = p - x;                                                         \
    sum += p * x;                                                                       \
  }                                                                                     \
  return sum;

#define RR_AS_IT_IS(x) (x)
static float rr_one_floats(const float *query, const float *row, size_t dim, bool squared) { RR_ONE_SUM(vf_load, RR_AS_IT_IS) }
#if RR_HAS_HALVES
static float rr_one_halves(const float *query, const uint16_t *row, size_t dim, bool squared) { RR_ONE_SUM(vf_half, rr_half) }
#endif

static uint32_t rr_one_bits(const uint8_t *query, const uint8_t *row, size_t bytes) {
  uint32_t count = 0;
  size_t k = 0;
#if defined(__AVX512VPOPCNTDQ__)
  if (bytes >= 32) {
    __m512i sum = _mm512_setzero_si512();
    for (; k < bytes; k += 64) {
      __mmask64 mask = bytes - k >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (bytes - k)) - 1;
      sum = _mm512_add_epi64(sum, _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, row + k), _mm512_load_si512(query + k))));
    }
    return (uint32_t)_mm512_reduce_add_epi64(sum);
  }
#endif
  for (; k + 8 <= bytes; k += 8) {
    uint64_t a, b;
    memcpy(&a, query + k, 8);
    memcpy(&b, row + k, 8);
    count += (uint32_t)__builtin_popcountll(a ^ b);
  }
  for (; k < bytes; k++) count += (uint32_t)__builtin_popcount(query[k] ^ row[k]);
  return count;
}

#if defined(__AVX512VPOPCNTDQ__)
#define RR_COUNTS_BITS_OF_EIGHT 1
/* In how many bits each of eight rows differs from the query: counted along the rows, added up across all eight at once. */
RR_INLINE __m512i rr_eight_bits(const uint8_t *query, const uint8_t *const rows[8], size_t bytes) {
  __m512i sums[8];
  __mmask64 mask = bytes >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << bytes) - 1;
  __m512i numbers = _mm512_load_si512(query);
  for (int x = 0; x < 8; x++) sums[x] = _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, rows[x]), numbers));
  for (size_t k = 64; k < bytes; k += 64) {
    mask = bytes - k >= 64 ? ~(__mmask64)0 : ((__mmask64)1 << (bytes - k)) - 1;
    numbers = _mm512_load_si512(query + k);
    for (int x = 0; x < 8; x++)
      sums[x] = _mm512_add_epi64(sums[x], _mm512_popcnt_epi64(_mm512_xor_si512(_mm512_maskz_loadu_epi8(mask, rows[x] + k), numbers)));
  }
  __m512i pairs[4];
  for (int x = 0; x < 4; x++) pairs[x] = _mm512_add_epi64(_mm512_unpacklo_epi64(sums[2 * x], sums[2 * x + 1]), _mm512_unpackhi_epi64(sums[2 * x], sums[2 * x + 1]));
  /* Of each pair, what its lanes 0 and 1, and 2 and 3, add up to. */
  __m512i a = _mm512_add_epi64(_mm512_shuffle_i64x2(pairs[0], pairs[1], 0x88), _mm512_shuffle_i64x2(pairs[0], pairs[1], 0xdd));
  __m512i b = _mm512_add_epi64(_mm512_shuffle_i64x2(pairs[2], pairs[3], 0x88), _mm512_shuffle_i64x2(pairs[2], pairs[3], 0xdd));
  return _mm512_add_epi64(_mm512_shuffle_i64x2(a, b, 0x88), _mm512_shuffle_i64x2(a, b, 0xdd));
}
#else
#define RR_COUNTS_BITS_OF_EIGHT 0
#endif

/* The score of a row, as the metric has it. */
static float rr_one_score(const rr_one *one, size_t row) {
  const rr_rows *rows = one->rows;
  size_t dim = rows->dim, held = row - rows->first;
  const char *at = (const char *)rows->data + held * one->row_bytes;
  bool squared = one->metric == RR_L2;
  float sum;
  switch (one->kind) {
    case RR_ONE_BYTES: {
      float dot = (float)rr_one_bytes((const int8_t *)one->query, (const int8_t *)at, dim, one->shift), scale = rows->scales[held];
      if (one->metric == RR_DOT) return dot * scale * one->scale;
      float length = one->norms != NULL ? one->norms[held] : scale * __builtin_sqrtf(rr_square_of_bytes((const int8_t *)at, dim));
      if (one->metric == RR_COSINE) return dot * scale * one->inverse * rr_inverse(length);
      float own = one->scale, distance = one->square * own * own + length * length - 2 * dot * scale * own;
      return distance > 0 ? distance : 0;
    }
    case RR_ONE_BITS: {
      float different = (float)rr_one_bits((const uint8_t *)one->query, (const uint8_t *)at, (dim + 7) / 8), dot = (float)dim - 2 * different;
      return one->metric == RR_HAMMING ? different : squared ? 4 * different : one->metric == RR_COSINE ? dot / (float)dim : dot;
    }
    case RR_ONE_FLOATS: sum = rr_one_floats((const float *)one->query, (const float *)at, dim, squared); break;
#if RR_HAS_HALVES
    case RR_ONE_HALVES: sum = rr_one_halves((const float *)one->query, (const uint16_t *)at, dim, squared); break;
#endif
    default:
      rr_decode(rows, &one->book, row, one->row);
      sum = rr_one_floats((const float *)one->query, one->row, dim, squared);
  }
  if (one->metric != RR_COSINE) return sum;
  float length;
  if (one->norms != NULL) length = one->norms[held];
  else {
    length = __builtin_sqrtf(rr_square(one->kind == RR_ONE_FLOATS ? (const float *)at : one->row, dim));
  }
  return sum * one->inverse * rr_inverse(length);
}

#endif
