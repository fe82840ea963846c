/* The best documents by scored postings: all ranges of documents, or the blocks that can hold one of the best. */
#ifndef RR_POSTING_BLOCKS_H
#define RR_POSTING_BLOCKS_H

#include "postings.h"

/* A search under way: `at` is where each list goes on. */
typedef struct {
  const rr_postings *postings;
  size_t terms;
  const uint32_t *list;
  const float *weights;
  size_t documents;
  const uint32_t *allow;
  size_t *at, *until;
  /* Room for places to come back to. */
  size_t *kept;
  float *sums;
  rr_heap *heap;
} rr_query;

/* Every list adds its part of a range of at most RR_RANGE documents, and what exceeds the worst kept so far is looked at. */
static int rr_sum_range(rr_call *call, rr_query *query, size_t base, size_t limit) {
  bool any = false;
  for (size_t i = 0; i < query->terms; i++) {
    if (query->at[i] == query->until[i] || query->postings->documents[query->at[i]] >= limit) continue;
    size_t next = rr_add_postings(query->postings, query->at[i], query->until[i], query->weights[i], base, limit - base, query->sums);
    /* Documents that do not ascend. */
    if (next < query->until[i] && query->postings->documents[next] < base) return rr_fail(call, RR_DOCUMENT, query->list[i]);
    query->at[i] = next;
    any = true;
  }
  if (any) rr_collect(query->heap, query->sums, limit - base, base, query->allow);
  return RR_OK;
}

/* What lists hold at most in each block: PostingBlocks of src/contract.ts. `size` is 0 where there is nothing of the kind. */
typedef struct {
  size_t size, shift, count, row_count;
  const uint32_t *rows;
  const uint8_t *maxima;
  const float *largest;
} rr_blocks;

static rr_blocks rr_take_blocks(rr_call *call, const rr_postings *postings, size_t documents) {
  rr_blocks blocks = {.size = rr_within(call, 0, RR_RANGE)};
  blocks.row_count = rr_size(call);
  size_t entries = 0;
  if (blocks.size > 0) {
    if (blocks.size & (blocks.size - 1)) rr_fail(call, RR_ARGUMENTS, 0);
    blocks.shift = (size_t)__builtin_ctzll(blocks.size);
    blocks.count = (documents + blocks.size - 1) >> blocks.shift;
    if (__builtin_mul_overflow(blocks.row_count, blocks.count, &entries)) rr_fail(call, RR_ARGUMENTS, 0);
  }
  blocks.rows = RR_BUFFER(call, const uint32_t, blocks.size > 0 ? postings->lists : 0);
  blocks.maxima = RR_BUFFER(call, const uint8_t, entries);
  blocks.largest = RR_BUFFER(call, const float, blocks.size > 0 ? blocks.row_count : 0);
  return blocks;
}

/* Adds up for each block what the lists hold in it at most. */
static int rr_bound_blocks(rr_call *call, const rr_query *query, const rr_blocks *blocks, float *bounds) {
  memset(bounds, 0, blocks->count * sizeof(float));
  for (size_t i = 0; i < query->terms; i++) {
    size_t row = blocks->rows[query->list[i]];
    if (row != RR_NONE) {
      if (row >= blocks->row_count) return rr_fail(call, RR_OFFSETS, query->list[i]);
      const uint8_t *maxima = blocks->maxima + row * blocks->count;
      float step = query->weights[i] * (blocks->largest[row] / 255);
      for (size_t b = 0; b < blocks->count; b++) bounds[b] += step * (float)maxima[b];
      continue;
    }
    const rr_postings *postings = query->postings;
    for (size_t p = query->at[i]; p < query->until[i];) {
      size_t block = postings->documents[p] >> blocks->shift;
      if (block >= blocks->count) return rr_fail(call, RR_DOCUMENT, query->list[i]);
      float most = 0;
      for (; p < query->until[i] && postings->documents[p] >> blocks->shift == block; p++) {
        float value = rr_value(postings->kind, postings->values, p);
        if (value > most) most = value;
      }
      bounds[block] += query->weights[i] * most;
    }
  }
  return RR_OK;
}

/* Blocks of the highest bounds that are looked into first, at most: what they hold is the mark for the others. */
#define RR_FIRST_BLOCKS 8

/* A place near that of a document, if documents were spread evenly; never past it. */
static size_t rr_near_place(const uint32_t *documents, size_t from, size_t to, size_t limit, size_t of) {
  size_t guess = from + (size_t)((double)(to - from) * ((double)limit / (double)of)), step = 16;
  while (guess > from && (guess >= to || documents[guess] >= limit)) {
    guess = guess - from > step ? guess - step : from;
    step *= 4;
  }
  return guess;
}

/* Lists go on from the first document that is not before a range. */
static void rr_seek_range(rr_query *query, size_t base) {
  const uint32_t *documents = query->postings->documents;
  for (size_t i = 0; i < query->terms; i++) {
    size_t at = query->at[i], until = query->until[i];
    if (at == until || documents[at] >= base) continue;
    size_t near = rr_near_place(documents, at, until, base, query->documents);
    query->at[i] = documents[near] >= base ? near : rr_seek(documents, near, until, base);
  }
}

static int rr_sum_all(rr_call *call, rr_query *query) {
  for (size_t base = 0; base < query->documents; base += RR_RANGE)
    if (rr_sum_range(call, query, base, query->documents - base < RR_RANGE ? query->documents : base + RR_RANGE) != RR_OK) return call->fault;
  /* A document past the last. */
  for (size_t i = 0; i < query->terms; i++)
    if (query->at[i] != query->until[i]) return rr_fail(call, RR_DOCUMENT, query->list[i]);
  return RR_OK;
}

/*
 * First the blocks that promise most, then all that can hold one of the best, from the first to the last. Those that stand together are gone through
 * together, with short gaps: looking for the start of a block in every list costs as much as adding up a few. Where most blocks can hold one of the best,
 * as with many terms of like weight, all ranges are gone through as if there were no bounds.
 */
static int rr_search_blocks(rr_call *call, rr_query *query, const rr_blocks *blocks, float *bounds) {
  if (rr_bound_blocks(call, query, blocks, bounds) != RR_OK) return call->fault;
  /* What rounding can make of a bound, and of a sum. */
  const float slack = 1 + (float)(query->terms + 2) * 0x1p-22f;
  const rr_heap *heap = query->heap;
  size_t first[RR_FIRST_BLOCKS], firsts = 0, wanted = 2 + heap->k / 128 < RR_FIRST_BLOCKS ? 2 + heap->k / 128 : RR_FIRST_BLOCKS;
  for (size_t b = 0; b < blocks->count; b++) {
    bounds[b] *= slack;
    if (firsts == wanted && bounds[b] <= bounds[first[firsts - 1]]) continue;
    size_t place = firsts < wanted ? firsts++ : firsts - 1;
    for (; place > 0 && bounds[first[place - 1]] < bounds[b]; place--) first[place] = first[place - 1];
    first[place] = b;
  }
  for (size_t f = 0; f < firsts; f++) {
    size_t base = first[f] << blocks->shift, limit = base + blocks->size;
    memcpy(query->kept, query->at, query->terms * sizeof(size_t));
    rr_seek_range(query, base);
    int fault = rr_sum_range(call, query, base, limit < query->documents ? limit : query->documents);
    memcpy(query->at, query->kept, query->terms * sizeof(size_t));
    if (fault != RR_OK) return fault;
  }
  float mark = heap->size == heap->k ? heap->threshold : 0;
  size_t left = 0;
  for (size_t b = 0; b < blocks->count; b++) left += bounds[b] > 0 && !(bounds[b] < mark);
  if (left > blocks->count / 2) {
    rr_clear_heap(query->heap);
    return rr_sum_all(call, query);
  }
  for (size_t f = 0; f < firsts; f++) bounds[first[f]] = -1;
  const size_t most = RR_RANGE >> blocks->shift;
  for (size_t b = 0; b < blocks->count;) {
    mark = heap->size == heap->k ? heap->threshold : 0;
    if (!(bounds[b] > 0) || bounds[b] < mark) {
      b++;
      continue;
    }
    size_t last = b + 1;
    for (size_t e = b + 1; e < blocks->count && e < b + most && e < last + 3 && !(bounds[e] < 0); e++)
      if (bounds[e] > 0 && !(bounds[e] < mark)) last = e + 1;
    size_t base = b << blocks->shift, limit = last << blocks->shift;
    rr_seek_range(query, base);
    if (rr_sum_range(call, query, base, limit < query->documents ? limit : query->documents) != RR_OK) return call->fault;
    b = last;
  }
  return RR_OK;
}

#endif
