/* Vectors of floats and words for whatever instruction set a file is compiled for, under one set of names. */
#ifndef RR_SIMD_H
#define RR_SIMD_H

#include "kernel.h"

/* native/check.mjs looks for faults, not for speed: its sanitizers take minutes over code that is unrolled. */
#ifdef RR_CHECKED
#define RR_INLINE static inline __attribute__((unused))
#define RR_UNROLL
#else
#define RR_INLINE static inline __attribute__((always_inline, unused))
#ifdef __clang__
#define RR_UNROLL _Pragma("unroll")
#else
#define RR_UNROLL _Pragma("GCC unroll 16")
#endif
#endif

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
#endif

/* Keeps the compiler from turning one broadcast into a memory operand of each of its uses, which costs a load every time. */
#if defined(__x86_64__)
#define RR_IN_REGISTER(v) __asm__("" : "+v"(v))
#else
#define RR_IN_REGISTER(v) (void)0
#endif

RR_INLINE void rr_prefetch(const void *address) { __builtin_prefetch(address, 0, 3); }

#if defined(__AVX512F__)

#define RR_LANES 16
typedef __m512 vf;
typedef __m512i vi;
RR_INLINE vf vf_zero(void) { return _mm512_setzero_ps(); }
RR_INLINE vf vf_set1(float x) { return _mm512_set1_ps(x); }
RR_INLINE vf vf_load(const float *p) { return _mm512_loadu_ps(p); }
RR_INLINE void vf_store(float *p, vf v) { _mm512_storeu_ps(p, v); }
RR_INLINE vf vf_add(vf a, vf b) { return _mm512_add_ps(a, b); }
RR_INLINE vf vf_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
RR_INLINE vf vf_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
RR_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
/* x where it is greater, else kept: a NaN x never wins. */
RR_INLINE vf vf_greater(vf x, vf kept) { return _mm512_max_ps(x, kept); }
RR_INLINE float vf_sum(vf v) { return _mm512_reduce_add_ps(v); }
/* The first n (1 to lanes) numbers, zero after. */
RR_INLINE vf vf_load_part(const float *p, size_t n) { return _mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p); }
RR_INLINE void vf_store_part(float *p, vf v, size_t n) { _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), v); }
RR_INLINE vf vf_half(const uint16_t *p) { return _mm512_cvtph_ps(_mm256_loadu_si256((const __m256i *)p)); }
RR_INLINE vf vf_bfloat(const uint16_t *p) {
  return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)p)), 16));
}
RR_INLINE vf vf_bytes(const int8_t *p) { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i *)p))); }
RR_INLINE vf vf_from_int(vi v) { return _mm512_cvtepi32_ps(v); }

RR_INLINE vi vi_zero(void) { return _mm512_setzero_si512(); }
RR_INLINE vi vi_set1(int32_t x) { return _mm512_set1_epi32(x); }
RR_INLINE vi vi_load(const void *p) { return _mm512_loadu_si512(p); }
RR_INLINE void vi_store(void *p, vi v) { _mm512_storeu_si512(p, v); }
RR_INLINE vi vi_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
/* Pairs of 16-bit products, added. */
RR_INLINE vi vi_madd16(vi a, vi b) { return _mm512_madd_epi16(a, b); }
RR_INLINE int32_t vi_sum(vi v) { return _mm512_reduce_add_epi32(v); }
/* Signed bytes as 16 bits: one vector from half as many bytes. */
RR_INLINE vi vi_widen8(const int8_t *p) { return _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)p)); }

#elif defined(__AVX2__)

#define RR_LANES 8
typedef __m256 vf;
typedef __m256i vi;
RR_INLINE vf vf_zero(void) { return _mm256_setzero_ps(); }
RR_INLINE vf vf_set1(float x) { return _mm256_set1_ps(x); }
RR_INLINE vf vf_load(const float *p) { return _mm256_loadu_ps(p); }
RR_INLINE void vf_store(float *p, vf v) { _mm256_storeu_ps(p, v); }
RR_INLINE vf vf_add(vf a, vf b) { return _mm256_add_ps(a, b); }
RR_INLINE vf vf_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
RR_INLINE vf vf_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
RR_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
RR_INLINE vf vf_greater(vf x, vf kept) { return _mm256_max_ps(x, kept); }
RR_INLINE float vf_sum(vf v) {
  __m128 s = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
  s = _mm_add_ps(s, _mm_movehl_ps(s, s));
  return _mm_cvtss_f32(_mm_add_ss(s, _mm_shuffle_ps(s, s, 1)));
}
RR_INLINE __m256i vf_part_mask(size_t n) {
  static const int32_t ones[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
  return _mm256_loadu_si256((const __m256i *)(ones + 8 - n));
}
RR_INLINE vf vf_load_part(const float *p, size_t n) { return _mm256_maskload_ps(p, vf_part_mask(n)); }
RR_INLINE void vf_store_part(float *p, vf v, size_t n) { _mm256_maskstore_ps(p, vf_part_mask(n), v); }
RR_INLINE vf vf_half(const uint16_t *p) { return _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p)); }
RR_INLINE vf vf_bfloat(const uint16_t *p) {
  return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)p)), 16));
}
RR_INLINE vf vf_bytes(const int8_t *p) { return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)p))); }
RR_INLINE vf vf_from_int(vi v) { return _mm256_cvtepi32_ps(v); }

RR_INLINE vi vi_zero(void) { return _mm256_setzero_si256(); }
RR_INLINE vi vi_set1(int32_t x) { return _mm256_set1_epi32(x); }
RR_INLINE vi vi_load(const void *p) { return _mm256_loadu_si256((const __m256i *)p); }
RR_INLINE void vi_store(void *p, vi v) { _mm256_storeu_si256((__m256i *)p, v); }
RR_INLINE vi vi_add(vi a, vi b) { return _mm256_add_epi32(a, b); }
RR_INLINE vi vi_madd16(vi a, vi b) { return _mm256_madd_epi16(a, b); }
RR_INLINE int32_t vi_sum(vi v) {
  __m128i s = _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
  s = _mm_add_epi32(s, _mm_shuffle_epi32(s, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(s, _mm_shuffle_epi32(s, 0xb1)));
}
RR_INLINE vi vi_widen8(const int8_t *p) { return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)p)); }

#elif defined(__x86_64__)

#define RR_LANES 4
typedef __m128 vf;
typedef __m128i vi;
RR_INLINE vf vf_zero(void) { return _mm_setzero_ps(); }
RR_INLINE vf vf_set1(float x) { return _mm_set1_ps(x); }
RR_INLINE vf vf_load(const float *p) { return _mm_loadu_ps(p); }
RR_INLINE void vf_store(float *p, vf v) { _mm_storeu_ps(p, v); }
RR_INLINE vf vf_add(vf a, vf b) { return _mm_add_ps(a, b); }
RR_INLINE vf vf_sub(vf a, vf b) { return _mm_sub_ps(a, b); }
RR_INLINE vf vf_mul(vf a, vf b) { return _mm_mul_ps(a, b); }
RR_INLINE vf vf_fma(vf a, vf b, vf c) { return _mm_add_ps(_mm_mul_ps(a, b), c); }
RR_INLINE vf vf_greater(vf x, vf kept) { return _mm_max_ps(x, kept); }
RR_INLINE float vf_sum(vf v) {
  v = _mm_add_ps(v, _mm_movehl_ps(v, v));
  return _mm_cvtss_f32(_mm_add_ss(v, _mm_shuffle_ps(v, v, 1)));
}
RR_INLINE vf vf_from_int(vi v) { return _mm_cvtepi32_ps(v); }

RR_INLINE vi vi_zero(void) { return _mm_setzero_si128(); }
RR_INLINE vi vi_set1(int32_t x) { return _mm_set1_epi32(x); }
RR_INLINE vi vi_load(const void *p) { return _mm_loadu_si128((const __m128i *)p); }
RR_INLINE void vi_store(void *p, vi v) { _mm_storeu_si128((__m128i *)p, v); }
RR_INLINE vi vi_add(vi a, vi b) { return _mm_add_epi32(a, b); }
RR_INLINE vi vi_madd16(vi a, vi b) { return _mm_madd_epi16(a, b); }
RR_INLINE int32_t vi_sum(vi v) {
  v = _mm_add_epi32(v, _mm_shuffle_epi32(v, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(v, _mm_shuffle_epi32(v, 0xb1)));
}
RR_INLINE vi vi_widen8(const int8_t *p) {
  __m128i bytes = _mm_loadl_epi64((const __m128i *)p);
  return _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8);
}
RR_INLINE vf vf_bytes(const int8_t *p) {
  int32_t four;
  memcpy(&four, p, 4);
  __m128i bytes = _mm_cvtsi32_si128(four);
  __m128i pairs = _mm_unpacklo_epi8(bytes, bytes);
  return _mm_cvtepi32_ps(_mm_srai_epi32(_mm_unpacklo_epi16(pairs, pairs), 24));
}
RR_INLINE vf vf_bfloat(const uint16_t *p) {
  return _mm_castsi128_ps(_mm_unpacklo_epi16(_mm_setzero_si128(), _mm_loadl_epi64((const __m128i *)p)));
}
/* A half's bits, moved to where a float has them, are the half divided by 2^112; exponent 31 becomes 255. */
RR_INLINE vf vf_half(const uint16_t *p) {
  __m128i half = _mm_unpacklo_epi16(_mm_loadl_epi64((const __m128i *)p), _mm_setzero_si128());
  __m128i magnitude = _mm_and_si128(half, _mm_set1_epi32(0x7fff));
  __m128i sign = _mm_slli_epi32(_mm_xor_si128(half, magnitude), 16);
  __m128 scaled = _mm_mul_ps(_mm_castsi128_ps(_mm_slli_epi32(magnitude, 13)), _mm_set1_ps(0x1p112f));
  __m128i special = _mm_and_si128(_mm_cmpgt_epi32(magnitude, _mm_set1_epi32(0x7bff)), _mm_set1_epi32(0x7f800000));
  return _mm_or_ps(scaled, _mm_castsi128_ps(_mm_or_si128(special, sign)));
}

#elif defined(__ARM_NEON)

#define RR_LANES 4
typedef float32x4_t vf;
typedef int32x4_t vi;
RR_INLINE vf vf_zero(void) { return vdupq_n_f32(0); }
RR_INLINE vf vf_set1(float x) { return vdupq_n_f32(x); }
RR_INLINE vf vf_load(const float *p) { return vld1q_f32(p); }
RR_INLINE void vf_store(float *p, vf v) { vst1q_f32(p, v); }
RR_INLINE vf vf_add(vf a, vf b) { return vaddq_f32(a, b); }
RR_INLINE vf vf_sub(vf a, vf b) { return vsubq_f32(a, b); }
RR_INLINE vf vf_mul(vf a, vf b) { return vmulq_f32(a, b); }
RR_INLINE vf vf_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
RR_INLINE vf vf_greater(vf x, vf kept) { return vmaxnmq_f32(x, kept); }
RR_INLINE float vf_sum(vf v) { return vaddvq_f32(v); }
RR_INLINE vf vf_from_int(vi v) { return vcvtq_f32_s32(v); }
RR_INLINE vf vf_half(const uint16_t *p) { return vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }
RR_INLINE vf vf_bfloat(const uint16_t *p) { return vreinterpretq_f32_u32(vshll_n_u16(vld1_u16(p), 16)); }
RR_INLINE vf vf_bytes(const int8_t *p) {
  int32_t four;
  memcpy(&four, p, 4);
  return vcvtq_f32_s32(vmovl_s16(vget_low_s16(vmovl_s8(vreinterpret_s8_s32(vdup_n_s32(four))))));
}

RR_INLINE vi vi_zero(void) { return vdupq_n_s32(0); }
RR_INLINE vi vi_set1(int32_t x) { return vdupq_n_s32(x); }
RR_INLINE vi vi_load(const void *p) { return vreinterpretq_s32_u8(vld1q_u8((const uint8_t *)p)); }
RR_INLINE void vi_store(void *p, vi v) { vst1q_u8((uint8_t *)p, vreinterpretq_u8_s32(v)); }
RR_INLINE vi vi_add(vi a, vi b) { return vaddq_s32(a, b); }
RR_INLINE vi vi_madd16(vi a, vi b) {
  int16x8_t x = vreinterpretq_s16_s32(a), y = vreinterpretq_s16_s32(b);
  return vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(y)), vmull_high_s16(x, y));
}
RR_INLINE int32_t vi_sum(vi v) { return vaddvq_s32(v); }
RR_INLINE vi vi_widen8(const int8_t *p) { return vreinterpretq_s32_s16(vmovl_s8(vld1_s8(p))); }

#elif defined(__wasm_simd128__)

#define RR_LANES 4
typedef v128_t vf;
typedef v128_t vi;
RR_INLINE vf vf_zero(void) { return wasm_f32x4_const_splat(0); }
RR_INLINE vf vf_set1(float x) { return wasm_f32x4_splat(x); }
RR_INLINE vf vf_load(const float *p) { return wasm_v128_load(p); }
RR_INLINE void vf_store(float *p, vf v) { wasm_v128_store(p, v); }
RR_INLINE vf vf_add(vf a, vf b) { return wasm_f32x4_add(a, b); }
RR_INLINE vf vf_sub(vf a, vf b) { return wasm_f32x4_sub(a, b); }
RR_INLINE vf vf_mul(vf a, vf b) { return wasm_f32x4_mul(a, b); }
#if defined(__wasm_relaxed_simd__)
RR_INLINE vf vf_fma(vf a, vf b, vf c) { return wasm_f32x4_relaxed_madd(a, b, c); }
#else
RR_INLINE vf vf_fma(vf a, vf b, vf c) { return wasm_f32x4_add(wasm_f32x4_mul(a, b), c); }
#endif
/* pmax(kept, x) is kept < x ? x : kept. */
RR_INLINE vf vf_greater(vf x, vf kept) { return wasm_f32x4_pmax(kept, x); }
RR_INLINE float vf_sum(vf v) {
  v = wasm_f32x4_add(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  return wasm_f32x4_extract_lane(v, 0) + wasm_f32x4_extract_lane(v, 1);
}
RR_INLINE vf vf_from_int(vi v) { return wasm_f32x4_convert_i32x4(v); }
RR_INLINE vf vf_bfloat(const uint16_t *p) { return wasm_i32x4_shl(wasm_u32x4_load16x4(p), 16); }
/* A half's bits, moved to where a float has them, are the half divided by 2^112; exponent 31 becomes 255. */
RR_INLINE vf vf_half(const uint16_t *p) {
  v128_t half = wasm_u32x4_load16x4(p);
  v128_t magnitude = wasm_v128_and(half, wasm_i32x4_const_splat(0x7fff));
  v128_t sign = wasm_i32x4_shl(wasm_v128_xor(half, magnitude), 16);
  v128_t scaled = wasm_f32x4_mul(wasm_i32x4_shl(magnitude, 13), wasm_f32x4_const_splat(0x1p112f));
  v128_t special = wasm_v128_and(wasm_i32x4_gt(magnitude, wasm_i32x4_const_splat(0x7bff)), wasm_i32x4_const_splat(0x7f800000));
  return wasm_v128_or(scaled, wasm_v128_or(special, sign));
}
RR_INLINE vf vf_bytes(const int8_t *p) {
  return wasm_f32x4_convert_i32x4(wasm_i32x4_extend_low_i16x8(wasm_i16x8_extend_low_i8x16(wasm_v128_load32_zero(p))));
}

RR_INLINE vi vi_zero(void) { return wasm_i32x4_const_splat(0); }
RR_INLINE vi vi_set1(int32_t x) { return wasm_i32x4_splat(x); }
RR_INLINE vi vi_load(const void *p) { return wasm_v128_load(p); }
RR_INLINE void vi_store(void *p, vi v) { wasm_v128_store(p, v); }
RR_INLINE vi vi_add(vi a, vi b) { return wasm_i32x4_add(a, b); }
RR_INLINE vi vi_madd16(vi a, vi b) { return wasm_i32x4_dot_i16x8(a, b); }
RR_INLINE int32_t vi_sum(vi v) {
  v = wasm_i32x4_add(v, wasm_i32x4_shuffle(v, v, 2, 3, 0, 1));
  return wasm_i32x4_extract_lane(v, 0) + wasm_i32x4_extract_lane(v, 1);
}
RR_INLINE vi vi_widen8(const int8_t *p) { return wasm_i16x8_load8x8(p); }

#else

/* No vectors are known for this processor: single numbers, which every C compiler can do. */
#define RR_LANES 1
typedef float vf;
typedef int32_t vi;
RR_INLINE vf vf_zero(void) { return 0; }
RR_INLINE vf vf_set1(float x) { return x; }
RR_INLINE vf vf_load(const float *p) { return *p; }
RR_INLINE void vf_store(float *p, vf v) { *p = v; }
RR_INLINE vf vf_add(vf a, vf b) { return a + b; }
RR_INLINE vf vf_sub(vf a, vf b) { return a - b; }
RR_INLINE vf vf_mul(vf a, vf b) { return a * b; }
RR_INLINE vf vf_fma(vf a, vf b, vf c) { return a * b + c; }
RR_INLINE vf vf_greater(vf x, vf kept) { return x > kept ? x : kept; }
RR_INLINE float vf_sum(vf v) { return v; }
RR_INLINE vf vf_from_int(vi v) { return (float)v; }
RR_INLINE vf vf_bfloat(const uint16_t *p) {
  uint32_t bits = (uint32_t)*p << 16;
  float value;
  memcpy(&value, &bits, 4);
  return value;
}
RR_INLINE vf vf_bytes(const int8_t *p) { return *p; }
RR_INLINE vi vi_zero(void) { return 0; }
RR_INLINE vi vi_set1(int32_t x) { return x; }
RR_INLINE vf vf_half(const uint16_t *p) {
  uint32_t magnitude = *p & 0x7fff, special = magnitude > 0x7bff ? 0x7f800000 : 0, bits = magnitude << 13;
  float scaled;
  memcpy(&scaled, &bits, 4);
  scaled *= 0x1p112f;
  memcpy(&bits, &scaled, 4);
  bits |= special | (uint32_t)(*p & 0x8000) << 16;
  memcpy(&scaled, &bits, 4);
  return scaled;
}
RR_INLINE vi vi_load(const void *p) {
  vi v;
  memcpy(&v, p, 4);
  return v;
}
RR_INLINE void vi_store(void *p, vi v) { memcpy(p, &v, 4); }
RR_INLINE int32_t vi_sum(vi v) { return v; }
RR_INLINE vi vi_add(vi a, vi b) { return (vi)((uint32_t)a + (uint32_t)b); }
RR_INLINE vi vi_madd16(vi a, vi b) { return (int16_t)a * (int16_t)b + (int16_t)((uint32_t)a >> 16) * (int16_t)((uint32_t)b >> 16); }
RR_INLINE vi vi_widen8(const int8_t *p) { return (vi)((uint32_t)(uint16_t)p[0] | (uint32_t)(uint16_t)p[1] << 16); }

#endif

#if RR_LANES <= 4
/* The first n (1 to lanes) numbers, zero after. */
RR_INLINE vf vf_load_part(const float *p, size_t n) {
  float part[RR_LANES] = {0};
  for (size_t i = 0; i < n; i++) part[i] = p[i];
  return vf_load(part);
}
RR_INLINE void vf_store_part(float *p, vf v, size_t n) {
  float part[RR_LANES];
  vf_store(part, v);
  for (size_t i = 0; i < n; i++) p[i] = part[i];
}
#endif

#endif
