/* A block of up to 32 queries, made ready once, against rows of any type: the heart of MaxSim, search and assignment. */
#ifndef RR_BLOCK_H
#define RR_BLOCK_H

#include "amx.h"
#include "decode.h"
#include "signs.h"
#include "tile.h"

enum { RR_DOT, RR_COSINE, RR_L2, RR_HAMMING };

/* The arithmetic, by the types of both sides. */
enum { RR_BY_FLOATS, RR_BY_PAIRS, RR_BY_BYTES, RR_BY_SIGNS, RR_BY_BITS };

typedef struct {
  int kind;
  int metric;
  const rr_rows *rows;
  /* The lengths of all rows, where they are given. */
  const float *norms;
  size_t queries;
  /* Words of a row. */
  size_t words;
  /* Tiles of queries, `words * RR_TILE_QUERIES` each (the last may be half as wide); tables of signs; or the queries' bits. */
  void *packed;
  /* Joined tables of signs, where they pay. */
  float *joined;
  /* Up to RR_TILE rows as the tiles read them. */
  char *ready;
  size_t ready_stride;
  rr_codebook book;
  /* What each query's sums start from (for bytes that were shifted to be unsigned), are multiplied with at last, and the query's squared length. */
  int32_t initial[RR_QUERY_BLOCK];
  float scale[RR_QUERY_BLOCK];
  float square[RR_QUERY_BLOCK];
  float *query_row;
} rr_block;

/* All tiles of queries against up to RR_TILE rows whose words are ready. `out` has RR_QUERY_BLOCK floats (a row). */
#define RR_ALL_QUERIES(tile)                                                              \
  for (size_t at = 0; at < block->queries; at += RR_TILE_QUERIES) {                       \
    if (block->queries - at > RR_LANES) {                                                 \
      switch (rows) { RR_EACH_COUNT(tile##_WIDE) }                                        \
    } else {                                                                              \
      switch (rows) { RR_EACH_COUNT(tile##_NARROW) }                                      \
    }                                                                                     \
    ahead = NULL;                                                                         \
  }

#define RR_FLOATS_AT (const float *)block->packed + at * block->words
#define RR_WORDS_AT (const int32_t *)block->packed + at * block->words

static void rr_tiles_of_floats(const rr_block *block, int rows, int what, const float *const *p, const float *row_scale, float *out, const char *ahead) {
#define RR_CASE_WIDE(n) rr_tile_floats(n, 2, what, false, RR_FLOATS_AT, p, block->words, row_scale, out + at, ahead)
#define RR_CASE_NARROW(n) rr_tile_floats(n, 1, what, false, RR_FLOATS_AT, p, block->words, row_scale, out + at, ahead)
  RR_ALL_QUERIES(RR_CASE)
#undef RR_CASE_WIDE
#undef RR_CASE_NARROW
}

static void rr_tiles_of_distances(const rr_block *block, int rows, const float *const *p, float *out, const char *ahead) {
#define RR_CASE_WIDE(n) rr_tile_floats(n, 2, RR_WRITE, true, RR_FLOATS_AT, p, block->words, NULL, out + at, ahead)
#define RR_CASE_NARROW(n) rr_tile_floats(n, 1, RR_WRITE, true, RR_FLOATS_AT, p, block->words, NULL, out + at, ahead)
  RR_ALL_QUERIES(RR_CASE)
#undef RR_CASE_WIDE
#undef RR_CASE_NARROW
}

static void rr_tiles_of_bytes(const rr_block *block, int rows, int what, const int32_t *const *p, const float *row_scale, float *out, const char *ahead) {
#define RR_CASE_WIDE(n) rr_tile_bytes(n, 2, what, RR_WORDS_AT, p, block->words, block->initial + at, row_scale, out + at, ahead)
#define RR_CASE_NARROW(n) rr_tile_bytes(n, 1, what, RR_WORDS_AT, p, block->words, block->initial + at, row_scale, out + at, ahead)
  RR_ALL_QUERIES(RR_CASE)
#undef RR_CASE_WIDE
#undef RR_CASE_NARROW
}

#if defined(__AVX512BF16__)
static void rr_tiles_of_pairs(const rr_block *block, int rows, int what, const int32_t *const *p, const float *row_scale, float *out, const char *ahead) {
#define RR_CASE_WIDE(n) rr_tile_pairs(n, 2, what, RR_WORDS_AT, p, block->words, row_scale, out + at, ahead)
#define RR_CASE_NARROW(n) rr_tile_pairs(n, 1, what, RR_WORDS_AT, p, block->words, row_scale, out + at, ahead)
  RR_ALL_QUERIES(RR_CASE)
#undef RR_CASE_WIDE
#undef RR_CASE_NARROW
}
#endif

static int rr_kind_of(const rr_rows *queries, const rr_rows *rows, int metric) {
  if (queries->type == RR_I8 && rows->type == RR_I8) return RR_BY_BYTES;
  if (queries->type == RR_BITS && rows->type == RR_BITS) return RR_BY_BITS;
#if defined(__AVX512BF16__)
  if (queries->type == RR_BF16 && rows->type == RR_BF16 && metric != RR_L2) return RR_BY_PAIRS;
#endif
  if (rows->type == RR_BITS && metric != RR_L2) return RR_BY_SIGNS;
  return RR_BY_FLOATS;
}

/* Takes the memory that a block needs to be compared with about `expected` rows; rr_fill_block makes it ready for some of the queries. */
static rr_block rr_take_block(rr_call *call, const rr_rows *queries, const rr_rows *rows, int metric, const float *norms, size_t expected) {
  rr_block block = {.kind = rr_kind_of(queries, rows, metric), .metric = metric, .rows = rows, .norms = norms};
  size_t dim = rows->dim, bytes = (dim + 7) / 8;
  block.words = block.kind == RR_BY_FLOATS ? dim : block.kind == RR_BY_PAIRS ? (dim + 1) / 2 : (dim + RR_BYTES_PER_WORD - 1) / RR_BYTES_PER_WORD;
  switch (block.kind) {
    case RR_BY_SIGNS:
      block.packed = RR_ALLOCATE(call, float, bytes * RR_NIBBLES_OF_BYTE * 2);
      if (RR_LANES == 16 && expected >= RR_JOIN_ROWS && bytes <= RR_JOIN_BYTES && queries->rows > RR_TABLE_QUERIES)
        block.joined = RR_ALLOCATE(call, float, bytes * RR_SUMS_OF_BYTE);
      break;
    case RR_BY_BITS: block.packed = RR_ALLOCATE(call, uint64_t, (bytes + 7) / 8 * RR_QUERY_BLOCK); break;
    default: block.packed = RR_ALLOCATE(call, int32_t, block.words * RR_QUERY_BLOCK);
  }
  /* Room for a whole register past the last number. */
  block.ready_stride = (block.words * 4 + 63 + 64) & ~(size_t)63;
  block.ready = RR_ALLOCATE(call, char, block.ready_stride * RR_TILE);
  block.book = rr_take_codebook(call, rows);
  block.query_row = RR_ALLOCATE(call, float, dim * RR_QUERY_BLOCK);
  return block;
}

/* The table of signs that a query is part of. */
RR_INLINE const float *rr_table_at(const rr_block *block, size_t query) {
  return (const float *)block->packed + query / RR_TABLE_QUERIES * ((block->rows->dim + 7) / 8) * RR_NIBBLES_OF_BYTE;
}

static float rr_square_of_bytes(const int8_t *bytes, size_t dim) {
  int32_t square = 0;
  for (size_t k = 0; k < dim; k++) square += bytes[k] * bytes[k];
  return (float)square;
}

static void rr_fill_bytes(rr_block *block, const rr_rows *queries, size_t from) {
  size_t dim = queries->dim;
  memset(block->packed, 0, block->words * RR_QUERY_BLOCK * 4);
  memset(block->initial, 0, sizeof block->initial);
  for (size_t q = 0; q < block->queries; q++) {
    const int8_t *row = (const int8_t *)queries->data + (from + q - queries->first) * queries->stride;
    size_t tile = q / RR_TILE_QUERIES * RR_TILE_QUERIES;
    size_t width = block->queries - tile > RR_LANES ? RR_TILE_QUERIES : RR_LANES;
    int32_t sum = 0;
    for (size_t k = 0; k < dim; k++) {
      size_t word = tile * block->words + k / RR_BYTES_PER_WORD * width + q - tile;
#if RR_BYTES_PER_WORD == 4
      ((int8_t *)block->packed)[word * 4 + k % 4] = row[k];
#else
      ((int16_t *)block->packed)[word * 2 + k % 2] = row[k];
#endif
      sum += row[k];
    }
#if RR_BYTES_PER_WORD == 4 && defined(__x86_64__)
    block->initial[q] = -128 * sum;
#else
    (void)sum;
#endif
    float scale = queries->scales[from + q - queries->first];
    block->square[q] = rr_square_of_bytes(row, dim);
    block->scale[q] = block->metric != RR_COSINE ? scale : scale > 0 ? rr_inverse(__builtin_sqrtf(block->square[q])) : 0;
  }
}

/* Makes the block ready for `count` queries from `from` on. */
static void rr_fill_block(rr_block *block, const rr_rows *queries, const rr_codebook *query_book, size_t from, size_t count) {
  size_t dim = queries->dim;
  block->queries = count;
  rr_fill_codebook(&block->book, block->rows);
  if (block->kind == RR_BY_BYTES) {
    rr_fill_bytes(block, queries, from);
    return;
  }
  if (block->kind == RR_BY_BITS) {
    size_t bytes = (dim + 7) / 8, words = (bytes + 7) / 8;
    memset(block->packed, 0, words * RR_QUERY_BLOCK * 8);
    for (size_t q = 0; q < count; q++)
      memcpy((uint64_t *)block->packed + q * words, (const uint8_t *)queries->data + (from + q - queries->first) * queries->stride, bytes);
    return;
  }
  for (size_t q = 0; q < count; q++) {
    float *row = block->query_row + q * dim;
    rr_decode(queries, query_book, from + q, row);
    if (block->metric == RR_COSINE) block->scale[q] = rr_inverse(__builtin_sqrtf(rr_square(row, dim)));
  }
  if (block->kind == RR_BY_SIGNS) {
    size_t bytes = (dim + 7) / 8;
    for (size_t at = 0; at < RR_QUERY_BLOCK; at += RR_TABLE_QUERIES)
      rr_fill_nibbles((float *)rr_table_at(block, at), block->query_row + at * dim, dim, count > at ? count - at : 0);
    if (block->joined != NULL) rr_join_nibbles(block->joined, block->packed, bytes);
    return;
  }
  memset(block->packed, 0, block->words * RR_QUERY_BLOCK * 4);
  for (size_t q = 0; q < count; q++) {
    size_t tile = q / RR_TILE_QUERIES * RR_TILE_QUERIES;
    size_t width = count - tile > RR_LANES ? RR_TILE_QUERIES : RR_LANES;
    if (block->kind == RR_BY_FLOATS) {
      float *to = (float *)block->packed + tile * block->words + q - tile;
      for (size_t k = 0; k < dim; k++) to[k * width] = block->query_row[q * dim + k];
    } else {
      const uint16_t *row = (const uint16_t *)queries->data + (from + q - queries->first) * queries->stride;
      uint16_t *to = (uint16_t *)((int32_t *)block->packed + tile * block->words + q - tile);
      for (size_t k = 0; k < dim; k++) to[k / 2 * width * 2 + k % 2] = row[k];
    }
  }
}

/* Bytes of a row as the tiles read them; what comes after the last meets zeros in the queries. */
RR_INLINE void rr_ready_bytes(const int8_t *row, size_t dim, char *out) {
#if RR_BYTES_PER_WORD == 4 && defined(__x86_64__)
  size_t k = 0;
#if defined(__AVX512F__)
  if (dim == 128) {
    /* The commonest token, without a loop. */
    _mm512_store_si512(out, _mm512_xor_si512(_mm512_loadu_si512(row), _mm512_set1_epi8(-128)));
    _mm512_store_si512(out + 64, _mm512_xor_si512(_mm512_loadu_si512(row + 64), _mm512_set1_epi8(-128)));
    return;
  }
  for (; k + 64 <= dim; k += 64) _mm512_store_si512(out + k, _mm512_xor_si512(_mm512_loadu_si512(row + k), _mm512_set1_epi8(-128)));
#endif
  for (; k + 32 <= dim; k += 32)
    _mm256_store_si256((__m256i *)(out + k), _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(row + k)), _mm256_set1_epi8(-128)));
  for (; k < dim; k++) out[k] = (char)(row[k] ^ -128);
  for (; k % 4; k++) out[k] = 0;
#elif RR_BYTES_PER_WORD == 4
  memcpy(out, row, dim);
  memset(out + dim, 0, -dim & 3);
#else
  size_t k = 0;
  for (; k + 2 * RR_LANES <= dim; k += 2 * RR_LANES) vi_store(out + 2 * k, vi_widen8(row + k));
  int16_t *numbers = (int16_t *)out;
  for (; k < dim; k++) numbers[k] = row[k];
  if (k % 2) numbers[k] = 0;
#endif
}

/* Up to RR_TILE rows made ready: where their words are, and what their sums are multiplied with, if anything (NULL where it is nothing). */
typedef struct {
  const void *words[RR_TILE];
  const float *scale;
  float own_scale[RR_TILE];
} rr_ready_rows;

/* The place in the buffers of a tile's row. */
#define RR_HELD(x) ((list == NULL ? from + (size_t)(x) : list[x]) - rows->first)

RR_INLINE void rr_ready_floats(const rr_block *block, const uint32_t *list, size_t from, int count, rr_ready_rows *ready) {
  const rr_rows *rows = block->rows;
  if (rows->type == RR_F32) {
    for (int x = 0; x < count; x++) ready->words[x] = (const float *)rows->data + RR_HELD(x) * rows->stride;
  } else {
    for (int x = 0; x < count; x++) {
      float *out = (float *)(block->ready + (size_t)x * block->ready_stride);
      rr_decode(rows, &block->book, RR_HELD(x) + rows->first, out);
      ready->words[x] = out;
    }
  }
  if (block->metric != RR_COSINE) return;
  for (int x = 0; x < count; x++)
    ready->own_scale[x] = rr_inverse(block->norms != NULL ? block->norms[RR_HELD(x)] : __builtin_sqrtf(rr_square(ready->words[x], rows->dim)));
  ready->scale = ready->own_scale;
}

RR_INLINE void rr_ready_all_bytes(const rr_block *block, const uint32_t *list, size_t from, int count, rr_ready_rows *ready) {
  const rr_rows *rows = block->rows;
  size_t dim = rows->dim;
  for (int x = 0; x < count; x++) {
    char *out = block->ready + (size_t)x * block->ready_stride;
    rr_ready_bytes((const int8_t *)rows->data + RR_HELD(x) * rows->stride, dim, out);
    ready->words[x] = out;
  }
  if (block->metric != RR_COSINE && list == NULL) {
    ready->scale = rows->scales + from - rows->first;
    return;
  }
  for (int x = 0; x < count; x++) {
    size_t held = RR_HELD(x);
    float scale = rows->scales[held];
    if (block->metric == RR_COSINE) {
      if (block->norms != NULL) scale *= rr_inverse(block->norms[held]);
      else if (scale > 0) scale = rr_inverse(__builtin_sqrtf(rr_square_of_bytes((const int8_t *)rows->data + held * rows->stride, dim)));
      else scale = 0;
    }
    ready->own_scale[x] = scale;
  }
  ready->scale = ready->own_scale;
}

RR_INLINE void rr_ready_pairs(const rr_block *block, const uint32_t *list, size_t from, int count, rr_ready_rows *ready) {
  const rr_rows *rows = block->rows;
  for (int x = 0; x < count; x++) {
    char *out = block->ready + (size_t)x * block->ready_stride;
    const uint16_t *pairs = (const uint16_t *)rows->data + RR_HELD(x) * rows->stride;
    memcpy(out, pairs, rows->dim * 2);
    if (rows->dim % 2) memset(out + rows->dim * 2, 0, 2);
    ready->words[x] = out;
    if (block->metric != RR_COSINE) continue;
    float square = 0;
    for (size_t k = 0; k < rows->dim; k++) square += rr_bfloat(pairs[k]) * rr_bfloat(pairs[k]);
    ready->own_scale[x] = rr_inverse(block->norms != NULL ? block->norms[RR_HELD(x)] : __builtin_sqrtf(square));
    ready->scale = ready->own_scale;
  }
}

RR_INLINE void rr_ready_bits(const rr_block *block, const uint32_t *list, size_t from, int count, rr_ready_rows *ready) {
  const rr_rows *rows = block->rows;
  for (int x = 0; x < count; x++) ready->words[x] = (const uint8_t *)rows->data + RR_HELD(x) * rows->stride;
  if (block->metric != RR_COSINE) return;
  for (int x = 0; x < count; x++) ready->own_scale[x] = rr_inverse(block->norms != NULL ? block->norms[RR_HELD(x)] : __builtin_sqrtf((float)rows->dim));
  ready->scale = ready->own_scale;
}

RR_INLINE void rr_ready(const rr_block *block, const uint32_t *list, size_t from, int count, rr_ready_rows *ready) {
  ready->scale = NULL;
  switch (block->kind) {
    case RR_BY_FLOATS: rr_ready_floats(block, list, from, count, ready); break;
    case RR_BY_BYTES: rr_ready_all_bytes(block, list, from, count, ready); break;
    case RR_BY_PAIRS: rr_ready_pairs(block, list, from, count, ready); break;
    default: rr_ready_bits(block, list, from, count, ready);
  }
}

static void rr_compare_bits(const rr_block *block, const rr_ready_rows *ready, int count, float *out) {
  size_t dim = block->rows->dim, bytes = (dim + 7) / 8, words = (bytes + 7) / 8;
  for (int x = 0; x < count; x++) {
    for (size_t q = 0; q < block->queries; q++) {
      const uint64_t *query = (const uint64_t *)block->packed + q * words;
      const uint8_t *row = ready->words[x];
      uint32_t different = 0;
      for (size_t i = 0; i < words; i++) {
        uint64_t word = 0;
        memcpy(&word, row + 8 * i, bytes - 8 * i < 8 ? bytes - 8 * i : 8);
        different += (uint32_t)__builtin_popcountll(word ^ query[i]);
      }
      float dot = (float)dim - 2.0f * (float)different;
      out[x * RR_QUERY_BLOCK + (int)q] = block->metric == RR_DOT      ? dot
                                         : block->metric == RR_COSINE ? dot / (float)dim
                                         : block->metric == RR_L2     ? 4.0f * (float)different
                                                                      : (float)different;
    }
  }
}

/* Sums of signs with all queries. */
RR_INLINE void rr_signs(const rr_block *block, int rows, const uint8_t *const *p, const float *row_scale, bool keep, float *out) {
#if RR_LANES == 16
  if (block->joined != NULL) {
    rr_sum_joined(block->joined, block->rows->dim, rows, p, row_scale, keep, out);
    return;
  }
#endif
  for (size_t at = 0; at < block->queries; at += RR_TABLE_QUERIES) rr_sum_nibbles(rr_table_at(block, at), block->rows->dim, rows, p, row_scale, keep, out + at);
}

/* Scores of up to RR_TILE rows, `list` or from `from` on: RR_QUERY_BLOCK floats a row, of which those of the block's queries count. */
static void rr_compare(const rr_block *block, const uint32_t *list, size_t from, int count, float *out, const char *ahead) {
  rr_ready_rows ready;
  rr_ready(block, list, from, count, &ready);
  const float *row_scale = ready.scale;
  switch (block->kind) {
    case RR_BY_FLOATS:
      if (block->metric == RR_L2) rr_tiles_of_distances(block, count, (const float *const *)ready.words, out, ahead);
      else rr_tiles_of_floats(block, count, RR_WRITE, (const float *const *)ready.words, row_scale, out, ahead);
      break;
    case RR_BY_BYTES:
      rr_tiles_of_bytes(block, count, RR_WRITE, (const int32_t *const *)ready.words, NULL, out, ahead);
      break;
    case RR_BY_SIGNS:
      rr_signs(block, count, (const uint8_t *const *)ready.words, row_scale, false, out);
      break;
#if defined(__AVX512BF16__)
    case RR_BY_PAIRS: rr_tiles_of_pairs(block, count, RR_WRITE, (const int32_t *const *)ready.words, row_scale, out, ahead); break;
#endif
    default: rr_compare_bits(block, &ready, count, out);
  }
  if (block->kind == RR_BY_BYTES && block->metric == RR_L2) {
    for (int x = 0; x < count; x++) {
      size_t held = (list == NULL ? from + (size_t)x : list[x]) - block->rows->first;
      float scale = block->rows->scales[held], square = rr_square_of_bytes((const int8_t *)block->rows->data + held * block->rows->stride, block->rows->dim);
      for (size_t q = 0; q < block->queries; q++) {
        float *place = out + x * RR_QUERY_BLOCK + q, own = block->scale[q];
        float distance = block->square[q] * own * own + square * scale * scale - 2 * *place * scale * own;
        *place = distance > 0 ? distance : 0;
      }
    }
  } else if (block->kind == RR_BY_BYTES || (block->metric == RR_COSINE && block->kind != RR_BY_BITS)) {
    for (int x = 0; x < count; x++) {
      vf scale = row_scale == NULL ? vf_zero() : vf_set1(row_scale[x]);
      for (size_t at = 0; at < block->queries; at += RR_LANES) {
        float *place = out + x * RR_QUERY_BLOCK + at;
        vf sums = vf_load(place);
        if (block->kind == RR_BY_BYTES) sums = vf_mul(sums, scale);
        vf_store(place, vf_mul(sums, vf_load(block->scale + at)));
      }
    }
  }
}

/* rr_largest for rows of bits: all of them with one table, then with the next, as the first cache holds one. */
static void rr_largest_signs(const rr_block *block, size_t from, size_t to, float *largest) {
  size_t step = block->joined != NULL ? RR_QUERY_BLOCK : RR_TABLE_QUERIES;
  for (size_t at = 0; at < block->queries; at += step) {
    for (size_t row = from; row < to; row += RR_TILE) {
      int count = to - row < RR_TILE ? (int)(to - row) : RR_TILE;
      rr_ready_rows ready = {.scale = NULL};
      rr_ready_bits(block, NULL, row, count, &ready);
      const uint8_t *const *p = (const uint8_t *const *)ready.words;
      if (block->joined != NULL) rr_signs(block, count, p, ready.scale, true, largest);
      else rr_sum_nibbles(rr_table_at(block, at), block->rows->dim, count, p, ready.scale, true, largest + at);
    }
  }
}

#if defined(RR_AMX)
/* Whether rr_largest goes by tile registers, which take whole words of four bytes. */
RR_INLINE bool rr_by_tiles(const rr_block *block) { return block->kind == RR_BY_BYTES && block->metric == RR_DOT && block->rows->dim % 4 == 0; }

/* rr_largest by tile registers, for sixteen rows and more: the last sixteen may overlap those before, as a maximum does not mind. */
static void rr_largest_tiles(const rr_block *block, size_t from, size_t to, float *largest) {
  const rr_rows *rows = block->rows;
  size_t width = block->queries > RR_LANES ? RR_TILE_QUERIES : RR_LANES;
  vf kept[2] = {vf_load(largest), vf_load(largest + RR_LANES)};
  for (size_t row = from; row < to; row += RR_AMX_ROWS) {
    if (to - row < RR_AMX_ROWS) row = to - RR_AMX_ROWS;
    size_t held = row - rows->first;
    int32_t sums[2][RR_AMX_ROWS][16];
    rr_sum_tiles((const int8_t *)rows->data + held * rows->stride, rows->stride, rows->dim, block->packed, width, sums);
    for (int x = 0; x < RR_AMX_ROWS; x++) {
      vf scale = vf_set1(rows->scales[held + (size_t)x]);
      for (int c = 0; c < (int)(width / RR_LANES); c++) kept[c] = vf_greater(vf_mul(vf_from_int(vi_load(sums[c][x])), scale), kept[c]);
    }
  }
  vf_store(largest, kept[0]);
  vf_store(largest + RR_LANES, kept[1]);
}
#endif

/* Keeps in `largest` (RR_QUERY_BLOCK floats) what exceeds it among the scores of rows `from` up to `to`. The queries' own scales are left to rr_scale_largest. */
static void rr_largest(const rr_block *block, size_t from, size_t to, float *largest, const char *after) {
  if (block->kind == RR_BY_SIGNS) {
    rr_largest_signs(block, from, to, largest);
    return;
  }
#if defined(RR_AMX)
  if (rr_by_tiles(block) && to - from >= RR_AMX_ROWS) {
    rr_largest_tiles(block, from, to, largest);
    return;
  }
#endif
  size_t left = to - from;
  size_t row_bytes = block->rows->stride * (block->rows->type == RR_F32 ? 4 : block->rows->type == RR_F16 || block->rows->type == RR_BF16 ? 2 : 1);
  size_t tiles = (left + RR_TILE - 1) / RR_TILE;
  /* Even tiles: a last one of a row or two would wait for its own sums. */
  for (; tiles > 0; tiles--) {
    int count = (int)((left + tiles - 1) / tiles);
    rr_ready_rows ready;
    rr_ready(block, NULL, from, count, &ready);
    const float *row_scale = ready.scale;
    size_t distance = 3 * RR_TILE;
    const char *ahead = left > distance ? (const char *)block->rows->data + (from + distance - block->rows->first) * row_bytes : after == NULL ? NULL : after + (distance - left) * row_bytes;
    switch (block->kind) {
      case RR_BY_FLOATS: rr_tiles_of_floats(block, count, RR_KEEP_LARGEST, (const float *const *)ready.words, row_scale, largest, ahead); break;
      case RR_BY_BYTES: rr_tiles_of_bytes(block, count, RR_KEEP_LARGEST, (const int32_t *const *)ready.words, row_scale, largest, ahead); break;
#if defined(__AVX512BF16__)
      case RR_BY_PAIRS: rr_tiles_of_pairs(block, count, RR_KEEP_LARGEST, (const int32_t *const *)ready.words, row_scale, largest, ahead); break;
#endif
      default: {
        float sums[RR_TILE * RR_QUERY_BLOCK];
        rr_compare_bits(block, &ready, count, sums);
        for (size_t at = 0; at < block->queries; at += RR_LANES) {
          vf kept = vf_load(largest + at);
          for (int x = 0; x < count; x++) kept = vf_greater(vf_load(sums + x * RR_QUERY_BLOCK + at), kept);
          vf_store(largest + at, kept);
        }
      }
    }
    from += (size_t)count;
    left -= (size_t)count;
  }
}

RR_INLINE void rr_scale_largest(const rr_block *block, float *largest) {
  if (block->kind == RR_BY_BITS || (block->kind != RR_BY_BYTES && block->metric != RR_COSINE)) return;
  for (size_t q = 0; q < block->queries; q++) largest[q] *= block->scale[q];
}

#endif
