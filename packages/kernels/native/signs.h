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

/* The sums of some rows with sixteen queries. */
RR_INLINE void rr_add_nibbles(const float *table, const uint8_t *const *p, int rows, size_t bytes, vf sums[][RR_TABLE_VECTORS]) {
  RR_UNROLL for (int x = 0; x < rows; x++) RR_UNROLL for (int c = 0; c < RR_TABLE_VECTORS; c++) sums[x][c] = vf_zero();
  for (size_t i = 0; i < bytes; i++, table += RR_NIBBLES_OF_BYTE) {
    RR_UNROLL for (int x = 0; x < rows; x++) {
      size_t byte = p[x][i];
      const float *high = table + (byte >> 4) * RR_TABLE_QUERIES, *low = table + (16 + (byte & 15)) * RR_TABLE_QUERIES;
      RR_UNROLL for (int c = 0; c < RR_TABLE_VECTORS; c++)
        sums[x][c] = vf_add(sums[x][c], vf_add(vf_load(high + c * RR_LANES), vf_load(low + c * RR_LANES)));
    }
  }
}

/* What is done with sums: written down a row at a time, or with `keep` the larger of them and what `out` has. */
RR_INLINE void rr_take_signs(vf sum, const float *row_scale, int row, bool keep, float *out) {
  if (row_scale != NULL) sum = vf_mul(sum, vf_set1(row_scale[row]));
  float *place = keep ? out : out + row * RR_QUERY_BLOCK;
  vf_store(place, keep ? vf_greater(sum, vf_load(place)) : sum);
}

/* Sums of up to RR_TILE rows with the sixteen queries of a table. */
RR_INLINE void rr_sum_nibbles(const float *table, size_t dim, int rows, const uint8_t *const *p, const float *row_scale, bool keep, float *out) {
  size_t bytes = (dim + 7) / 8;
  for (int x = 0; x < rows;) {
    vf sums[RR_TABLE_ROWS][RR_TABLE_VECTORS];
    int count = rows - x >= RR_TABLE_ROWS ? RR_TABLE_ROWS : 1;
    if (count == RR_TABLE_ROWS) rr_add_nibbles(table, p + x, RR_TABLE_ROWS, bytes, sums);
    else rr_add_nibbles(table, p + x, 1, bytes, sums);
    for (int i = 0; i < count; i++, x++)
      RR_UNROLL for (int c = 0; c < RR_TABLE_VECTORS; c++) rr_take_signs(sums[i][c], row_scale, x, keep, out + c * RR_LANES);
  }
}

#if RR_LANES == 16
/* The same with joined tables and 32 queries. */
RR_INLINE void rr_sum_joined(const float *table, size_t dim, int rows, const uint8_t *const *p, const float *row_scale, bool keep, float *out) {
  size_t bytes = (dim + 7) / 8;
  for (int x = 0; x < rows;) {
    vf sums[4][2];
    int count = rows - x >= 4 ? 4 : 1;
#define RR_ADD(n)                                                                                                        \
  RR_UNROLL for (int r = 0; r < (n); r++) sums[r][0] = sums[r][1] = vf_zero();                                           \
  const float *t = table;                                                                                                \
  for (size_t i = 0; i < bytes; i++, t += RR_SUMS_OF_BYTE) {                                                             \
    RR_UNROLL for (int r = 0; r < (n); r++) {                                                                            \
      const float *entry = t + (size_t)p[x + r][i] * RR_QUERY_BLOCK;                                                     \
      RR_UNROLL for (int c = 0; c < 2; c++) sums[r][c] = vf_add(sums[r][c], vf_load(entry + c * RR_LANES));               \
    }                                                                                                                    \
  }
    if (count == 4) {
      RR_ADD(4)
    } else {
      RR_ADD(1)
    }
#undef RR_ADD
    for (int i = 0; i < count; i++, x++) RR_UNROLL for (int c = 0; c < 2; c++) rr_take_signs(sums[i][c], row_scale, x, keep, out + c * RR_LANES);
  }
}
#endif

#endif
