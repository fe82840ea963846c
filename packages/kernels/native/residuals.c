/*
 * Scaled residuals: rows kept as a centroid of bytes and small whole numbers times a scale. A query of bytes meets a row's levels in whole-number tiles,
 * and the rest of the similarity comes from a table of the query and the centroids.
 */
#include "block.h"

/* As `Writer.residuals` of src/compiled/encode.ts writes them. */
typedef struct {
  size_t rows, dim, stride;
  int bits;
  bool wide_ids;
  /* Whether the rows stand in lists of their centroids, which have no numbers then. */
  bool listed;
  const uint8_t *codes;
  const void *centroid_ids;
  rr_rows centroids;
  const int8_t *levels;
  const uint8_t *scale_codes;
  const float *scales;
} rr_residuals;

static rr_residuals rr_take_residuals(rr_call *call) {
  rr_residuals it = {0};
  it.rows = rr_size(call);
  it.dim = rr_within(call, 1, RR_LARGEST_DIM);
  it.bits = (int)rr_within(call, 1, 8);
  if (it.bits & (it.bits - 1)) rr_fail(call, RR_ARGUMENTS, call->number_at);
  it.stride = (it.dim * (size_t)it.bits + 7) / 8;
  double ids = rr_number(call);
  it.wide_ids = ids == 4;
  it.centroids = rr_take_rows(call);
  if (it.centroids.type != RR_I8 || it.centroids.dim != it.dim || it.centroids.rows == 0 || it.centroids.first != 0) rr_fail(call, RR_ARGUMENTS, call->number_at);
  size_t bytes;
  if (__builtin_mul_overflow(it.rows, it.stride, &bytes)) rr_fail(call, RR_ARGUMENTS, call->number_at);
  it.codes = RR_BUFFER(call, const uint8_t, bytes);
  it.listed = ids == 0;
  it.centroid_ids = rr_take_buffer(call, it.listed ? 0 : it.rows, it.wide_ids ? 4 : 2);
  it.levels = RR_BUFFER(call, const int8_t, it.bits == 8 ? 0 : (size_t)1 << it.bits);
  it.scale_codes = RR_BUFFER(call, const uint8_t, it.rows);
  it.scales = RR_BUFFER(call, const float, 256);
  return it;
}

RR_INLINE size_t rr_centroid_at(const rr_residuals *it, size_t row) {
  size_t id = it->wide_ids ? ((const uint32_t *)it->centroid_ids)[row] : ((const uint16_t *)it->centroid_ids)[row];
  return id < it->centroids.rows ? id : it->centroids.rows - 1;
}

/* What is added to levels so that the whole-number step takes them as they are. */
#if RR_BYTES_PER_WORD == 4 && defined(__x86_64__)
#define RR_BIAS 128
#else
#define RR_BIAS 0
#endif

/* Levels stand by planes: those of all first codes of the bytes, then of all second ones. So many of them make a row. */
RR_INLINE size_t rr_planes(const rr_residuals *it) { return it->stride * (8 / (size_t)it->bits); }

/* Sixteen table entries for a shuffle: what a code stands for, as a biased byte. */
static void rr_fill_levels(const rr_residuals *it, uint8_t table[16]) {
  memset(table, 0, 16);
  if (it->bits < 8)
    for (int code = 0; code < 1 << it->bits; code++) table[code] = (uint8_t)(it->levels[code] + RR_BIAS);
}

/* `count` bytes of codes, moved right by `shift`, as the table has them. */
RR_INLINE void rr_look_up(const uint8_t *codes, size_t count, int shift, int mask, const uint8_t table[16], uint8_t *out) {
  size_t i = 0;
#if defined(__AVX512BW__)
  const __m512i levels = _mm512_broadcast_i32x4(_mm_loadu_si128((const __m128i *)table)), low = _mm512_set1_epi8((char)mask);
  const __m128i by = _mm_cvtsi32_si128(shift);
  for (; i + 64 <= count; i += 64)
    _mm512_storeu_si512(out + i, _mm512_shuffle_epi8(levels, _mm512_and_si512(_mm512_srl_epi16(_mm512_loadu_si512(codes + i), by), low)));
  if (i < count) {
    __mmask64 part = ((__mmask64)1 << (count - i)) - 1;
    _mm512_mask_storeu_epi8(out + i, part, _mm512_shuffle_epi8(levels, _mm512_and_si512(_mm512_srl_epi16(_mm512_maskz_loadu_epi8(part, codes + i), by), low)));
    i = count;
  }
#elif defined(__AVX2__)
  const __m256i levels = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)table)), low = _mm256_set1_epi8((char)mask);
  const __m128i by = _mm_cvtsi32_si128(shift);
  for (; i + 32 <= count; i += 32)
    _mm256_storeu_si256((__m256i *)(out + i), _mm256_shuffle_epi8(levels, _mm256_and_si256(_mm256_srl_epi16(_mm256_loadu_si256((const __m256i *)(codes + i)), by), low)));
#elif defined(__ARM_NEON) && defined(__aarch64__)
  const uint8x16_t levels = vld1q_u8(table), low = vdupq_n_u8((uint8_t)mask);
  const int8x16_t by = vdupq_n_s8((int8_t)-shift);
  for (; i + 16 <= count; i += 16) vst1q_u8(out + i, vqtbl1q_u8(levels, vandq_u8(vshlq_u8(vld1q_u8(codes + i), by), low)));
#elif defined(__wasm_simd128__)
  const v128_t levels = wasm_v128_load(table), low = wasm_i8x16_splat((int8_t)mask);
  for (; i + 16 <= count; i += 16)
    wasm_v128_store(out + i, wasm_i8x16_swizzle(levels, wasm_v128_and(wasm_u8x16_shr(wasm_v128_load(codes + i), (uint32_t)shift), low)));
#endif
  for (; i < count; i++) out[i] = table[codes[i] >> shift & mask];
}

/* A row's levels as a tile reads them. `plain` is room for them as bytes. */
RR_INLINE void rr_ready_levels(const rr_residuals *it, const uint8_t *codes, const uint8_t table[16], uint8_t *plain, char *out) {
  size_t planes = rr_planes(it);
#if RR_BYTES_PER_WORD == 4
  uint8_t *bytes = (uint8_t *)out;
  (void)plain;
#else
  uint8_t *bytes = plain;
#endif
  if (it->bits == 8) {
    memcpy(bytes, codes, it->stride);
#if RR_BIAS == 0
    for (size_t k = 0; k < it->stride; k++) bytes[k] ^= 128;
#endif
  } else {
    int mask = (1 << it->bits) - 1, shift = 8 - it->bits;
    for (size_t at = 0; at < planes; at += it->stride, shift -= it->bits) rr_look_up(codes, it->stride, shift, mask, table, bytes + at);
  }
#if RR_BYTES_PER_WORD == 4
  memset(bytes + planes, 0, -planes & 3);
#else
  rr_ready_bytes((const int8_t *)bytes, planes, out);
#endif
}

/* Where dimension k stands among the planes. */
RR_INLINE size_t rr_place_of(const rr_residuals *it, size_t k) {
  size_t each = 8 / (size_t)it->bits;
  return k % each * it->stride + k / each;
}

/* A query ready for residuals: in blocks, its dimensions ordered as levels stand. */
typedef struct {
  rr_rows rows;
  rr_rows targets;
  size_t blocks, padded;
  rr_block *block;
  int8_t *ordered;
  uint8_t *plain;
  uint8_t levels[16];
} rr_residual_query;

static rr_residual_query rr_take_residual_query(rr_call *call, const rr_rows *query, const rr_residuals *it) {
  rr_residual_query ready = {.rows = *query};
  if (query->type != RR_I8 || query->dim != it->dim || query->first != 0) rr_fail(call, RR_ARGUMENTS, 0);
  size_t planes = it->bits == 0 ? 0 : rr_planes(it);
  /* One at least: rows are made ready where the first block has room for them. */
  ready.blocks = query->rows == 0 ? 1 : (query->rows + RR_QUERY_BLOCK - 1) / RR_QUERY_BLOCK;
  ready.padded = ready.blocks * RR_QUERY_BLOCK;
  ready.ordered = RR_ALLOCATE(call, int8_t, query->rows * planes);
  ready.plain = RR_ALLOCATE(call, uint8_t, planes + 64);
  ready.block = RR_ALLOCATE(call, rr_block, ready.blocks);
  /* Rows of bytes in the order of the planes: what the blocks are made for. */
  ready.targets = (rr_rows){.type = RR_I8, .dim = planes, .stride = planes};
  for (size_t b = 0; b < ready.blocks; b++) {
    rr_block taken = rr_take_block(call, &ready.targets, &ready.targets, RR_DOT, NULL, 0);
    if (call->fault != RR_OK) return ready;
    if (call->scratch->wanted <= call->scratch->size) ready.block[b] = taken;
  }
  return ready;
}

static void rr_fill_residual_query(rr_residual_query *ready, const rr_residuals *it) {
  size_t planes = rr_planes(it);
  memset(ready->ordered, 0, ready->rows.rows * planes);
  for (size_t q = 0; q < ready->rows.rows; q++)
    for (size_t k = 0; k < it->dim; k++) ready->ordered[q * planes + rr_place_of(it, k)] = ((const int8_t *)ready->rows.data)[q * ready->rows.stride + k];
  rr_rows ordered = ready->rows;
  ordered.data = ready->ordered;
  ordered.dim = ordered.stride = planes;
  rr_codebook none = {NULL};
  for (size_t b = 0; b < ready->blocks; b++) {
    size_t from = b * RR_QUERY_BLOCK, left = ready->rows.rows - from;
    ready->block[b].rows = &ready->targets;
    rr_fill_block(&ready->block[b], &ordered, &none, from, left < RR_QUERY_BLOCK ? left : RR_QUERY_BLOCK);
  }
  rr_fill_levels(it, ready->levels);
}

/* Keeps in `largest` what exceeds it among the similarities of up to RR_TILE rows from `from` on, whose entries of the table are `entries`. */
RR_INLINE void rr_largest_residuals(const rr_residual_query *query, const rr_residuals *it, size_t from, int count, const float *const *entries, float *largest) {
  const int32_t *words[RR_TILE];
  char *ready = query->block[0].ready;
  size_t ready_stride = query->block[0].ready_stride;
  for (int x = 0; x < count; x++) {
    char *out = ready + (size_t)x * ready_stride;
    rr_ready_levels(it, it->codes + (from + (size_t)x) * it->stride, query->levels, query->plain, out);
    words[x] = (const int32_t *)out;
  }
  float sums[RR_TILE * RR_QUERY_BLOCK];
  for (size_t b = 0; b < query->blocks; b++) {
    const rr_block *block = &query->block[b];
    rr_tiles_of_bytes(block, count, RR_WRITE, words, NULL, sums, NULL);
    size_t at = b * RR_QUERY_BLOCK;
    for (size_t lane = 0; lane < block->queries; lane += RR_LANES) {
      vf kept = vf_load(largest + at + lane), own = vf_load(block->scale + lane);
      for (int x = 0; x < count; x++) {
        vf scale = vf_set1(it->scales[it->scale_codes[from + (size_t)x]]);
        vf sum = vf_mul(vf_mul(vf_load(sums + x * RR_QUERY_BLOCK + lane), own), scale);
        kept = vf_greater(vf_add(sum, vf_load(entries[x] + at + lane)), kept);
      }
      vf_store(largest + at + lane, kept);
    }
  }
}

static int rr_residual_table(rr_call *call, size_t begin, size_t end) {
  rr_rows query = rr_take_rows(call), centroids = rr_take_rows(call);
  size_t stride = rr_size(call), entries;
  if (query.type != RR_I8 || centroids.type != RR_I8 || query.dim != centroids.dim || query.first != 0 || stride < query.rows || stride % 16 != 0 ||
      __builtin_mul_overflow(centroids.rows, stride, &entries))
    return rr_fail(call, RR_ARGUMENTS, 0);
  float *floats = RR_BUFFER(call, float, entries);
  uint8_t *bytes = RR_BUFFER(call, uint8_t, entries);
  float *range = RR_BUFFER(call, float, 2);
  rr_check_units(call, begin, end, 1);
  size_t blocks = (query.rows + RR_QUERY_BLOCK - 1) / RR_QUERY_BLOCK;
  rr_block block = rr_take_block(call, &query, &centroids, RR_DOT, NULL, centroids.rows);
  if (rr_short(call)) return call->fault;
  rr_codebook none = {NULL};
  for (size_t b = 0; b < blocks; b++) {
    size_t from = b * RR_QUERY_BLOCK, left = query.rows - from, count = left < RR_QUERY_BLOCK ? left : RR_QUERY_BLOCK;
    size_t width = stride - from < RR_QUERY_BLOCK ? stride - from : RR_QUERY_BLOCK;
    rr_fill_block(&block, &query, &none, from, count);
    float scores[RR_TILE * RR_QUERY_BLOCK];
    memset(scores, 0, sizeof scores);
    for (size_t c = 0; c < centroids.rows; c += RR_TILE) {
      int rows = centroids.rows - c < RR_TILE ? (int)(centroids.rows - c) : RR_TILE;
      rr_compare(&block, NULL, c, rows, scores, NULL);
      for (int x = 0; x < rows; x++) {
        float *out = floats + (c + (size_t)x) * stride + from;
        for (size_t q = 0; q < width; q++) out[q] = scores[x * RR_QUERY_BLOCK + (int)q];
      }
    }
  }
  float low = __builtin_inff(), high = -__builtin_inff();
  /* Lanes past the query hold zeros, which must not count: whole rows of sixteen first, then the rest one by one. */
  size_t whole = query.rows & ~(size_t)15;
  vf lows = vf_set1(low), highs = vf_set1(high);
  for (size_t c = 0; c < centroids.rows; c++) {
    const float *row = floats + c * stride;
    for (size_t q = 0; q < whole; q += RR_LANES) {
      vf v = vf_load(row + q);
      highs = vf_greater(v, highs);
      lows = vf_sub(vf_zero(), vf_greater(vf_sub(vf_zero(), v), vf_sub(vf_zero(), lows)));
    }
    for (size_t q = whole; q < query.rows; q++) {
      low = row[q] < low ? row[q] : low;
      high = row[q] > high ? row[q] : high;
    }
  }
  float lanes[2][RR_LANES];
  vf_store(lanes[0], lows);
  vf_store(lanes[1], highs);
  for (size_t i = 0; i < RR_LANES; i++) {
    low = lanes[0][i] < low ? lanes[0][i] : low;
    high = lanes[1][i] > high ? lanes[1][i] : high;
  }
  float width = high > low ? high - low : 0, inverse = width > 0 ? 255 / width : 0;
  range[0] = low <= high ? low : 0;
  range[1] = width / 255;
  low = range[0];
  for (size_t i = 0; i < entries; i++) {
    float place = (floats[i] - low) * inverse;
    /* Half-way cases go to the even number: adding 2^23 leaves no room for the fraction. */
    bytes[i] = (uint8_t)(int32_t)((place < 255 ? place : 255) + 0x1p23f - 0x1p23f);
  }
  if (query.rows < stride)
    for (size_t c = 0; c < centroids.rows; c++) memset(bytes + c * stride + query.rows, 0, stride - query.rows);
  return RR_OK;
}

static int rr_residual_maxsim(rr_call *call, size_t begin, size_t end) {
  rr_rows query = rr_take_rows(call);
  rr_residuals it = rr_take_residuals(call);
  size_t stride = rr_size(call), entries;
  if (stride < query.rows || stride % 16 != 0 || __builtin_mul_overflow(it.centroids.rows, stride, &entries)) return rr_fail(call, RR_ARGUMENTS, 0);
  const float *table = RR_BUFFER(call, const float, entries);
  size_t documents = rr_size(call);
  const uint32_t *offsets = RR_BUFFER(call, const uint32_t, documents + 1);
  bool listed;
  size_t units;
  const uint32_t *only = rr_optional_list(call, &listed, &units);
  if (!listed) units = documents;
  float *scores = RR_BUFFER(call, float, units);
  if (it.listed) rr_fail(call, RR_ARGUMENTS, 0);
  rr_check_units(call, begin, end, units);
  if (call->fault != RR_OK) return call->fault;
  rr_residual_query ready = rr_take_residual_query(call, &query, &it);
  float *maxima = RR_ALLOCATE(call, float, ready.padded), *weights = RR_ALLOCATE(call, float, ready.padded);
  if (rr_short(call)) return call->fault;
  rr_fill_residual_query(&ready, &it);
  for (size_t q = 0; q < ready.padded; q++) weights[q] = q < query.rows;
  for (size_t unit = begin; unit < end; unit++) {
    size_t document = listed ? only[unit] : unit;
    if (document >= documents) return rr_fail(call, RR_ONLY, (double)unit);
    size_t from = offsets[document], to = offsets[document + 1];
    if (from > to || to > it.rows) return rr_fail(call, RR_OFFSETS, (double)document);
    size_t next = listed && unit + 1 < end && only[unit + 1] < documents ? offsets[only[unit + 1]] : to;
    /* Lanes past the query stay 0, so that their sum is finite. */
    for (size_t q = 0; q < ready.padded; q++) maxima[q] = q < query.rows ? -__builtin_inff() : 0;
    size_t tiles = (to - from + RR_TILE - 1) / RR_TILE;
    for (size_t left = to - from; tiles > 0; tiles--) {
      int count = (int)((left + tiles - 1) / tiles);
      const float *rows[RR_TILE];
      for (int x = 0; x < count; x++) rows[x] = table + rr_centroid_at(&it, from + (size_t)x) * stride;
      /* What the tile after next will read: its codes, and its entries in the table. */
      size_t soon = from + 2 * RR_TILE, end_of_soon = soon + RR_TILE;
      if (soon >= to) {
        soon = next + (soon - to);
        end_of_soon = soon + RR_TILE;
      }
      if (end_of_soon <= it.rows) {
        for (size_t i = soon * it.stride; i < end_of_soon * it.stride; i += 64) rr_prefetch(it.codes + i);
        for (size_t row = soon; row < end_of_soon; row++)
          for (size_t q = 0; q < stride; q += 16) rr_prefetch(table + rr_centroid_at(&it, row) * stride + q);
      }
      rr_largest_residuals(&ready, &it, from, count, rows, maxima);
      from += (size_t)count;
      left -= (size_t)count;
    }
    scores[unit] = rr_sum_of_maxima(maxima, weights, ready.padded);
  }
  return RR_OK;
}

static int rr_decode_scaled(rr_call *call, size_t begin, size_t end) {
  rr_residuals it = rr_take_residuals(call);
  bool listed;
  size_t units;
  const uint32_t *only = rr_optional_list(call, &listed, &units);
  if (!listed) units = it.rows;
  size_t floats;
  if (__builtin_mul_overflow(units, it.dim, &floats)) return rr_fail(call, RR_ARGUMENTS, 0);
  float *out = RR_BUFFER(call, float, floats);
  if (it.listed) rr_fail(call, RR_ARGUMENTS, 0);
  rr_check_units(call, begin, end, units);
  size_t planes = call->fault == RR_OK ? rr_planes(&it) : 0;
  uint8_t *bytes = RR_ALLOCATE(call, uint8_t, planes + 64);
  if (rr_short(call)) return call->fault;
  uint8_t table[16] = {0};
  int mask = (1 << it.bits) - 1;
  if (it.bits < 8)
    for (int code = 0; code <= mask; code++) table[code] = (uint8_t)it.levels[code];
  for (size_t unit = begin; unit < end; unit++) {
    size_t row = listed ? only[unit] : unit;
    if (row >= it.rows) return rr_fail(call, RR_ONLY, (double)unit);
    const uint8_t *codes = it.codes + row * it.stride;
    if (it.bits == 8)
      for (size_t k = 0; k < it.dim; k++) bytes[k] = codes[k] ^ 128;
    else
      for (size_t at = 0, shift = 8 - (size_t)it.bits; at < planes; at += it.stride, shift -= (size_t)it.bits)
        rr_look_up(codes, it.stride, (int)shift, mask, table, bytes + at);
    const int8_t *centroid = (const int8_t *)it.centroids.data + rr_centroid_at(&it, row) * it.centroids.stride;
    float scale = it.scales[it.scale_codes[row]], centroid_scale = it.centroids.scales[rr_centroid_at(&it, row)];
    float *to = out + unit * it.dim;
    for (size_t k = 0; k < it.dim; k++) to[k] = (float)centroid[k] * centroid_scale + scale * (float)(int8_t)bytes[rr_place_of(&it, k)];
  }
  return RR_OK;
}

static int rr_encode_scaled(rr_call *call, size_t begin, size_t end) {
  rr_rows rows = rr_take_rows(call);
  rr_residuals it = rr_take_residuals(call);
  size_t cuts = it.bits == 8 ? 0 : ((size_t)1 << it.bits) - 1;
  const float *cutoffs = RR_BUFFER(call, const float, cuts);
  if (rows.type != RR_F32 || rows.dim != it.dim || rows.first != 0 || rows.rows != it.rows || it.listed) rr_fail(call, RR_ARGUMENTS, 0);
  rr_check_units(call, begin, end, it.rows);
  size_t dim = it.dim, each = 8 / (size_t)(it.bits ? it.bits : 8);
  float *residual = RR_ALLOCATE(call, float, dim), *level = RR_ALLOCATE(call, float, dim);
  int32_t *code = RR_ALLOCATE(call, int32_t, dim + 8);
  if (rr_short(call)) return call->fault;
  /* The targets are outputs: what was taken as read-only is written here. */
  uint8_t *codes = (uint8_t *)(uintptr_t)it.codes, *scale_codes = (uint8_t *)(uintptr_t)it.scale_codes;
  for (size_t row = begin; row < end; row++) {
    const float *x = (const float *)rows.data + row * rows.stride;
    size_t c = rr_centroid_at(&it, row);
    const int8_t *centroid = (const int8_t *)it.centroids.data + c * it.centroids.stride;
    float own = it.centroids.scales[c], square = 0, largest = 0;
    for (size_t k = 0; k < dim; k++) residual[k] = x[k] - (float)centroid[k] * own;
    for (size_t k = 0; k < dim; k++) largest = __builtin_fabsf(residual[k]) > largest ? __builtin_fabsf(residual[k]) : largest;
    square = rr_square(residual, dim);
    float factor = it.bits == 8 ? (largest > 0 ? 127 / largest : 0) : square > 0 ? __builtin_sqrtf((float)dim / square) : 0;
    if (it.bits == 8) {
      for (size_t k = 0; k < dim; k++) {
        float value = residual[k] * factor;
        value = value > 127 ? 127 : value < -127 ? -127 : value == value ? value : 0;
        /* Rounded to the nearest, ties to even. */
        level[k] = value + 0x1.8p23f - 0x1.8p23f;
        code[k] = (int32_t)level[k] + 128;
      }
    } else {
      for (size_t k = 0; k < dim; k++) code[k] = 0;
      for (size_t i = 0; i < cuts; i++) {
        float cut = cutoffs[i];
        for (size_t k = 0; k < dim; k++) code[k] += cut < residual[k] * factor;
      }
      for (size_t k = 0; k < dim; k++) level[k] = it.levels[code[k]];
    }
    memset(code + dim, 0, 8 * sizeof *code);
    uint8_t *to = codes + row * it.stride;
    for (size_t i = 0; i < it.stride; i++) {
      int byte = 0;
      for (size_t j = 0; j < each; j++) byte = byte << it.bits | code[i * each + j];
      to[i] = (uint8_t)byte;
    }
    double level_square = 0, with_residual = 0, with_row = 0, along = 0;
    for (size_t k = 0; k < dim; k++) {
      level_square += level[k] * level[k];
      with_residual += residual[k] * level[k];
      with_row += x[k] * level[k];
      along += x[k] * residual[k];
    }
    double least = level_square > 0 ? with_residual / level_square : 0, unbiased = along / with_row;
    double wanted = unbiased > least / 2 && unbiased < 2 * least ? unbiased : least;
    int low = 0, high = 255;
    while (low < high) {
      int middle = (low + high) / 2;
      if (it.scales[middle] < wanted) low = middle + 1;
      else high = middle;
    }
    if (low > 0 && wanted - it.scales[low - 1] <= it.scales[low] - wanted) low--;
    scale_codes[row] = (uint8_t)low;
  }
  return RR_OK;
}

static int rr_warp_scan(rr_call *call, size_t begin, size_t end) {
  rr_rows query = rr_take_rows(call);
  rr_residuals it = rr_take_residuals(call);
  size_t stride = rr_size(call), entries;
  if (stride < query.rows || stride % 16 != 0 || __builtin_mul_overflow(it.centroids.rows, stride, &entries)) return rr_fail(call, RR_ARGUMENTS, 0);
  const float *table = RR_BUFFER(call, const float, entries);
  const uint32_t *offsets = RR_BUFFER(call, const uint32_t, it.centroids.rows + 1);
  const uint32_t *documents = RR_BUFFER(call, const uint32_t, it.rows);
  size_t probe_count = rr_size(call);
  const uint32_t *probes = RR_BUFFER(call, const uint32_t, probe_count);
  const float *missing = RR_BUFFER(call, const float, query.rows);
  size_t count = rr_size(call);
  uint32_t *places = RR_BUFFER(call, uint32_t, count);
  size_t most = rr_size(call);
  uint32_t *found = RR_BUFFER(call, uint32_t, most);
  float *scores = RR_BUFFER(call, float, most);
  uint32_t *counts = RR_BUFFER(call, uint32_t, 1);
  rr_check_units(call, begin, end, 1);
  if (call->fault != RR_OK) return call->fault;
  rr_residual_query ready = rr_take_residual_query(call, &query, &it);
  float *maxima = RR_ALLOCATE(call, float, most * ready.padded), *weights = RR_ALLOCATE(call, float, ready.padded), *imputed = RR_ALLOCATE(call, float, ready.padded);
  if (rr_short(call)) return call->fault;
  rr_fill_residual_query(&ready, &it);
  for (size_t q = 0; q < ready.padded; q++) {
    weights[q] = q < query.rows;
    imputed[q] = q < query.rows ? missing[q] : 0;
  }
  size_t met = 0;
  for (size_t p = 0; p < probe_count; p++) {
    size_t list = probes[p];
    if (list >= it.centroids.rows) return rr_fail(call, RR_ONLY, (double)p);
    size_t from = offsets[list], to = offsets[list + 1];
    if (from > to || to > it.rows) return rr_fail(call, RR_OFFSETS, (double)list);
    const float *entry = table + list * stride;
    for (size_t row = from; row < to; row += RR_TILE) {
      int rows = to - row < RR_TILE ? (int)(to - row) : RR_TILE;
      const int32_t *words[RR_TILE];
      for (int x = 0; x < rows; x++) {
        char *out = ready.block[0].ready + (size_t)x * ready.block[0].ready_stride;
        rr_ready_levels(&it, it.codes + (row + (size_t)x) * it.stride, ready.levels, ready.plain, out);
        words[x] = (const int32_t *)out;
        size_t document = documents[row + (size_t)x];
        if (document >= count) return rr_fail(call, RR_DOCUMENT, (double)(row + (size_t)x));
        if (places[document] > met && places[document] != RR_NONE) return rr_fail(call, RR_ARGUMENTS, (double)document);
        if (places[document] == 0) {
          if (met >= most) return rr_fail(call, RR_ARGUMENTS, 0);
          memcpy(maxima + met * ready.padded, imputed, ready.padded * sizeof(float));
          found[met++] = (uint32_t)document;
          places[document] = (uint32_t)met;
        }
      }
      float sums[RR_TILE * RR_QUERY_BLOCK];
      for (size_t b = 0; b < ready.blocks; b++) {
        const rr_block *block = &ready.block[b];
        rr_tiles_of_bytes(block, rows, RR_WRITE, words, NULL, sums, NULL);
        for (int x = 0; x < rows; x++) {
          uint32_t place = places[documents[row + (size_t)x]];
          if (place == RR_NONE) continue;
          float *largest = maxima + (size_t)(place - 1) * ready.padded + b * RR_QUERY_BLOCK;
          vf scale = vf_set1(it.scales[it.scale_codes[row + (size_t)x]]);
          for (size_t lane = 0; lane < block->queries; lane += RR_LANES) {
            vf sum = vf_mul(vf_mul(vf_load(sums + x * RR_QUERY_BLOCK + lane), vf_load(block->scale + lane)), scale);
            vf_store(largest + lane, vf_greater(vf_add(sum, vf_load(entry + b * RR_QUERY_BLOCK + lane)), vf_load(largest + lane)));
          }
        }
      }
    }
  }
  for (size_t i = 0; i < met; i++) {
    scores[i] = rr_sum_of_maxima(maxima + i * ready.padded, weights, ready.padded);
    places[found[i]] = 0;
  }
  counts[0] = (uint32_t)met;
  return RR_OK;
}
