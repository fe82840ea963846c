/* The best k of any number of scored indices. */
#ifndef RR_HEAP_H
#define RR_HEAP_H

#include "kernel.h"
#include "simd.h"

/*
 * A score and its index as one number whose order is theirs: the larger score is better, then the smaller index. Callers for whom smaller is better give
 * negated scores. The heap's root is the worst that is kept.
 */
typedef struct {
  uint64_t *keys;
  size_t size, k;
  /* Scores below this have no chance. */
  float threshold;
} rr_heap;

RR_INLINE uint64_t rr_key_of_word(uint32_t value, size_t index) { return (uint64_t)value << 32 | (uint32_t)~(uint32_t)index; }

RR_INLINE uint64_t rr_key(float score, size_t index) {
  /* -0 is 0. */
  score += 0.0f;
  uint32_t bits;
  memcpy(&bits, &score, 4);
  return rr_key_of_word(bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u), index);
}

RR_INLINE uint32_t rr_index_of(uint64_t key) { return ~(uint32_t)key; }
RR_INLINE uint32_t rr_word_of(uint64_t key) { return (uint32_t)(key >> 32); }
RR_INLINE float rr_score_of_key(uint64_t key) {
  uint32_t bits = rr_word_of(key);
  bits ^= bits >> 31 ? 0x80000000u : 0xffffffffu;
  float score;
  memcpy(&score, &bits, 4);
  return score;
}

RR_INLINE rr_heap rr_take_heap(rr_call *call, size_t k) {
  rr_heap heap = {.keys = RR_ALLOCATE(call, uint64_t, k), .k = k};
  return heap;
}

RR_INLINE void rr_clear_heap(rr_heap *heap) {
  heap->size = 0;
  heap->threshold = heap->k == 0 ? __builtin_inff() : -__builtin_inff();
}

static void rr_sink(uint64_t *keys, size_t size, uint64_t key) {
  size_t at = 0;
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && keys[child + 1] < keys[child]) child++;
    if (key <= keys[child]) break;
    keys[at] = keys[child];
    at = child;
  }
  keys[at] = key;
}

static void rr_push_key(rr_heap *heap, uint64_t key) {
  uint64_t *keys = heap->keys;
  if (heap->size < heap->k) {
    size_t at = heap->size++;
    while (at > 0) {
      size_t parent = (at - 1) >> 1;
      if (keys[parent] <= key) break;
      keys[at] = keys[parent];
      at = parent;
    }
    keys[at] = key;
  } else if (heap->k > 0 && key > keys[0]) {
    rr_sink(keys, heap->size, key);
  } else
    return;
  if (heap->size == heap->k) heap->threshold = rr_score_of_key(keys[0]);
}

/* False for NaN, which never enters. */
RR_INLINE bool rr_has_chance(const rr_heap *heap, float score) { return score >= heap->threshold; }

RR_INLINE void rr_push(rr_heap *heap, float score, size_t index) {
  if (rr_has_chance(heap, score)) rr_push_key(heap, rr_key(score, index));
}

/* Takes the worst that is left. */
RR_INLINE uint64_t rr_pop(rr_heap *heap) {
  uint64_t worst = heap->keys[0];
  heap->size--;
  rr_sink(heap->keys, heap->size, heap->keys[heap->size]);
  return worst;
}

/* Empties the heap into the arrays, best first, and gives how many there were. */
static uint32_t rr_drain(rr_heap *heap, uint32_t *indices, float *scores, float sign) {
  uint32_t count = (uint32_t)heap->size;
  for (size_t left = count; left-- > 0;) {
    uint64_t key = rr_pop(heap);
    indices[left] = rr_index_of(key);
    scores[left] = sign * rr_score_of_key(key) + 0.0f;
  }
  return count;
}

#endif
