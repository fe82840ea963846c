/*
 * Tiles: the sums of a few rows with two registers of queries each, kept in registers from the first dimension to the last.
 *
 * Queries stand in the lanes: one broadcast number of a row meets all of them, no sum has to be added up across lanes, and any dimension runs at full speed.
 * Every kind of arithmetic is the same walk over 32-bit words of a row: a float, a pair of bfloats, two 16-bit or four 8-bit numbers.
 */
#ifndef RR_TILE_H
#define RR_TILE_H

#include "simd.h"

#define RR_QUERY_BLOCK 32

/* Rows of a tile: as many as leave room in the registers, enough to hide the latency of a multiply-add. */
#if defined(__AVX512F__) || defined(__aarch64__)
#define RR_TILE 8
#elif defined(__wasm_simd128__) || RR_LANES == 1
#define RR_TILE 4
#else
#define RR_TILE 6
#endif

/* Queries of a tile. */
#define RR_TILE_QUERIES (2 * RR_LANES)

/* Bytes that are multiplied and added in one step of a lane. */
#if defined(__AVX512VNNI__) || defined(__AVXVNNI__) || defined(__ARM_FEATURE_DOTPROD)
#define RR_BYTES_PER_WORD 4
#else
#define RR_BYTES_PER_WORD 2
#endif

/* What a tile does with its sums: keep the larger, or write them down. */
enum { RR_KEEP_LARGEST, RR_WRITE };

RR_INLINE void rr_finish(int rows, int width, int what, vf sums[RR_TILE][2], const float *row_scale, float *out) {
  if (row_scale != NULL) {
    RR_UNROLL for (int x = 0; x < rows; x++) {
      vf scale = vf_set1(row_scale[x]);
      RR_UNROLL for (int c = 0; c < width; c++) sums[x][c] = vf_mul(sums[x][c], scale);
    }
  }
  if (what == RR_KEEP_LARGEST) {
    RR_UNROLL for (int c = 0; c < width; c++) {
      vf kept = vf_load(out + c * RR_LANES);
      RR_UNROLL for (int x = 0; x < rows; x++) kept = vf_greater(sums[x][c], kept);
      vf_store(out + c * RR_LANES, kept);
    }
  } else {
    RR_UNROLL for (int x = 0; x < rows; x++)
      RR_UNROLL for (int c = 0; c < width; c++) vf_store(out + x * RR_QUERY_BLOCK + c * RR_LANES, sums[x][c]);
  }
}

/* Prefetches spread through the arithmetic: a burst at the start of a tile stalls it (half a line for each row and word). */
#if defined(__wasm__)
/* There is nothing to prefetch with, and compilers of WebAssembly run out of registers when steps are laid side by side. */
#define RR_STEPS 1
RR_INLINE const char *rr_ahead(const char *ahead, int lines) { return (void)ahead, (void)lines, NULL; }
#else
#define RR_STEPS 4
RR_INLINE const char *rr_ahead(const char *ahead, int lines) {
  if (ahead == NULL) return NULL;
  RR_UNROLL for (int i = 0; i < lines; i++) rr_prefetch(ahead + i * 64);
  return ahead + lines * 64;
}
#endif

RR_INLINE void rr_tile_floats(int rows, int width, int what, bool squared, const float *q, const float *const *p, size_t dim, const float *row_scale,
                              float *out, const char *ahead) {
  vf sums[RR_TILE][2];
  RR_UNROLL for (int x = 0; x < rows; x++) RR_UNROLL for (int c = 0; c < width; c++) sums[x][c] = vf_zero();
#define RR_STEP(k)                                                                                       \
  {                                                                                                      \
    vf a[2];                                                                                             \
    RR_UNROLL for (int c = 0; c < width; c++) a[c] = vf_load(q + (k) * (size_t)(width * RR_LANES) + c * RR_LANES); \
    RR_UNROLL for (int x = 0; x < rows; x++) {                                                           \
      vf v = vf_set1(p[x][k]);                                                                           \
      RR_IN_REGISTER(v);                                                                                 \
      RR_UNROLL for (int c = 0; c < width; c++) {                                                        \
        if (squared) {                                                                                   \
          vf d = vf_sub(a[c], v);                                                                        \
          sums[x][c] = vf_fma(d, d, sums[x][c]);                                                         \
        } else                                                                                           \
          sums[x][c] = vf_fma(a[c], v, sums[x][c]);                                                      \
      }                                                                                                  \
    }                                                                                                    \
  }
  size_t k = 0;
  for (; k + RR_STEPS <= dim; k += RR_STEPS) {
    ahead = rr_ahead(ahead, (rows + 3) / 4);
    RR_UNROLL for (size_t u = 0; u < RR_STEPS; u++) RR_STEP(k + u)
  }
  for (; k < dim; k++) RR_STEP(k)
#undef RR_STEP
  rr_finish(rows, width, what, sums, row_scale, out);
}

/* One step of whole-number sums: products of the bytes (or pairs) of a word, added. */
RR_INLINE vi rr_step_bytes(vi sums, vi query, vi row) {
#if defined(__AVX512VNNI__)
  return _mm512_dpbusd_epi32(sums, row, query);
#elif defined(__AVXVNNI__)
  return _mm256_dpbusd_avx_epi32(sums, row, query);
#elif defined(__ARM_FEATURE_DOTPROD)
  return vdotq_s32(sums, vreinterpretq_s8_s32(query), vreinterpretq_s8_s32(row));
#else
  return vi_add(sums, vi_madd16(query, row));
#endif
}

RR_INLINE void rr_tile_bytes(int rows, int width, int what, const int32_t *q, const int32_t *const *p, size_t words, const int32_t *initial,
                             const float *row_scale, float *out, const char *ahead) {
  vi sums[RR_TILE][2];
  RR_UNROLL for (int x = 0; x < rows; x++) RR_UNROLL for (int c = 0; c < width; c++) sums[x][c] = vi_load(initial + c * RR_LANES);
#define RR_STEP(k)                                                                                        \
  {                                                                                                       \
    vi a[2];                                                                                              \
    RR_UNROLL for (int c = 0; c < width; c++) a[c] = vi_load(q + (k) * (size_t)(width * RR_LANES) + c * RR_LANES); \
    RR_UNROLL for (int x = 0; x < rows; x++) {                                                            \
      vi v = vi_set1(p[x][k]);                                                                            \
      RR_IN_REGISTER(v);                                                                                  \
      RR_UNROLL for (int c = 0; c < width; c++) sums[x][c] = rr_step_bytes(sums[x][c], a[c], v);          \
    }                                                                                                     \
  }
  size_t k = 0;
  for (; k + RR_STEPS <= words; k += RR_STEPS) {
    ahead = rr_ahead(ahead, (rows * RR_BYTES_PER_WORD + 15) / 16);
    RR_UNROLL for (size_t u = 0; u < RR_STEPS; u++) RR_STEP(k + u)
  }
  for (; k < words; k++) RR_STEP(k)
#undef RR_STEP
  vf floats[RR_TILE][2];
  RR_UNROLL for (int x = 0; x < rows; x++) RR_UNROLL for (int c = 0; c < width; c++) floats[x][c] = vf_from_int(sums[x][c]);
  rr_finish(rows, width, what, floats, row_scale, out);
}

#if defined(__AVX512BF16__)
RR_INLINE void rr_tile_pairs(int rows, int width, int what, const int32_t *q, const int32_t *const *p, size_t words, const float *row_scale, float *out,
                             const char *ahead) {
  vf sums[RR_TILE][2];
  RR_UNROLL for (int x = 0; x < rows; x++) RR_UNROLL for (int c = 0; c < width; c++) sums[x][c] = vf_zero();
  for (size_t k = 0; k < words; k++) {
    if ((k & 3) == 0) ahead = rr_ahead(ahead, (rows + 3) / 4);
    vi a[2];
    RR_UNROLL for (int c = 0; c < width; c++) a[c] = vi_load(q + k * (size_t)(width * RR_LANES) + c * RR_LANES);
    RR_UNROLL for (int x = 0; x < rows; x++) {
      vi v = vi_set1(p[x][k]);
      RR_IN_REGISTER(v);
      RR_UNROLL for (int c = 0; c < width; c++) sums[x][c] = _mm512_dpbf16_ps(sums[x][c], (__m512bh)a[c], (__m512bh)v);
    }
  }
  rr_finish(rows, width, what, sums, row_scale, out);
}
#endif

#if RR_TILE >= 8
#define RR_EACH_COUNT(call) \
  case 1: call(1); break;   \
  case 2: call(2); break;   \
  case 3: call(3); break;   \
  case 4: call(4); break;   \
  case 5: call(5); break;   \
  case 6: call(6); break;   \
  case 7: call(7); break;   \
  default: call(8);
#elif RR_TILE >= 6
#define RR_EACH_COUNT(call) \
  case 1: call(1); break;   \
  case 2: call(2); break;   \
  case 3: call(3); break;   \
  case 4: call(4); break;   \
  case 5: call(5); break;   \
  default: call(6);
#else
#define RR_EACH_COUNT(call) \
  case 1: call(1); break;   \
  case 2: call(2); break;   \
  case 3: call(3); break;   \
  default: call(4);
#endif

#endif
