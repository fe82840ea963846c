/* MaxSim, with the positions of the maxima where they are asked for. */
#include "block.h"

/* The sum of weighted maxima in the order that `sumOfMaxima` of src/js/maxsim.ts defines: sixteen partial sums, added in halves. `weights` are 0 past the query's end. */
static float rr_sum_of_maxima(const float *maxima, const float *weights, size_t padded) {
  float partial[16];
  for (size_t i = 0; i < 16; i += RR_LANES) {
    vf sum = vf_zero();
    for (size_t q = 0; q < padded; q += 16) sum = vf_add(sum, vf_mul(vf_load(weights + q + i), vf_load(maxima + q + i)));
    vf_store(partial + i, sum);
  }
  for (int half = 8; half > 0; half >>= 1)
    for (int i = 0; i < half; i++) partial[i] += partial[i + half];
  /* 0 × −∞ is NaN, ∞ − ∞ is NaN, and a counted −∞ must win: only sums that are finite need no second look. */
  if (partial[0] - partial[0] == 0) return partial[0];
  memset(partial, 0, sizeof partial);
  for (size_t q = 0; q < padded; q++) {
    if (weights[q] == 0) continue;
    if (maxima[q] == -__builtin_inff()) return -__builtin_inff();
    partial[q & 15] += weights[q] * maxima[q];
  }
  for (int half = 8; half > 0; half >>= 1)
    for (int i = 0; i < half; i++) partial[i] += partial[i + half];
  return partial[0] == partial[0] ? partial[0] : -__builtin_inff();
}

/* The largest scores of a document and the first row of each, by writing the scores down. */
static void rr_largest_positions(const rr_block *block, size_t from, size_t to, float *largest, uint32_t *positions) {
  float scores[RR_TILE * RR_QUERY_BLOCK];
  for (size_t row = from; row < to; row += RR_TILE) {
    int count = to - row < RR_TILE ? (int)(to - row) : RR_TILE;
    rr_compare(block, NULL, row, count, scores, NULL);
    for (int x = 0; x < count; x++) {
      for (size_t q = 0; q < block->queries; q++) {
        float score = scores[x * RR_QUERY_BLOCK + (int)q];
        if (score > largest[q]) {
          largest[q] = score;
          positions[q] = (uint32_t)(row - from) + (uint32_t)x;
        }
      }
    }
  }
}

static int rr_maxsim(rr_call *call, size_t begin, size_t end) {
  rr_rows query = rr_take_rows(call), rows = rr_take_rows(call);
  int metric = rr_number(call) != 0 ? RR_COSINE : RR_DOT;
  size_t documents = rr_size(call);
  const uint32_t *offsets = RR_BUFFER(call, const uint32_t, documents + 1);
  bool listed;
  size_t units;
  const uint32_t *only = rr_optional_list(call, &listed, &units);
  if (!listed) units = documents;
  const float *given_weights = rr_optional_floats(call, query.rows);
  const float *norms = rr_optional_floats(call, rows.rows - rows.first);
  float *scores = RR_BUFFER(call, float, units);
  bool positioned = rr_number(call) != 0;
  size_t places;
  if (__builtin_mul_overflow(units, query.rows, &places)) return rr_fail(call, RR_ARGUMENTS, 0);
  uint32_t *positions = RR_BUFFER(call, uint32_t, positioned ? places : 0);
  float *similarities = RR_BUFFER(call, float, positioned ? places : 0);
  if (query.dim != rows.dim || query.first != 0) rr_fail(call, RR_ARGUMENTS, 0);
  rr_check_units(call, begin, end, units);

  size_t blocks = (query.rows + RR_QUERY_BLOCK - 1) / RR_QUERY_BLOCK, padded = blocks * RR_QUERY_BLOCK;
  rr_codebook query_book = rr_take_codebook(call, &query);
  rr_block *block = RR_ALLOCATE(call, rr_block, blocks);
  float *weights = RR_ALLOCATE(call, float, padded), *maxima = RR_ALLOCATE(call, float, padded);
  uint32_t *rows_of_maxima = RR_ALLOCATE(call, uint32_t, padded);
  /* Roughly, how many rows this call looks at. */
  size_t expected = documents == 0 || call->fault != RR_OK ? 0 : (size_t)((double)(end - begin) * ((double)rows.rows / (double)documents));
  /* Blocks know where their memory is before it is there: what is taken is only counted when it is short. */
  for (size_t b = 0; b < blocks; b++) {
    rr_block taken = rr_take_block(call, &query, &rows, metric, norms, expected);
    if (call->fault != RR_OK) return call->fault;
    if (call->scratch->wanted <= call->scratch->size) block[b] = taken;
  }
  if (rr_short(call)) return call->fault;

  rr_fill_codebook(&query_book, &query);
  for (size_t b = 0; b < blocks; b++) {
    size_t from = b * RR_QUERY_BLOCK, left = query.rows - from;
    rr_fill_block(&block[b], &query, &query_book, from, left < RR_QUERY_BLOCK ? left : RR_QUERY_BLOCK);
  }
  for (size_t q = 0; q < padded; q++) weights[q] = q >= query.rows ? 0 : given_weights == NULL ? 1 : given_weights[q];

#if defined(RR_AMX)
  bool by_tiles = blocks > 0 && rr_by_tiles(&block[0]);
  if (by_tiles) rr_shape_tiles(rows.dim);
#endif
  for (size_t unit = begin; unit < end; unit++) {
    size_t document = listed ? only[unit] : unit;
    if (document >= documents) {
      rr_fail(call, RR_ONLY, (double)unit);
      break;
    }
    size_t from = offsets[document], to = offsets[document + 1];
    if (from > to || to > rows.rows || from < rows.first) {
      rr_fail(call, RR_OFFSETS, (double)document);
      break;
    }
    const char *after = (const char *)rows.data + (to - rows.first) * rows.stride * (rows.type == RR_F32 ? 4 : rows.type == RR_F16 || rows.type == RR_BF16 ? 2 : 1);
    if (listed) {
      size_t next = unit + 1 < end ? only[unit + 1] : document;
      if (next < documents && offsets[next] >= rows.first && offsets[next] <= rows.rows)
        after += ((ptrdiff_t)offsets[next] - (ptrdiff_t)to) * (ptrdiff_t)rows.stride * (rows.type == RR_F32 ? 4 : rows.type == RR_F16 || rows.type == RR_BF16 ? 2 : 1);
    }
    for (size_t b = 0; b < blocks; b++) {
      float *largest = maxima + b * RR_QUERY_BLOCK;
      for (size_t q = 0; q < RR_QUERY_BLOCK; q++) largest[q] = -__builtin_inff();
      if (positioned) {
        uint32_t *places_of_block = rows_of_maxima + b * RR_QUERY_BLOCK;
        for (size_t q = 0; q < RR_QUERY_BLOCK; q++) places_of_block[q] = RR_NONE;
        rr_largest_positions(&block[b], from, to, largest, places_of_block);
      } else {
        rr_largest(&block[b], from, to, largest, after);
        rr_scale_largest(&block[b], largest);
      }
    }
    scores[unit] = rr_sum_of_maxima(maxima, weights, padded);
    if (positioned && query.rows > 0) {
      memcpy(positions + unit * query.rows, rows_of_maxima, query.rows * sizeof(uint32_t));
      memcpy(similarities + unit * query.rows, maxima, query.rows * sizeof(float));
    }
  }
#if defined(RR_AMX)
  if (by_tiles) rr_release_tiles();
#endif
  return call->fault;
}
