/*
 * The best documents for weighted terms whose postings are packed (see `PackedPostings` in src/contract/postings.ts for the layout).
 *
 * A term adds `base - weight / (1 + frequency * inverse)` in single precision; sums are of double precision, in which they are exact,
 * so that any order of adding gives the same ranking. Compile with -ffp-contract=off.
 *
 * Documents are gone through in windows. In each window the terms that together cannot reach the worst score kept are set aside
 * (MaxScore: Turtle and Flood 1995, with the block maxima of Ding and Suel 2011); the others are unpacked and added up, and what
 * could still get among the best is looked up in those set aside.
 */
#include "best-keys.h"
#include "packed-list.h"

/* Windows: how long at least and at most, and into how many a collection is divided between. */
#define RR_SHORTEST_WINDOW 2048
#define RR_LONGEST_WINDOW 16384
#define RR_WINDOWS 64
/* A list is set aside if it has more than so many postings for each document that comes from the others: looking one up costs about that much. */
#define RR_ASIDE 4

/* A search under way, at the window of documents from `base` to, without, `end`. */
typedef struct {
  size_t documents, window;
  /* Where the postings' bytes end. */
  const uint8_t *limit;
  const uint32_t *allow;
  /* The lists, in ascending order of what they can score in the window where that was asked for, and those scores. */
  rr_list **order;
  float *most;
  size_t used;
  size_t base;
  uint32_t end;
  /* Lists before this one are set aside, and can bring so much together. */
  size_t essential;
  double rest;
  /* What the others bring to each document of the window, and where that is something; those that may be among the best, and their sums. */
  double *sums;
  uint64_t *found;
  uint32_t *candidates;
  double *candidate_sums;
  size_t candidate_count;
  rr_best best;
} rr_packed_search;

/* Adds the list's scores below `end` to the window that starts at `base`. */
static bool rr_add_window(rr_list *list, uint32_t base, uint32_t end, double *sums, uint64_t *found, size_t documents, const uint8_t *limit) {
  for (;;) {
    if (list->block >= list->blocks) return true;
    if (!rr_unpack_postings(list, documents, (size_t)(limit - list->list), true)) return false;
    uint32_t i = list->index;
    const uint32_t size = list->size;
    const uint32_t *numbers = list->documents;
    while (i < size && numbers[i] < base) i++;
    uint32_t stop = size;
    if (numbers[size - 1] >= end) {
      stop = i;
      while (numbers[stop] < end) stop++;
    }
    if (found != NULL) {
      for (; i < stop; i++) {
        const uint32_t at = numbers[i] - base;
        sums[at] += list->scores[i];
        found[at >> 6] |= 1ull << (at & 63);
      }
    } else
      for (; i < stop; i++) sums[numbers[i] - base] += list->scores[i];
    list->index = stop;
    if (stop < size) return true;
    if (!list->tabled || list->block + 1 >= list->blocks) {
      list->block = list->blocks;
      list->last = RR_NONE;
      return true;
    }
    list->block++;
    list->unpacked = 0;
    list->block_bounded = 0;
    list->last = rr_last_of(list, list->block);
    if (list->last < base) rr_skip_to(list, base);
  }
}

/* What the list can score in the window, at most. */
static inline float rr_most_in_window(const rr_packed_search *search, rr_list *list) {
  if (list->last < search->base) rr_skip_to(list, (uint32_t)search->base);
  if (list->block >= list->blocks) return 0;
  if (!list->tabled) return list->most;
  float most = rr_block_bound(list);
  /* The blocks after it that begin in the window. */
  for (uint32_t block = list->block; block + 1 < list->blocks && rr_last_of(list, block) + 1 < search->end;) {
    const float more = rr_bound_of(list, rr_info_of(list, ++block));
    if (more > most) most = more;
  }
  return most;
}

/* Orders the lists by what they can score in the window; gives the sum of it. */
static double rr_bound_window(rr_packed_search *search) {
  rr_list **order = search->order;
  double total = 0;
  for (size_t i = 0; i < search->used; i++) {
    rr_list *list = order[i];
    const float most = rr_most_in_window(search, list);
    /* Insertion: few terms, and nearly in order from the window before. */
    size_t at = i;
    while (at > 0 && search->most[at - 1] > most) {
      search->most[at] = search->most[at - 1];
      order[at] = order[at - 1];
      at--;
    }
    search->most[at] = most;
    order[at] = list;
    total += most;
  }
  return total;
}

/* Sets lists aside that cannot bring a document in by themselves, where they have many more postings here than there will be candidates. */
static void rr_set_aside(rr_packed_search *search, float threshold) {
  rr_list **order = search->order;
  float *most = search->most;
  size_t can = 0;
  double rest = 0;
  while (can < search->used && (float)(rest + most[can]) <= threshold) rest += most[can++];
  double coming = 0;
  for (size_t i = can; i < search->used; i++) coming += rr_here_of(order[i], search->base, search->end);
  for (size_t i = can; i-- > 0;) {
    rr_list *list = order[i];
    const double here = rr_here_of(list, search->base, search->end);
    if (here > RR_ASIDE * coming) continue;
    coming += here;
    /* To the end of those that are added up. */
    const float own = most[i];
    for (size_t j = i; j + 1 < can; j++) order[j] = order[j + 1], most[j] = most[j + 1];
    order[--can] = list;
    most[can] = own;
  }
  search->essential = can;
  search->rest = 0;
  for (size_t i = 0; i < can; i++) search->rest += most[i];
}

/* Adds up the lists that can bring a document in, and notes the documents that have any where those are few. false: list `*damaged` is damaged. */
static bool rr_add_up(rr_packed_search *search, bool *dense, size_t *damaged) {
  size_t postings_here = 0;
  for (size_t i = search->essential; i < search->used; i++) {
    rr_list *list = search->order[i];
    if (list->last < search->base) rr_skip_to(list, (uint32_t)search->base);
    if (list->block >= list->blocks) continue;
    postings_here += list->tabled ? (size_t)((double)list->count * (double)search->window / (double)search->documents) + 1 : 1;
  }
  *dense = postings_here * 12 > search->window;
  for (size_t i = search->essential; i < search->used; i++) {
    rr_list *list = search->order[i];
    *damaged = i;
    if (list->block < list->blocks && !rr_add_window(list, (uint32_t)search->base, search->end, search->sums, *dense ? NULL : search->found, search->documents, search->limit)) return false;
  }
  return true;
}

/* Gathers what can still get among the best, and clears the window. */
static void rr_gather(rr_packed_search *search, bool dense, float threshold) {
  const uint32_t base = (uint32_t)search->base, width = search->end - base;
  const double rest = search->rest;
  double *sums = search->sums;
  uint32_t *candidates = search->candidates;
  double *candidate_sums = search->candidate_sums;
  size_t count = 0;
  if (dense) {
    /* Eight at a time: most have none. A sum of 0 is no document: scores are above 0. Compared a little low, then exactly. */
    const double short_of = (double)threshold - rest;
    const double least = short_of > 0 ? short_of * (1 - 0x1p-20) : 0;
    for (uint32_t at = 0; at < width; at += 8) {
      const double *eight = sums + at;
      unsigned any = rr_above(eight, least);
      while (any) {
        const uint32_t j = (uint32_t)__builtin_ctz(any);
        any &= any - 1;
        candidates[count] = base + at + j;
        candidate_sums[count] = eight[j];
        count += (float)(eight[j] + rest) > threshold;
      }
    }
    memset(sums, 0, ((width + 7) & ~7u) * sizeof(double));
  } else {
    for (uint32_t word = 0; word < (width + 63) / 64; word++) {
      uint64_t bits = search->found[word];
      if (bits == 0) continue;
      search->found[word] = 0;
      do {
        const uint32_t at = word * 64 + (uint32_t)__builtin_ctzll(bits);
        bits &= bits - 1;
        const double sum = sums[at];
        sums[at] = 0;
        candidates[count] = base + at;
        candidate_sums[count] = sum;
        count += (float)(sum + rest) > threshold;
      } while (bits);
    }
  }
  if (search->allow != NULL) {
    size_t kept = 0;
    for (size_t c = 0; c < count; c++) {
      candidates[kept] = candidates[c];
      candidate_sums[kept] = candidate_sums[c];
      kept += rr_allowed(search->allow, candidates[c]);
    }
    count = kept;
  }
  search->candidate_count = count;
}

/* Adds what the list has for a document, which is in its current block or nowhere. false: the list is damaged. */
static inline bool rr_add_one(const rr_packed_search *search, rr_list *list, uint32_t document, double *sum) {
  const size_t available = (size_t)(search->limit - list->list);
  if (!(list->unpacked & 1) && !rr_unpack_postings(list, search->documents, available, false)) return false;
  const uint32_t *numbers = list->documents;
  uint32_t at = list->index;
  if (numbers[at] < document) {
    uint32_t step = 1;
    while (at + step < list->size && numbers[at + step] < document) at += step, step *= 2;
    uint32_t low = at + 1, high = at + step < list->size ? at + step : list->size;
    while (low < high) {
      const uint32_t middle = (low + high) / 2;
      if (numbers[middle] < document) low = middle + 1;
      else high = middle;
    }
    at = low;
    list->index = at;
  }
  if (numbers[at] != document) return true;
  if (list->unpacked & 2) *sum += list->scores[at];
  else if (list->size == RR_POSTINGS_BLOCK) {
    const uint8_t *info = rr_info_of(list, list->block);
    const size_t from = (size_t)list->blocks * (8 + RR_INFO) + RR_INFO + (list->block > 0 ? rr_word_at(list->list + ((size_t)list->blocks + list->block - 1) * 4) : 0);
    const uint32_t frequency = 1 + rr_value_at(list->list + from + (size_t)info[0] * 16, info[1], at);
    *sum += rr_score_of(list, (float)(int32_t)frequency, rr_inverse_at(list, document));
  } else {
    if (!rr_unpack_postings(list, search->documents, available, true)) return false;
    *sum += list->scores[at];
  }
  return true;
}

/* Looks the candidates up in the lists set aside, the one that can bring most first. false: list `*damaged` is damaged. */
static bool rr_look_up_candidates(rr_packed_search *search, float threshold, size_t *damaged) {
  uint32_t *candidates = search->candidates;
  double *candidate_sums = search->candidate_sums;
  for (size_t i = search->essential; i-- > 0 && search->candidate_count > 0;) {
    rr_list *list = search->order[i];
    double rest = 0;
    for (size_t j = 0; j < i; j++) rest += search->most[j];
    size_t kept = 0;
    for (size_t c = 0; c < search->candidate_count; c++) {
      const uint32_t document = candidates[c];
      double sum = candidate_sums[c];
      if (list->last < document) rr_skip_to(list, document);
      if (list->block < list->blocks && (float)(sum + rest + rr_block_bound(list)) > threshold && !rr_add_one(search, list, document, &sum)) {
        *damaged = i;
        return false;
      }
      candidates[kept] = document;
      candidate_sums[kept] = sum;
      kept += (float)(sum + rest) > threshold;
    }
    search->candidate_count = kept;
  }
  return true;
}

/* The next document of any list; RR_NONE where all are used up. */
static uint32_t rr_next_document(const rr_packed_search *search) {
  uint32_t next = RR_NONE;
  for (size_t i = 0; i < search->used; i++) {
    const rr_list *list = search->order[i];
    if (list->block >= list->blocks) continue;
    const uint32_t at = (list->unpacked & 1) ? list->documents[list->index] : search->end;
    if (at < next) next = at;
  }
  return next;
}

/* A term's list at its start; `start` is where its bytes begin, or the document of a list of one. RR_OK, or what is wrong with it. */
static int rr_open_list(const rr_packed_search *search, rr_list *list, const uint8_t *postings, double start, uint32_t occurrences) {
  list->blocks = (list->count + RR_POSTINGS_BLOCK - 1) / RR_POSTINGS_BLOCK;
  list->tabled = list->count >= RR_POSTINGS_BLOCK;
  list->block = 0;
  list->unpacked = 0;
  list->index = 0;
  list->block_bounded = 0;
  if (list->count == 1) {
    if (!(start >= 0 && start < (double)search->documents)) return RR_DOCUMENT;
    list->list = search->limit;
    list->documents[0] = (uint32_t)start;
    list->documents[1] = RR_NONE;
    list->frequencies[0] = occurrences;
    list->scores[0] = rr_score_of(list, (float)occurrences, rr_inverse_at(list, list->documents[0]));
    list->size = 1;
    list->unpacked = 3;
  } else {
    if (!(start >= 0 && start < (double)(search->limit - postings))) return RR_OFFSETS;
    list->list = postings + (size_t)start;
    const size_t available = (size_t)(search->limit - list->list);
    if (list->tabled) {
      if ((size_t)list->blocks * (8 + RR_INFO) + RR_INFO > available) return RR_OFFSETS;
    } else if (!rr_unpack_postings(list, search->documents, available, true)) return RR_OFFSETS;
  }
  if (list->tabled) {
    list->most = rr_bound_of(list, rr_info_of(list, list->blocks));
    list->last = rr_last_of(list, 0);
  } else {
    list->most = 0;
    for (uint32_t j = 0; j < list->size; j++)
      if (list->scores[j] > list->most) list->most = list->scores[j];
    list->last = list->documents[list->size - 1];
  }
  return RR_OK;
}

/* One unit: the whole search. */
static int rr_search_packed(rr_call *call, size_t first_unit, size_t end_unit) {
  if (first_unit >= end_unit) return RR_OK;
  const size_t documents = rr_size(call);
  const size_t k = rr_size(call);
  const size_t count = rr_size(call);
  const float above = (float)rr_number(call);
  const bool pruned = rr_number(call) != 0;
  const bool wide = rr_number(call) != 0;
  const size_t fields = rr_size(call);
  const size_t postings_bytes = (size_t)rr_number(call);
  size_t allow_count;
  bool allow_present;
  const uint32_t *allow = rr_optional_list(call, &allow_present, &allow_count);
  const uint8_t *postings = rr_take_buffer(call, postings_bytes, 1);
  const void *codes = rr_take_buffer(call, documents * fields, wide ? 2 : 1);
  /* One entry for each code there can be. */
  const size_t table_size = wide ? 65536 : 256;
  const float *table = RR_BUFFER(call, const float, table_size * fields);
  const float *bucket_table = RR_BUFFER(call, const float, 255 * fields);
  const double *starts = RR_BUFFER(call, const double, count);
  const uint32_t *counts = RR_BUFFER(call, const uint32_t, count);
  const uint32_t *occurrences = RR_BUFFER(call, const uint32_t, count);
  const uint32_t *term_fields = RR_BUFFER(call, const uint32_t, count);
  const float *bases = RR_BUFFER(call, const float, count);
  const float *weights = RR_BUFFER(call, const float, count);
  uint32_t *out_documents = RR_BUFFER(call, uint32_t, k);
  float *out_scores = RR_BUFFER(call, float, k);
  uint32_t *out_counts = RR_BUFFER(call, uint32_t, 1);

  rr_packed_search search = {.documents = documents, .limit = postings + postings_bytes, .allow = allow_present ? allow : NULL};
  /* Windows are no longer than the collection, and short where a window's bounds are to mean something. */
  size_t window = RR_SHORTEST_WINDOW;
  while (window < RR_LONGEST_WINDOW && window * RR_WINDOWS < documents) window *= 2;
  search.window = window;
  rr_list *lists = RR_ALLOCATE(call, rr_list, count);
  search.order = RR_ALLOCATE(call, rr_list *, count);
  search.most = RR_ALLOCATE(call, float, count);
  search.sums = RR_ALLOCATE(call, double, window + 8);
  search.found = RR_ALLOCATE(call, uint64_t, window / 64);
  search.candidates = RR_ALLOCATE(call, uint32_t, window);
  search.candidate_sums = RR_ALLOCATE(call, double, window);
  const size_t room = rr_room_for(k);
  uint64_t *keys = RR_ALLOCATE(call, uint64_t, room);
  uint64_t *spare = RR_ALLOCATE(call, uint64_t, room);
  if (rr_short(call)) return call->fault;

  for (size_t i = 0; i < count; i++) {
    if (counts[i] == 0) continue;
    const uint32_t field = term_fields[i];
    if (field >= fields) return rr_fail(call, RR_ARGUMENTS, (double)i);
    rr_list *list = &lists[search.used];
    list->count = counts[i];
    list->base = bases[i];
    list->weight = weights[i];
    list->inverse = table + table_size * field;
    list->bucket_inverse = bucket_table + 255 * field;
    list->codes8 = wide ? NULL : (const uint8_t *)codes + documents * field;
    list->codes16 = wide ? (const uint16_t *)codes + documents * field : NULL;
    const int fault = rr_open_list(&search, list, postings, starts[i], occurrences[i]);
    if (fault != RR_OK) return rr_fail(call, fault, (double)i);
    search.order[search.used++] = list;
  }
  search.best = (rr_best){k, 0, room, keys, spare, above};
  memset(search.sums, 0, (window + 8) * sizeof(double));
  memset(search.found, 0, window / 64 * sizeof(uint64_t));

  while (search.base < documents) {
    search.end = (uint32_t)(search.base + window < documents ? search.base + window : documents);
    const float threshold = search.best.threshold;
    search.essential = 0;
    search.rest = 0;
    if (pruned && threshold > 0) {
      if ((float)rr_bound_window(&search) <= threshold) {
        search.base = search.end;
        continue;
      }
      rr_set_aside(&search, threshold);
    }
    bool dense;
    size_t damaged;
    if (!rr_add_up(&search, &dense, &damaged)) return rr_fail(call, RR_OFFSETS, (double)damaged);
    rr_gather(&search, dense, threshold);
    if (!rr_look_up_candidates(&search, threshold, &damaged)) return rr_fail(call, RR_OFFSETS, (double)damaged);
    for (size_t c = 0; c < search.candidate_count; c++)
      if ((float)search.candidate_sums[c] > search.best.threshold) rr_best_push(&search.best, (float)search.candidate_sums[c], search.candidates[c]);
    /* Go on where the next document is. */
    search.base = search.end;
    if (!pruned || threshold == 0) {
      const uint32_t next = rr_next_document(&search);
      if (next == RR_NONE) break;
      if (next > search.base) search.base = next;
    }
  }
  rr_best_sort(&search.best);
  rr_best_put(&search.best, out_documents, out_scores, out_counts);
  return RR_OK;
}
