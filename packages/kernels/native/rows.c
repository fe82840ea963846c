/* Lengths, conversions and sums of rows. */
#include "decode.h"

static float rr_length_of_row(const rr_rows *rows, const rr_codebook *book, size_t row, float *decoded) {
  if (rows->type == RR_F32) return __builtin_sqrtf(rr_square((const float *)rows->data + (row - rows->first) * rows->stride, rows->dim));
  rr_decode(rows, book, row, decoded);
  return __builtin_sqrtf(rr_square(decoded, rows->dim));
}

static int rr_norms(rr_call *call, size_t begin, size_t end) {
  rr_rows rows = rr_take_rows(call);
  float *norms = RR_BUFFER(call, float, rows.rows);
  rr_check_units(call, begin, end, rows.rows);
  rr_codebook book = rr_take_codebook(call, &rows);
  float *decoded = RR_ALLOCATE(call, float, rows.dim);
  if (begin < rows.first) rr_fail(call, RR_ARGUMENTS, 0);
  if (rr_short(call)) return call->fault;
  rr_fill_codebook(&book, &rows);
  for (size_t row = begin; row < end; row++) norms[row] = rr_length_of_row(&rows, &book, row, decoded);
  return RR_OK;
}

static int rr_normalise(rr_call *call, size_t begin, size_t end) {
  rr_rows rows = rr_take_rows(call);
  float *norms = RR_BUFFER(call, float, rows.rows);
  rr_check_units(call, begin, end, rows.rows);
  if (rows.type != RR_F32 || rows.first != 0) rr_fail(call, RR_ARGUMENTS, 0);
  if (rr_short(call)) return call->fault;
  for (size_t row = begin; row < end; row++) {
    float *numbers = (float *)rows.data + row * rows.stride;
    norms[row] = __builtin_sqrtf(rr_square(numbers, rows.dim));
    if (norms[row] > 0 && norms[row] < __builtin_inff()) rr_scale(numbers, rows.dim, 1.0f / norms[row]);
  }
  return RR_OK;
}

static uint16_t rr_to_half(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  uint32_t sign = bits >> 16 & 0x8000, magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return (uint16_t)(sign | 0x7e00);
  /* From 65,520 on the nearest is infinity. */
  if (magnitude >= 0x477ff000) return (uint16_t)(sign | 0x7c00);
  if (magnitude < 0x38800000) {
    /* Below 2^-14 halves are multiples of 2^-24: adding 0.5 lets the float's own rounding find the multiple. */
    float size;
    memcpy(&size, &magnitude, 4);
    size += 0.5f;
    memcpy(&bits, &size, 4);
    return (uint16_t)(sign | (bits - 0x3f000000));
  }
  return (uint16_t)(sign | ((magnitude - 0x38000000 + 0xfff + (magnitude >> 13 & 1)) >> 13));
}

static uint16_t rr_to_bfloat(float value) {
  uint32_t bits;
  memcpy(&bits, &value, 4);
  if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* Codes of a row and its scale. What is not finite is left out of the largest; NaN becomes 0, infinities the largest code. */
static float rr_to_bytes(const float *row, size_t dim, int8_t *out) {
  float largest = 0;
  for (size_t k = 0; k < dim; k++) {
    float size = __builtin_fabsf(row[k]);
    if (size > largest && size < __builtin_inff()) largest = size;
  }
  float inverse = largest > 0 ? 127.0f / largest : 0;
  for (size_t k = 0; k < dim; k++) {
    float scaled = __builtin_fabsf(row[k]) == __builtin_inff() ? row[k] : row[k] * inverse;
    scaled = scaled > 127 ? 127 : scaled < -127 ? -127 : scaled == scaled ? scaled : 0;
    /* 1.5 * 2^23 as an integer, so that the low bits of the sum are the rounded number's. */
    float large = scaled + 12582912.0f;
    int32_t bits;
    memcpy(&bits, &large, 4);
    out[k] = (int8_t)(bits - 0x4b400000);
  }
  return largest / 127.0f;
}

static void rr_to_bits(const float *row, size_t dim, uint8_t *out) {
  for (size_t byte = 0; byte < (dim + 7) / 8; byte++) {
    uint8_t bits = 0;
    for (size_t k = 8 * byte; k < dim && k < 8 * byte + 8; k++) bits |= (uint8_t)((row[k] > 0) << (7 - k % 8));
    out[byte] = bits;
  }
}

static int rr_quantise(rr_call *call, size_t begin, size_t end) {
  rr_rows rows = rr_take_rows(call), target = rr_take_rows(call);
  rr_check_units(call, begin, end, rows.rows);
  if (rows.type != RR_F32 || target.type == RR_F32 || target.type == RR_RESIDUAL || target.dim != rows.dim || target.rows != rows.rows || rows.first != 0 ||
      target.first != 0)
    rr_fail(call, RR_ARGUMENTS, 0);
  if (rr_short(call)) return call->fault;
  for (size_t row = begin; row < end; row++) {
    const float *from = (const float *)rows.data + row * rows.stride;
    size_t at = row * target.stride;
    switch (target.type) {
      case RR_F16:
        for (size_t k = 0; k < rows.dim; k++) ((uint16_t *)target.data)[at + k] = rr_to_half(from[k]);
        break;
      case RR_BF16:
        for (size_t k = 0; k < rows.dim; k++) ((uint16_t *)target.data)[at + k] = rr_to_bfloat(from[k]);
        break;
      case RR_I8: ((float *)target.scales)[row] = rr_to_bytes(from, rows.dim, (int8_t *)target.data + at); break;
      default: rr_to_bits(from, rows.dim, (uint8_t *)target.data + at);
    }
  }
  return RR_OK;
}

/* A unit is a row of the result. */
static int rr_dequantise(rr_call *call, size_t begin, size_t end) {
  rr_rows rows = rr_take_rows(call);
  bool listed;
  size_t units, floats;
  const uint32_t *only = rr_optional_list(call, &listed, &units);
  if (!listed) units = rows.rows;
  if (__builtin_mul_overflow(units, rows.dim, &floats)) return rr_fail(call, RR_ARGUMENTS, 0);
  float *out = RR_BUFFER(call, float, floats);
  rr_check_units(call, begin, end, units);
  rr_codebook book = rr_take_codebook(call, &rows);
  if (rr_short(call)) return call->fault;
  rr_fill_codebook(&book, &rows);
  for (size_t unit = begin; unit < end; unit++) {
    size_t row = listed ? only[unit] : unit;
    if (row >= rows.rows || row < rows.first) return rr_fail(call, RR_ONLY, (double)unit);
    rr_decode(&rows, &book, row, out + unit * rows.dim);
  }
  return RR_OK;
}

/* A unit is a document. */
static int rr_sum_rows(rr_call *call, size_t begin, size_t end) {
  rr_rows rows = rr_take_rows(call);
  size_t units = rr_size(call), floats;
  const uint32_t *offsets = RR_BUFFER(call, const uint32_t, units + 1);
  bool mean = rr_number(call) != 0;
  if (__builtin_mul_overflow(units, rows.dim, &floats)) return rr_fail(call, RR_ARGUMENTS, 0);
  float *out = RR_BUFFER(call, float, floats);
  rr_check_units(call, begin, end, units);
  rr_codebook book = rr_take_codebook(call, &rows);
  float *decoded = RR_ALLOCATE(call, float, rows.dim);
  if (rr_short(call)) return call->fault;
  rr_fill_codebook(&book, &rows);
  for (size_t unit = begin; unit < end; unit++) {
    size_t from = offsets[unit], to = offsets[unit + 1];
    if (from > to || to > rows.rows || from < rows.first) return rr_fail(call, RR_OFFSETS, (double)unit);
    float *sum = out + unit * rows.dim;
    memset(sum, 0, rows.dim * sizeof(float));
    for (size_t row = from; row < to; row++) {
      rr_decode(&rows, &book, row, decoded);
      size_t k = 0;
      for (; k + RR_LANES <= rows.dim; k += RR_LANES) vf_store(sum + k, vf_add(vf_load(sum + k), vf_load(decoded + k)));
      for (; k < rows.dim; k++) sum[k] += decoded[k];
    }
    if (mean && to > from) rr_scale(sum, rows.dim, 1.0f / (float)(to - from));
  }
  return RR_OK;
}

/* A code is the number of cutoffs below a residual: for a few, counted; for 255, found by halves. */
RR_INLINE uint32_t rr_code_of(float residual, const float *cutoffs, size_t count) {
  if (count <= 15) {
    uint32_t code = 0;
    for (size_t i = 0; i < count; i++) code += cutoffs[i] < residual;
    return code;
  }
  size_t low = 0, high = count;
  while (low < high) {
    size_t middle = (low + high) / 2;
    if (cutoffs[middle] < residual) low = middle + 1;
    else high = middle;
  }
  return (uint32_t)low;
}

static int rr_encode_residuals(rr_call *call, size_t begin, size_t end) {
  rr_rows rows = rr_take_rows(call), target = rr_take_rows(call);
  size_t count = rr_size(call);
  const float *cutoffs = RR_BUFFER(call, const float, count);
  rr_check_units(call, begin, end, rows.rows);
  if (rows.type != RR_F32 || target.type != RR_RESIDUAL || target.dim != rows.dim || target.rows != rows.rows || rows.first != 0 || target.first != 0 ||
      (call->fault == RR_OK && count != ((size_t)1 << target.bits) - 1))
    rr_fail(call, RR_ARGUMENTS, 0);
  if (rr_short(call)) return call->fault;
  for (size_t row = begin; row < end; row++) {
    const float *from = (const float *)rows.data + row * rows.stride, *centroid = target.centroids + rr_centroid_of(&target, row) * rows.dim;
    uint8_t *codes = (uint8_t *)target.data + row * target.stride;
    memset(codes, 0, target.stride);
    for (size_t k = 0; k < rows.dim; k++) {
      size_t bit = k * (size_t)target.bits;
      codes[bit >> 3] |= (uint8_t)(rr_code_of(from[k] - centroid[k], cutoffs, count) << (8 - (size_t)target.bits - (bit & 7)));
    }
  }
  return RR_OK;
}
