/*
 * Floats against bits. For each four dimensions there is a table of the sixteen sums that their signs can give, sixteen queries side by side, so a row of d
 * dimensions takes d / 4 additions instead of d multiplications, and the sums are those of floats. Calls over many rows join two such tables into one of 256
 * sums a byte: half the additions, of the same sums in the same order. The small tables of 128 dimensions (32 kB) fit the first cache, the large ones of 32
 * queries (512 kB) the second.
 */
#ifndef RR_SIGNS_H
#define RR_SIGNS_H

#include "tile.h"

#define RR_TABLE_QUERIES 16
#define RR_TABLE_VECTORS (RR_TABLE_QUERIES / RR_LANES)
/* Floats of the tables of a byte. */
#define RR_NIBBLES_OF_BYTE (2 * 16 * RR_TABLE_QUERIES)
#define RR_SUMS_OF_BYTE (256 * RR_QUERY_BLOCK)

/* Joined tables pay from about this many rows on, up to this many bytes a row. */
#define RR_JOIN_ROWS 6000
#define RR_JOIN_BYTES 16

/* Rows whose sums are added up side by side, so that additions do not wait for one another. */
#if RR_LANES >= 8
#define RR_TABLE_ROWS 4
#else
#define RR_TABLE_ROWS 1
#endif

/* The tables of up to sixteen queries, which stand row by row. */
static void rr_fill_nibbles(float *table, const float *query, size_t dim, size_t queries) {
  for (size_t nibble = 0; nibble < (dim + 7) / 8 * 2; nibble++) {
    float part[4][RR_TABLE_QUERIES];
    for (size_t i = 0; i < 4; i++)
      for (size_t q = 0; q < RR_TABLE_QUERIES; q++) part[i][q] = q < queries && 4 * nibble + i < dim ? query[q * dim + 4 * nibble + i] : 0;
    for (int bits = 0; bits < 16; bits++) {
      for (size_t q = 0; q < RR_TABLE_QUERIES; q += RR_LANES) {
        vf first = vf_mul(vf_load(part[0] + q), vf_set1(bits & 8 ? 1 : -1)), second = vf_mul(vf_load(part[1] + q), vf_set1(bits & 4 ? 1 : -1));
        vf third = vf_mul(vf_load(part[2] + q), vf_set1(bits & 2 ? 1 : -1)), fourth = vf_mul(vf_load(part[3] + q), vf_set1(bits & 1 ? 1 : -1));
        vf_store(table + (nibble * 16 + (size_t)bits) * RR_TABLE_QUERIES + q, vf_add(vf_add(first, second), vf_add(third, fourth)));
      }
    }
  }
}

/* Joins the tables of 32 queries (those of the second sixteen after those of the first). */
static void rr_join_nibbles(float *joined, const float *nibbles, size_t bytes) {
  for (size_t byte = 0; byte < bytes; byte++) {
    for (size_t half = 0; half < 2; half++) {
      const float *high = nibbles + (half * bytes + byte) * RR_NIBBLES_OF_BYTE, *low = high + 16 * RR_TABLE_QUERIES;
      for (size_t value = 0; value < 256; value++)
        for (size_t q = 0; q < RR_TABLE_QUERIES; q += RR_LANES)
          vf_store(joined + (byte * 256 + value) * RR_QUERY_BLOCK + half * RR_TABLE_QUERIES + q,
                   vf_add(vf_load(high + (value >> 4) * RR_TABLE_QUERIES + q), vf_load(low + (value & 15) * RR_TABLE_QUERIES + q)));
    }
  }
}

/* Up to eight bytes of a row in one register: bytes fetched one by one would take the place of table entries, of which no more than two come at a time. */
RR_INLINE uint64_t rr_eight_bytes(const uint8_t *p, size_t count) {
  uint64_t word = 0;
  if (count >= 8) memcpy(&word, p, 8);
  else
    for (size_t i = 0; i < count; i++) word |= (uint64_t)p[i] << (8 * i);
  return word;
}

/* The sums of some rows with sixteen queries. */
RR_INLINE void rr_add_nibbles(const float *table, const uint8_t *const *p, int rows, size_t bytes, vf sums[][RR_TABLE_VECTORS]) {
  RR_UNROLL for (int x = 0; x < rows; x++) RR_UNROLL for (int c = 0; c < RR_TABLE_VECTORS; c++) sums[x][c] = vf_zero();
  for (size_t from = 0; from < bytes; from += 8) {
    /* Sixteen times the nibbles: where their entries begin. */
    uint64_t high[RR_TABLE_ROWS], low[RR_TABLE_ROWS];
    RR_UNROLL for (int x = 0; x < rows; x++) {
      uint64_t word = rr_eight_bytes(p[x] + from, bytes - from);
      high[x] = word & 0xf0f0f0f0f0f0f0f0u;
      low[x] = word << 4 & 0xf0f0f0f0f0f0f0f0u;
    }
    for (size_t i = from; i < bytes && i < from + 8; i++, table += RR_NIBBLES_OF_BYTE) {
      RR_UNROLL for (int x = 0; x < rows; x++) {
        const float *first = table + (uint8_t)high[x], *second = table + 16 * RR_TABLE_QUERIES + (uint8_t)low[x];
        high[x] >>= 8;
        low[x] >>= 8;
        RR_UNROLL for (int c = 0; c < RR_TABLE_VECTORS; c++)
          sums[x][c] = vf_add(sums[x][c], vf_add(vf_load(first + c * RR_LANES), vf_load(second + c * RR_LANES)));
      }
    }
  }
}

/* What is done with a register of sums of each row: they are written down row by row, or with `keep` the largest of them and of what `out` has. */
#define RR_TAKE_SIGNS(rows, sums, c, row_scale, keep, out)                                   \
  {                                                                                          \
    vf kept = (keep) ? vf_load(out) : vf_zero();                                             \
    RR_UNROLL for (int i = 0; i < (rows); i++) {                                             \
      vf sum = (sums)[i][c];                                                                 \
      if ((row_scale) != NULL) sum = vf_mul(sum, vf_set1((row_scale)[i]));                   \
      if (keep) kept = vf_greater(sum, kept);                                                \
      else vf_store((out) + i * RR_QUERY_BLOCK, sum);                                        \
    }                                                                                        \
    if (keep) vf_store(out, kept);                                                           \
  }

/* Sums of up to RR_TILE rows with the sixteen queries of a table. */
RR_INLINE void rr_sum_nibbles(const float *table, size_t dim, int rows, const uint8_t *const *p, const float *row_scale, bool keep, float *out) {
  size_t bytes = (dim + 7) / 8;
#define RR_SOME_ROWS(n)                                                                                                                    \
  {                                                                                                                                        \
    vf sums[RR_TABLE_ROWS][RR_TABLE_VECTORS];                                                                                              \
    rr_add_nibbles(table, p + x, n, bytes, sums);                                                                                          \
    RR_UNROLL for (int c = 0; c < RR_TABLE_VECTORS; c++)                                                                                   \
      RR_TAKE_SIGNS(n, sums, c, row_scale == NULL ? NULL : row_scale + x, keep, out + (keep ? 0 : x * RR_QUERY_BLOCK) + c * RR_LANES)        \
    x += n;                                                                                                                                \
  }
  int x = 0;
  while (rows - x >= RR_TABLE_ROWS) RR_SOME_ROWS(RR_TABLE_ROWS)
  while (x < rows) RR_SOME_ROWS(1)
#undef RR_SOME_ROWS
}

#if RR_LANES == 16
/* Rows whose sums are added up side by side with joined tables. */
#define RR_JOINED_ROWS 8

/* The sums of some rows with 32 queries by joined tables. */
RR_INLINE void rr_add_bytes(const float *table, const uint8_t *const *p, int rows, size_t bytes, vf sums[][2]) {
  RR_UNROLL for (int x = 0; x < rows; x++) sums[x][0] = sums[x][1] = vf_zero();
  for (size_t from = 0; from < bytes; from += 8) {
    uint64_t words[RR_JOINED_ROWS];
    RR_UNROLL for (int x = 0; x < rows; x++) words[x] = rr_eight_bytes(p[x] + from, bytes - from);
    for (size_t i = from; i < bytes && i < from + 8; i++, table += RR_SUMS_OF_BYTE) {
      RR_UNROLL for (int x = 0; x < rows; x++) {
        const float *entry = table + (size_t)(uint8_t)words[x] * RR_QUERY_BLOCK;
        words[x] >>= 8;
        RR_UNROLL for (int c = 0; c < 2; c++) sums[x][c] = vf_add(sums[x][c], vf_load(entry + c * RR_LANES));
      }
    }
  }
}

/* rr_sum_nibbles with joined tables and 32 queries. */
RR_INLINE void rr_sum_joined(const float *table, size_t dim, int rows, const uint8_t *const *p, const float *row_scale, bool keep, float *out) {
  size_t bytes = (dim + 7) / 8;
#define RR_SOME_ROWS(n)                                                                                                         \
  {                                                                                                                             \
    vf sums[RR_JOINED_ROWS][2];                                                                                                 \
    rr_add_bytes(table, p + x, n, bytes, sums);                                                                                 \
    RR_UNROLL for (int c = 0; c < 2; c++)                                                                                       \
      RR_TAKE_SIGNS(n, sums, c, row_scale == NULL ? NULL : row_scale + x, keep, out + (keep ? 0 : x * RR_QUERY_BLOCK) + c * RR_LANES) \
    x += n;                                                                                                                     \
  }
  int x = 0;
  while (rows - x >= RR_JOINED_ROWS) RR_SOME_ROWS(RR_JOINED_ROWS)
  while (rows - x >= 4) RR_SOME_ROWS(4)
  while (x < rows) RR_SOME_ROWS(1)
#undef RR_SOME_ROWS
}
#endif

#endif
