/* Rows of any type as floats. */
#ifndef RR_DECODE_H
#define RR_DECODE_H

#include "kernel.h"
#include "simd.h"

RR_INLINE float rr_half(uint16_t half) {
  uint32_t magnitude = half & 0x7fff, special = magnitude > 0x7bff ? 0x7f800000 : 0, bits = magnitude << 13;
  float value;
  memcpy(&value, &bits, 4);
  value *= 0x1p112f;
  memcpy(&bits, &value, 4);
  bits |= special | (uint32_t)(half & 0x8000) << 16;
  memcpy(&value, &bits, 4);
  return value;
}

RR_INLINE float rr_bfloat(uint16_t bfloat) {
  uint32_t bits = (uint32_t)bfloat << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

/* The sum of squares of a row of floats. */
RR_INLINE float rr_square(const float *row, size_t dim) {
  vf a = vf_zero(), b = vf_zero();
  size_t k = 0;
  for (; k + 2 * RR_LANES <= dim; k += 2 * RR_LANES) {
    vf x = vf_load(row + k), y = vf_load(row + k + RR_LANES);
    a = vf_fma(x, x, a);
    b = vf_fma(y, y, b);
  }
  if (k + RR_LANES <= dim) {
    vf x = vf_load(row + k);
    a = vf_fma(x, x, a);
    k += RR_LANES;
  }
  if (k < dim) {
    vf x = vf_load_part(row + k, dim - k);
    b = vf_fma(x, x, b);
  }
  return vf_sum(vf_add(a, b));
}

RR_INLINE float rr_inverse(float length) { return length > 0 ? 1.0f / length : 0.0f; }

RR_INLINE void rr_scale(float *row, size_t dim, float scale) {
  vf s = vf_set1(scale);
  size_t k = 0;
  for (; k + RR_LANES <= dim; k += RR_LANES) vf_store(row + k, vf_mul(vf_load(row + k), s));
  for (; k < dim; k++) row[k] *= scale;
}

/* What a byte of codes stands for: its codes' weights, in the order of the dimensions. Made once a call. */
typedef struct {
  /* 256 × (8 / bits) floats; for bits of rows, ±1. */
  float *bytes;
} rr_codebook;

#define RR_CODEBOOK_FLOATS 2048

RR_INLINE void rr_make_codebook(rr_codebook *book, int bits, const float *weights) {
  int each = 8 / bits;
  for (int byte = 0; byte < 256; byte++)
    for (int i = 0; i < each; i++) book->bytes[byte * each + i] = weights[byte >> (8 - bits - i * bits) & ((1 << bits) - 1)];
}

/* Writes what `each` codes a byte stand for, added to a centroid where there is one. */
RR_INLINE void rr_decode_codes(const uint8_t *codes, size_t dim, size_t each, const float *bytes, const float *centroid, float *out) {
  size_t whole = dim / each;
  for (size_t i = 0; i < whole; i++) memcpy(out + i * each, bytes + codes[i] * each, each * sizeof(float));
  for (size_t k = whole * each; k < dim; k++) out[k] = bytes[codes[whole] * each + k - whole * each];
  if (centroid == NULL) return;
  size_t k = 0;
  for (; k + RR_LANES <= dim; k += RR_LANES) vf_store(out + k, vf_add(vf_load(centroid + k), vf_load(out + k)));
  for (; k < dim; k++) out[k] += centroid[k];
}

#if defined(__AVX512F__)
/* 4-bit codes by one permutation of sixteen weights held in a register. */
RR_INLINE void rr_decode_nibbles(const uint8_t *codes, size_t dim, const float *weights, const float *centroid, float *out) {
  const __m512 table = _mm512_loadu_ps(weights);
  const __m512i shifts = _mm512_set1_epi64(4);
  size_t k = 0;
  for (; k + 16 <= dim; k += 16) {
    /* Two copies of each byte: the even one moves its high half down; a permutation looks at four bits only. */
    __m512i bytes = _mm512_cvtepu8_epi64(_mm_loadl_epi64((const __m128i *)(codes + k / 2)));
    __m512i index = _mm512_srlv_epi32(_mm512_or_si512(bytes, _mm512_slli_epi64(bytes, 32)), shifts);
    _mm512_storeu_ps(out + k, _mm512_add_ps(_mm512_loadu_ps(centroid + k), _mm512_permutexvar_ps(index, table)));
  }
  for (; k < dim; k++) out[k] = centroid[k] + weights[codes[k / 2] >> (k & 1 ? 0 : 4) & 15];
}
#endif

RR_INLINE void rr_decode_residual(const rr_rows *rows, const rr_codebook *book, size_t row, float *out) {
  const uint8_t *codes = (const uint8_t *)rows->data + (row - rows->first) * rows->stride;
  const float *centroid = rows->centroids + rr_centroid_of(rows, row) * rows->dim;
  switch (rows->bits) {
    case 1: rr_decode_codes(codes, rows->dim, 8, book->bytes, centroid, out); break;
    case 2: rr_decode_codes(codes, rows->dim, 4, book->bytes, centroid, out); break;
    case 4:
#if defined(__AVX512F__)
      rr_decode_nibbles(codes, rows->dim, rows->weights, centroid, out);
#else
      rr_decode_codes(codes, rows->dim, 2, book->bytes, centroid, out);
#endif
      break;
    default: rr_decode_codes(codes, rows->dim, 1, book->bytes, centroid, out);
  }
  if (!rows->unit) return;
  float square = rr_square(out, rows->dim);
  if (square > 0) rr_scale(out, rows->dim, 1.0f / __builtin_sqrtf(square));
}

RR_INLINE void rr_decode_halves(const uint16_t *from, size_t dim, float *out) {
  size_t k = 0;
  for (; k + RR_LANES <= dim; k += RR_LANES) vf_store(out + k, vf_half(from + k));
  for (; k < dim; k++) out[k] = rr_half(from[k]);
}

RR_INLINE void rr_decode_bfloats(const uint16_t *from, size_t dim, float *out) {
  size_t k = 0;
  for (; k + RR_LANES <= dim; k += RR_LANES) vf_store(out + k, vf_bfloat(from + k));
  for (; k < dim; k++) out[k] = rr_bfloat(from[k]);
}

RR_INLINE void rr_decode_bytes(const int8_t *from, size_t dim, float scale, float *out) {
  vf s = vf_set1(scale);
  size_t k = 0;
  for (; k + RR_LANES <= dim; k += RR_LANES) vf_store(out + k, vf_mul(vf_bytes(from + k), s));
  for (; k < dim; k++) out[k] = from[k] * scale;
}

/* The codebook that rows of bits and residual rows are decoded with; nothing for other types. */
static inline rr_codebook rr_take_codebook(rr_call *call, const rr_rows *rows) {
  rr_codebook book = {NULL};
  if (rows->type == RR_BITS || rows->type == RR_RESIDUAL) book.bytes = RR_ALLOCATE(call, float, RR_CODEBOOK_FLOATS);
  return book;
}

static inline void rr_fill_codebook(rr_codebook *book, const rr_rows *rows) {
  static const float signs[2] = {-1, 1};
  if (rows->type == RR_BITS) rr_make_codebook(book, 1, signs);
  if (rows->type == RR_RESIDUAL) rr_make_codebook(book, rows->bits, rows->weights);
}

/* One row as floats. */
static void rr_decode(const rr_rows *rows, const rr_codebook *book, size_t row, float *out) {
  size_t at = (row - rows->first) * rows->stride, dim = rows->dim;
  switch (rows->type) {
    case RR_F32: memcpy(out, (const float *)rows->data + at, dim * sizeof(float)); break;
    case RR_F16: rr_decode_halves((const uint16_t *)rows->data + at, dim, out); break;
    case RR_BF16: rr_decode_bfloats((const uint16_t *)rows->data + at, dim, out); break;
    case RR_I8: rr_decode_bytes((const int8_t *)rows->data + at, dim, rows->scales[row - rows->first], out); break;
    case RR_BITS: rr_decode_codes((const uint8_t *)rows->data + at, dim, 8, book->bytes, NULL, out); break;
    default: rr_decode_residual(rows, book, row, out);
  }
}

#endif
