/* Whole numbers in bit-packed blocks of 128 or 256; the layout is that of PackedIntegers in src/contract.ts. Four numbers are packed and unpacked at a time. */
#include "kernel.h"
#include "simd.h"

enum { RR_PLAIN, RR_FRAME, RR_DELTA };

typedef uint32_t rr_four __attribute__((vector_size(16)));

RR_INLINE rr_four rr_load_four(const uint32_t *p) {
  rr_four v;
  memcpy(&v, p, 16);
  return v;
}
RR_INLINE void rr_store_four(uint32_t *p, rr_four v) { memcpy(p, &v, 16); }

/* Each number plus those before it. */
RR_INLINE rr_four rr_running_sum(rr_four v) {
#if defined(__x86_64__)
  v += (rr_four)_mm_slli_si128((__m128i)v, 4);
  return v + (rr_four)_mm_slli_si128((__m128i)v, 8);
#elif defined(__ARM_NEON)
  uint32x4_t zero = vdupq_n_u32(0), x = (uint32x4_t)v;
  x = vaddq_u32(x, vextq_u32(zero, x, 3));
  return (rr_four)vaddq_u32(x, vextq_u32(zero, x, 2));
#elif defined(__wasm_simd128__)
  v128_t zero = wasm_i32x4_const_splat(0), x = (v128_t)v;
  x = wasm_i32x4_add(x, wasm_i32x4_shuffle(zero, x, 0, 4, 5, 6));
  return (rr_four)wasm_i32x4_add(x, wasm_i32x4_shuffle(zero, x, 0, 1, 4, 5));
#else
  return (rr_four){v[0], v[0] + v[1], v[0] + v[1] + v[2], v[0] + v[1] + v[2] + v[3]};
#endif
}

/* Unpacks a block whose words of a lane are `lanes` apart. With a constant width all shifts are constants and nothing branches. */
RR_INLINE void rr_unpack_width(const uint32_t *words, uint32_t width, size_t lanes, int mode, uint32_t base, uint32_t *out) {
  rr_four mask = {0}, bases = {base, base, base, base};
  mask += width == 32 ? 0xffffffffu : (1u << width) - 1;
  for (uint32_t j = 0; j < 32; j++) {
    uint32_t bit = j * width, word = bit >> 5, shift = bit & 31;
    for (size_t half = 0; half < lanes; half += 4) {
      const uint32_t *at = words + word * lanes + half;
      rr_four v = width == 0 ? (rr_four){0} : rr_load_four(at) >> shift;
      if (shift + width > 32) v |= rr_load_four(at + lanes) << (32 - shift);
      v &= mask;
      if (mode == RR_DELTA) {
        v = rr_running_sum(v) + bases;
        bases = (rr_four){v[3], v[3], v[3], v[3]};
      } else {
        v += bases;
      }
      rr_store_four(out + j * lanes + half, v);
    }
  }
}

static void rr_unpack_block(const uint32_t *words, uint32_t width, size_t lanes, int mode, uint32_t base, uint32_t *out) {
#ifdef __wasm__
  rr_unpack_width(words, width, lanes, mode, base, out);
#else
#define RR_WIDTH(w) \
  case w: mode == RR_DELTA ? rr_unpack_width(words, w, lanes, RR_DELTA, base, out) : rr_unpack_width(words, w, lanes, RR_FRAME, base, out); break;
#define RR_WIDTHS(w) RR_WIDTH(w) RR_WIDTH(w + 1) RR_WIDTH(w + 2) RR_WIDTH(w + 3)
  switch (width) { RR_WIDTHS(0) RR_WIDTHS(4) RR_WIDTHS(8) RR_WIDTHS(12) RR_WIDTHS(16) RR_WIDTHS(20) RR_WIDTHS(24) RR_WIDTHS(28) RR_WIDTH(32) }
#undef RR_WIDTH
#undef RR_WIDTHS
#endif
}

/* What is stored of a block: each number less its prediction, the rest of a block that is not full 0. */
static uint32_t rr_store_values(const uint32_t *values, size_t count, size_t block, int mode, uint32_t base, uint32_t *stored) {
  uint32_t all = 0;
  for (size_t i = 0; i < count; i++) {
    stored[i] = mode == RR_DELTA ? (i == 0 ? 0 : values[i] - values[i - 1]) : values[i] - base;
    all |= stored[i];
  }
  for (size_t i = count; i < block; i++) stored[i] = 0;
  return all;
}

/* A unit is a block. Without words, finds each block's base and width; with them, packs it. */
static int rr_pack(rr_call *call, size_t begin, size_t end) {
  size_t count = rr_size(call);
  const uint32_t *values = RR_BUFFER(call, const uint32_t, count);
  int mode = (int)rr_within(call, RR_PLAIN, RR_DELTA);
  size_t block = rr_within(call, 128, 256), lanes = block / 32, blocks = (count + block - 1) / block;
  uint8_t *widths = RR_BUFFER(call, uint8_t, blocks);
  uint32_t *bases = RR_BUFFER(call, uint32_t, blocks);
  bool measured = rr_number(call) != 0;
  const uint32_t *starts = RR_BUFFER(call, const uint32_t, measured ? blocks : 0);
  size_t word_count = rr_size(call);
  uint32_t *words = RR_BUFFER(call, uint32_t, word_count);
  rr_check_units(call, begin, end, blocks);
  if (block != 128 && block != 256) rr_fail(call, RR_ARGUMENTS, 0);
  if (rr_short(call)) return call->fault;
  uint32_t stored[256];
  for (size_t b = begin; b < end; b++) {
    size_t from = b * block, size = count - from < block ? count - from : block;
    if (!measured) {
      uint32_t base = mode == RR_PLAIN ? 0 : values[from];
      if (mode == RR_FRAME)
        for (size_t i = 0; i < size; i++) base = values[from + i] < base ? values[from + i] : base;
      bases[b] = base;
      uint32_t all = rr_store_values(values + from, size, block, mode, base, stored);
      widths[b] = (uint8_t)(all == 0 ? 0 : 32 - __builtin_clz(all));
      continue;
    }
    uint32_t width = widths[b];
    if (width > 32 || starts[b] > word_count || word_count - starts[b] < lanes * width) return rr_fail(call, RR_WORD, (double)b);
    rr_store_values(values + from, size, block, mode, bases[b], stored);
    for (size_t half = 0; half < lanes; half += 4) {
      uint32_t *to = words + starts[b] + half;
      rr_four word = {0};
      for (uint32_t j = 0; j < 32; j++) {
        uint32_t shift = j * width & 31;
        rr_four v = rr_load_four(stored + j * lanes + half);
        word |= v << shift;
        if (shift + width < 32) continue;
        rr_store_four(to, word);
        to += lanes;
        word = shift + width > 32 ? v >> (32 - shift) : (rr_four){0};
      }
    }
  }
  return RR_OK;
}

/* A unit is a block, counted from `first`. */
static int rr_unpack(rr_call *call, size_t begin, size_t end) {
  int mode = (int)rr_within(call, RR_PLAIN, RR_DELTA);
  size_t block = rr_within(call, 128, 256), lanes = block / 32, count = rr_size(call), blocks = (count + block - 1) / block, word_count = rr_size(call);
  const uint32_t *words = RR_BUFFER(call, const uint32_t, word_count), *starts = RR_BUFFER(call, const uint32_t, blocks);
  const uint8_t *widths = RR_BUFFER(call, const uint8_t, blocks);
  const uint32_t *bases = RR_BUFFER(call, const uint32_t, blocks);
  size_t first = rr_within(call, 0, blocks), length = rr_size(call);
  uint32_t *out = RR_BUFFER(call, uint32_t, length);
  rr_check_units(call, begin, end, blocks - first);
  if (block != 128 && block != 256) rr_fail(call, RR_ARGUMENTS, 0);
  if (rr_short(call)) return call->fault;
  uint32_t rest[256];
  for (size_t unit = begin; unit < end; unit++) {
    size_t b = first + unit, size = count - b * block < block ? count - b * block : block;
    if (widths[b] > 32 || starts[b] > word_count || word_count - starts[b] < lanes * widths[b]) return rr_fail(call, RR_WORD, (double)b);
    if (unit * block + size > length) return rr_fail(call, RR_ARGUMENTS, (double)unit);
    uint32_t *to = size == block ? out + unit * block : rest;
    if (lanes == 4) rr_unpack_block(words + starts[b], widths[b], 4, mode, bases[b], to);
    else rr_unpack_block(words + starts[b], widths[b], 8, mode, bases[b], to);
    if (to == rest) memcpy(out + unit * block, rest, size * sizeof(uint32_t));
  }
  return RR_OK;
}
