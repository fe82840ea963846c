/*
 * MaxSim of bytes by tile registers: sixteen rows, sixteen bytes-of-four deep, against sixteen queries at a step. The sums are the whole numbers that every
 * other variant has. Built where the compiler knows AMX, run where the processor has it; `RR_EMULATE_AMX` puts plain C in its place, for tests elsewhere.
 */
#ifndef RR_AMX_H
#define RR_AMX_H

#if defined(__AMX_INT8__) || (defined(RR_EMULATE_AMX) && defined(__AVX512VNNI__))
#define RR_AMX

#include "simd.h"

/* How tiles are shaped, as the processor reads it. */
typedef struct {
  uint8_t palette, start, reserved[14];
  uint16_t bytes[16];
  uint8_t rows[16];
} __attribute__((packed)) rr_tile_shapes;

#ifdef RR_EMULATE_AMX

static _Thread_local rr_tile_shapes rr_emulated_shapes;
static _Thread_local uint8_t rr_emulated_tiles[8][16][64];

static void rr_load_shapes(const rr_tile_shapes *shapes) { rr_emulated_shapes = *shapes; }
static void rr_release_tiles(void) { memset(&rr_emulated_shapes, 0, sizeof rr_emulated_shapes); }
static void rr_emulate_zero(int tile) { memset(rr_emulated_tiles[tile], 0, sizeof rr_emulated_tiles[tile]); }

static void rr_emulate_load(int tile, const void *from, size_t stride) {
  rr_emulate_zero(tile);
  for (int r = 0; r < rr_emulated_shapes.rows[tile]; r++)
    memcpy(rr_emulated_tiles[tile][r], (const char *)from + (size_t)r * stride, rr_emulated_shapes.bytes[tile]);
}

static void rr_emulate_store(int tile, void *to, size_t stride) {
  for (int r = 0; r < rr_emulated_shapes.rows[tile]; r++)
    memcpy((char *)to + (size_t)r * stride, rr_emulated_tiles[tile][r], rr_emulated_shapes.bytes[tile]);
}

static void rr_emulate_products(int sums, int a, int b) {
  for (int m = 0; m < rr_emulated_shapes.rows[a]; m++) {
    for (int n = 0; n < rr_emulated_shapes.bytes[sums] / 4; n++) {
      int32_t sum;
      memcpy(&sum, &rr_emulated_tiles[sums][m][4 * n], 4);
      for (int k = 0; k < rr_emulated_shapes.bytes[a]; k++)
        sum += (int8_t)rr_emulated_tiles[a][m][k] * (int8_t)rr_emulated_tiles[b][k / 4][4 * n + k % 4];
      memcpy(&rr_emulated_tiles[sums][m][4 * n], &sum, 4);
    }
  }
}

#define RR_TILE_ZERO(tile) rr_emulate_zero(tile)
#define RR_TILE_LOAD(tile, from, stride) rr_emulate_load(tile, from, stride)
#define RR_TILE_STORE(tile, to, stride) rr_emulate_store(tile, to, stride)
#define RR_TILE_PRODUCTS(sums, a, b) rr_emulate_products(sums, a, b)

#else

RR_INLINE void rr_load_shapes(const rr_tile_shapes *shapes) { _tile_loadconfig(shapes); }
RR_INLINE void rr_release_tiles(void) { _tile_release(); }
#define RR_TILE_ZERO(tile) _tile_zero(tile)
#define RR_TILE_LOAD(tile, from, stride) _tile_loadd(tile, from, stride)
#define RR_TILE_STORE(tile, to, stride) _tile_stored(tile, to, stride)
#define RR_TILE_PRODUCTS(sums, a, b) _tile_dpbssd(sums, a, b)

#endif

/*
 * Tiles: sums of the first and second sixteen queries; rows and queries of a whole step; those of the last, shorter step. The compiler writes them into the
 * names of registers, so they are no enumeration.
 */
#define RR_SUMS_LOW 0
#define RR_SUMS_HIGH 1
#define RR_STEP_ROWS 2
#define RR_STEP_LOW 3
#define RR_STEP_HIGH 4
#define RR_LAST_ROWS 5
#define RR_LAST_LOW 6
#define RR_LAST_HIGH 7
#define RR_AMX_ROWS 16
#define RR_STEP_BYTES 64

/* Shapes the tiles of this thread for rows of so many bytes, a multiple of four. */
static void rr_shape_tiles(size_t dim) {
  size_t last = dim % RR_STEP_BYTES;
  rr_tile_shapes shapes = {.palette = 1};
  for (int tile = 0; tile < 8; tile++) {
    shapes.rows[tile] = RR_AMX_ROWS;
    shapes.bytes[tile] = RR_STEP_BYTES;
  }
  if (last > 0) {
    shapes.bytes[RR_LAST_ROWS] = (uint16_t)last;
    shapes.rows[RR_LAST_LOW] = shapes.rows[RR_LAST_HIGH] = (uint8_t)(last / 4);
  }
  rr_load_shapes(&shapes);
}

/* The sums of sixteen rows with the queries of a block, whose words stand `width` side by side. */
static void rr_sum_tiles(const int8_t *rows, size_t stride, size_t dim, const int32_t *queries, size_t width, int32_t sums[2][RR_AMX_ROWS][16]) {
  size_t step = width * 4, k = 0;
  bool wide = width > 16;
  RR_TILE_ZERO(RR_SUMS_LOW);
  if (wide) RR_TILE_ZERO(RR_SUMS_HIGH);
  for (; k + RR_STEP_BYTES <= dim; k += RR_STEP_BYTES) {
    const int32_t *at = queries + k / 4 * width;
    RR_TILE_LOAD(RR_STEP_ROWS, rows + k, stride);
    RR_TILE_LOAD(RR_STEP_LOW, at, step);
    RR_TILE_PRODUCTS(RR_SUMS_LOW, RR_STEP_ROWS, RR_STEP_LOW);
    if (!wide) continue;
    RR_TILE_LOAD(RR_STEP_HIGH, at + 16, step);
    RR_TILE_PRODUCTS(RR_SUMS_HIGH, RR_STEP_ROWS, RR_STEP_HIGH);
  }
  if (k < dim) {
    const int32_t *at = queries + k / 4 * width;
    RR_TILE_LOAD(RR_LAST_ROWS, rows + k, stride);
    RR_TILE_LOAD(RR_LAST_LOW, at, step);
    RR_TILE_PRODUCTS(RR_SUMS_LOW, RR_LAST_ROWS, RR_LAST_LOW);
    if (wide) {
      RR_TILE_LOAD(RR_LAST_HIGH, at + 16, step);
      RR_TILE_PRODUCTS(RR_SUMS_HIGH, RR_LAST_ROWS, RR_LAST_HIGH);
    }
  }
  RR_TILE_STORE(RR_SUMS_LOW, sums[0], 64);
  if (wide) RR_TILE_STORE(RR_SUMS_HIGH, sums[1], 64);
}

#endif
#endif
