/*
 * Hierarchical navigable small-world graphs (Malkov & Yashunin 2018): finding a node's neighbours, linking them, searching. src/js/hnsw.ts is the
 * same, written plainly; where distances are whole numbers the two agree link by link.
 */
#include "one.h"

typedef struct {
  size_t m, size, entry, capacity, lists;
  const uint8_t *levels;
  uint32_t *base;
  const uint32_t *starts;
  uint32_t *upper;
  rr_rows rows;
  int metric;
  const float *norms;
} rr_graph;

static rr_graph rr_take_graph(rr_call *call) {
  rr_graph graph = {0};
  graph.m = rr_within(call, 1, 4096);
  graph.size = rr_size(call);
  graph.entry = rr_size(call);
  graph.capacity = rr_size(call);
  graph.lists = rr_size(call);
  graph.levels = RR_BUFFER(call, const uint8_t, graph.capacity);
  size_t links;
  if (__builtin_mul_overflow(graph.capacity, 2 * graph.m, &links)) rr_fail(call, RR_ARGUMENTS, 0);
  else graph.base = RR_BUFFER(call, uint32_t, links);
  graph.starts = RR_BUFFER(call, const uint32_t, graph.capacity + 1);
  if (__builtin_mul_overflow(graph.lists, graph.m, &links)) rr_fail(call, RR_ARGUMENTS, 0);
  else graph.upper = RR_BUFFER(call, uint32_t, links);
  graph.rows = rr_take_rows(call);
  graph.metric = (int)rr_within(call, RR_DOT, RR_HAMMING);
  graph.norms = rr_optional_floats(call, graph.rows.rows);
  if (graph.size > graph.capacity || graph.size > graph.rows.rows || graph.rows.first != 0) rr_fail(call, RR_ARGUMENTS, 0);
  return graph;
}

/* A distance and its node as one number whose order is theirs: nearer first, then the smaller node. NaN is farthest. */
typedef uint64_t rr_near;

RR_INLINE rr_near rr_near_of(float distance, size_t node) {
  /* −0 is 0. */
  distance = distance == distance ? distance + 0.0f : __builtin_inff();
  uint32_t bits;
  memcpy(&bits, &distance, 4);
  bits ^= bits >> 31 ? 0xffffffffu : 0x80000000u;
  return (uint64_t)bits << 32 | (uint32_t)node;
}
RR_INLINE size_t rr_node_of(rr_near near) { return (uint32_t)near; }
RR_INLINE float rr_distance_of(rr_near near) {
  uint32_t bits = (uint32_t)(near >> 32);
  bits ^= bits >> 31 ? 0x80000000u : 0xffffffffu;
  float distance;
  memcpy(&distance, &bits, 4);
  return distance;
}
RR_INLINE rr_near rr_nearness(const rr_one *one, size_t row) {
  float score = rr_one_score(one, row);
  return rr_near_of(one->metric == RR_DOT || one->metric == RR_COSINE ? -score : score, row);
}

/* The nearest that were met so far, in order, and whether each was gone through. */
typedef struct {
  rr_near *near;
  uint8_t *done;
  size_t size, most;
} rr_pool;

/* Puts a candidate in its place; gives the place, or `most` where it is too far. */
RR_INLINE size_t rr_pool_add(rr_pool *pool, rr_near near) {
  size_t low = 0, high = pool->size;
  if (high == pool->most && near >= pool->near[high - 1]) return pool->most;
  while (low < high) {
    size_t middle = (low + high) >> 1;
    if (pool->near[middle] < near) low = middle + 1;
    else high = middle;
  }
  size_t last = pool->size < pool->most ? pool->size++ : pool->most - 1;
  memmove(pool->near + low + 1, pool->near + low, (last - low) * sizeof(rr_near));
  memmove(pool->done + low + 1, pool->done + low, last - low);
  pool->near[low] = near;
  pool->done[low] = 0;
  return low;
}

/* A heap whose root is the nearest: nodes that are yet to be gone through, where those kept are others. */
typedef struct {
  rr_near *near;
  size_t size;
} rr_open;

static void rr_open_add(rr_open *open, rr_near near) {
  size_t at = open->size++;
  while (at > 0) {
    size_t parent = (at - 1) >> 1;
    if (open->near[parent] <= near) break;
    open->near[at] = open->near[parent];
    at = parent;
  }
  open->near[at] = near;
}

static rr_near rr_open_take(rr_open *open) {
  rr_near nearest = open->near[0], moved = open->near[--open->size];
  size_t at = 0;
  for (;;) {
    size_t child = 2 * at + 1;
    if (child >= open->size) break;
    if (child + 1 < open->size && open->near[child + 1] < open->near[child]) child++;
    if (moved <= open->near[child]) break;
    open->near[at] = open->near[child];
    at = child;
  }
  open->near[at] = moved;
  return nearest;
}

/* What a walk needs. `visited` has a bit a node, all clear between walks; `met` lists the nodes whose bits are set. */
typedef struct {
  rr_pool pool;
  rr_open open;
  uint64_t *visited;
  uint32_t *met, *links;
  size_t met_count;
  rr_one one;
} rr_walk;

static rr_walk rr_take_walk(rr_call *call, const rr_graph *graph, const rr_rows *queries, size_t ef, bool filtered) {
  rr_walk walk = {.pool = {.most = ef}};
  walk.pool.near = RR_ALLOCATE(call, rr_near, ef + 1);
  walk.pool.done = RR_ALLOCATE(call, uint8_t, ef + 1);
  walk.open.near = RR_ALLOCATE(call, rr_near, filtered ? graph->size : 0);
  walk.visited = RR_ALLOCATE(call, uint64_t, graph->size / 64 + 1);
  walk.met = RR_ALLOCATE(call, uint32_t, graph->size);
  walk.links = RR_ALLOCATE(call, uint32_t, 2 * graph->m);
  walk.one = rr_take_one(call, queries, &graph->rows, graph->metric, graph->norms);
  return walk;
}

/* The links of a node on a layer; NULL where the graph says what cannot be. */
static uint32_t *rr_links(const rr_graph *graph, size_t node, size_t layer) {
  if (layer == 0) return graph->base + node * 2 * graph->m;
  size_t list = graph->starts[node] + layer - 1;
  return list >= graph->starts[node + 1] || list >= graph->lists ? NULL : graph->upper + list * graph->m;
}

/* Walks to the nearest node of a layer, from one node. */
static int rr_descend(rr_call *call, const rr_graph *graph, const rr_one *one, size_t layer, rr_near *best) {
  for (;;) {
    size_t from = rr_node_of(*best);
    const uint32_t *links = rr_links(graph, from, layer);
    if (links == NULL) return rr_fail(call, RR_LINK, (double)from);
    size_t count = 0;
    for (; count < graph->m && links[count] != RR_NONE; count++) {
      if (links[count] >= graph->size) return rr_fail(call, RR_LINK, (double)from);
      rr_prefetch_row(one, links[count]);
    }
    for (size_t i = 0; i < count; i++) {
      rr_near near = rr_nearness(one, links[i]);
      if (near < *best) *best = near;
    }
    if (rr_node_of(*best) == from) return RR_OK;
  }
}

/* From the entry down to where a layer's walk starts. */
static int rr_enter(rr_call *call, const rr_graph *graph, const rr_one *one, size_t layer, rr_near *best) {
  if (graph->entry >= graph->size) return rr_fail(call, RR_LINK, (double)graph->entry);
  *best = rr_nearness(one, graph->entry);
  for (size_t above = graph->levels[graph->entry]; above > layer; above--)
    if (rr_descend(call, graph, one, above, best) != RR_OK) return call->fault;
  return RR_OK;
}

/* Lists the links of a node that were not met yet, and has their rows fetched. Gives their number, or -1 where a link leads nowhere. */
RR_INLINE ptrdiff_t rr_meet(const rr_graph *graph, rr_walk *walk, size_t node, size_t layer) {
  const uint32_t *links = rr_links(graph, node, layer);
  if (links == NULL) return -1;
  size_t width = layer == 0 ? 2 * graph->m : graph->m, count = 0;
  for (size_t i = 0; i < width && links[i] != RR_NONE; i++) {
    size_t link = links[i];
    if (link >= graph->size) return -1;
    uint64_t bit = (uint64_t)1 << (link & 63);
    if (walk->visited[link >> 6] & bit) continue;
    walk->visited[link >> 6] |= bit;
    rr_prefetch_row(&walk->one, link);
    walk->links[count++] = (uint32_t)link;
  }
  memcpy(walk->met + walk->met_count, walk->links, count * sizeof(uint32_t));
  walk->met_count += count;
  return (ptrdiff_t)count;
}

static void rr_begin_walk(rr_walk *walk, rr_near start) {
  walk->pool.size = walk->open.size = 0;
  walk->visited[rr_node_of(start) >> 6] |= (uint64_t)1 << (rr_node_of(start) & 63);
  walk->met[0] = (uint32_t)rr_node_of(start);
  walk->met_count = 1;
}

static void rr_end_walk(rr_walk *walk) {
  for (size_t i = 0; i < walk->met_count; i++) walk->visited[walk->met[i] >> 6] = 0;
}

/* The nearest nodes of a layer that best-first search finds from one node, into the pool: what is near enough to be kept is what is gone through. */
static int rr_search_layer(rr_call *call, const rr_graph *graph, rr_walk *walk, rr_near start, size_t layer) {
  rr_pool *pool = &walk->pool;
  rr_begin_walk(walk, start);
  rr_pool_add(pool, start);
  size_t at = 0;
  while (at < pool->size) {
    if (pool->done[at]) {
      at++;
      continue;
    }
    pool->done[at] = 1;
    size_t node = rr_node_of(pool->near[at]);
    ptrdiff_t count = rr_meet(graph, walk, node, layer);
    if (count < 0) {
      rr_end_walk(walk);
      return rr_fail(call, RR_LINK, (double)node);
    }
    size_t best = at + 1;
    for (ptrdiff_t i = 0; i < count; i++) {
      size_t place = rr_pool_add(pool, rr_nearness(&walk->one, walk->links[i]));
      if (place < best) best = place;
    }
    at = best;
    if (at < pool->size && layer == 0) {
      const char *next = (const char *)(graph->base + rr_node_of(pool->near[at]) * 2 * graph->m);
      rr_prefetch(next);
      rr_prefetch(next + 64);
    }
  }
  rr_end_walk(walk);
  return RR_OK;
}

/* The same where only some nodes may be kept: the others are passed through, as long as they are nearer than the last of those kept. */
static int rr_search_allowed(rr_call *call, const rr_graph *graph, rr_walk *walk, rr_near start, const uint32_t *allow) {
  rr_pool *pool = &walk->pool;
  rr_begin_walk(walk, start);
  rr_open_add(&walk->open, start);
  if (rr_allowed(allow, rr_node_of(start))) rr_pool_add(pool, start);
  while (walk->open.size > 0) {
    rr_near nearest = rr_open_take(&walk->open);
    if (pool->size == pool->most && nearest > pool->near[pool->most - 1]) break;
    ptrdiff_t count = rr_meet(graph, walk, rr_node_of(nearest), 0);
    if (count < 0) {
      rr_end_walk(walk);
      return rr_fail(call, RR_LINK, (double)rr_node_of(nearest));
    }
    for (ptrdiff_t i = 0; i < count; i++) {
      rr_near near = rr_nearness(&walk->one, walk->links[i]);
      if (pool->size == pool->most && near > pool->near[pool->most - 1]) continue;
      rr_open_add(&walk->open, near);
      if (rr_allowed(allow, rr_node_of(near))) rr_pool_add(pool, near);
    }
  }
  rr_end_walk(walk);
  return RR_OK;
}

/*
 * Of candidates, nearest first, those that are nearer to the node than to any one chosen before: links then lead in different directions.
 * `chosen` has room for `limit` queries.
 */
static size_t rr_diverse(const rr_graph *graph, const rr_near *candidates, size_t count, size_t limit, rr_one *chosen, uint32_t *out) {
  size_t kept = 0;
  for (size_t i = 0; i < count && kept < limit; i++) {
    size_t node = rr_node_of(candidates[i]), c = 0;
    uint32_t distance = (uint32_t)(candidates[i] >> 32);
    while (c < kept && (uint32_t)(rr_nearness(&chosen[c], node) >> 32) >= distance) c++;
    if (c < kept) continue;
    if (kept + 1 < limit) rr_fill_one(&chosen[kept], &graph->rows, &chosen[kept].book, node);
    out[kept++] = (uint32_t)node;
  }
  return kept;
}

/* Room for the queries that rr_diverse makes of chosen nodes. They are taken one by one, and so are counted while memory is short. */
static rr_one *rr_take_chosen(rr_call *call, const rr_graph *graph, size_t limit) {
  rr_one *chosen = RR_ALLOCATE(call, rr_one, limit);
  for (size_t i = 0; i < limit && call->fault == RR_OK; i++) {
    rr_one one = rr_take_one(call, &graph->rows, &graph->rows, graph->metric, graph->norms);
    if (call->scratch->wanted <= call->scratch->size) chosen[i] = one;
  }
  return chosen;
}

/* A unit is a new node: its neighbours on every layer it has, chosen from the graph as it is, into its own lists. */
static int rr_hnsw_find(rr_call *call, size_t begin, size_t end) {
  rr_graph graph = rr_take_graph(call);
  size_t from = rr_size(call), ef = rr_within(call, 1, 1u << 20);
  rr_check_units(call, begin, end, graph.capacity < from || graph.rows.rows < from ? 0 : (graph.capacity < graph.rows.rows ? graph.capacity : graph.rows.rows) - from);
  rr_walk walk = rr_take_walk(call, &graph, &graph.rows, ef, false);
  rr_one *chosen = rr_take_chosen(call, &graph, graph.m);
  if (rr_short(call)) return call->fault;
  memset(walk.visited, 0, (graph.size / 64 + 1) * sizeof(uint64_t));
  if (graph.entry >= graph.size) return rr_fail(call, RR_LINK, (double)graph.entry);
  size_t top = graph.levels[graph.entry];
  for (size_t node = from + begin; node < from + end; node++) {
    rr_fill_codebook(&walk.one.book, &graph.rows);
    for (size_t i = 0; i < graph.m; i++) rr_fill_codebook(&chosen[i].book, &graph.rows);
    rr_fill_one(&walk.one, &graph.rows, &walk.one.book, node);
    size_t layer = graph.levels[node] < top ? graph.levels[node] : top;
    rr_near start;
    if (rr_enter(call, &graph, &walk.one, layer, &start) != RR_OK) return call->fault;
    for (;; layer--) {
      if (rr_search_layer(call, &graph, &walk, start, layer) != RR_OK) return call->fault;
      start = walk.pool.near[0];
      uint32_t *links = rr_links(&graph, node, layer);
      if (links == NULL) return rr_fail(call, RR_LINK, (double)node);
      size_t kept = rr_diverse(&graph, walk.pool.near, walk.pool.size, graph.m, chosen, links);
      memset(links + kept, 0xff, ((layer == 0 ? 2 : 1) * graph.m - kept) * sizeof(uint32_t));
      if (layer == 0) break;
    }
  }
  return RR_OK;
}

/* Orders a short list. */
static void rr_sort_near(rr_near *list, size_t count) {
  for (size_t i = 1; i < count; i++) {
    rr_near moved = list[i];
    size_t at = i;
    for (; at > 0 && list[at - 1] > moved; at--) list[at] = list[at - 1];
    list[at] = moved;
  }
}

/*
 * A unit is a part of the nodes: it links those neighbours of the new nodes that fall into it back to them, in the order of the new nodes. A list that is
 * full keeps what is diverse of it.
 */
static int rr_hnsw_link(rr_call *call, size_t begin, size_t end) {
  rr_graph graph = rr_take_graph(call);
  size_t from = rr_size(call), to = rr_size(call), most = 2 * graph.m;
  rr_check_units(call, begin, end, RR_LINK_PARTS);
  if (from > to || to > graph.capacity || to > graph.rows.rows || graph.entry >= graph.size) rr_fail(call, RR_ARGUMENTS, 0);
  rr_one one = rr_take_one(call, &graph.rows, &graph.rows, graph.metric, graph.norms);
  rr_one *chosen = rr_take_chosen(call, &graph, most);
  rr_near *candidates = RR_ALLOCATE(call, rr_near, most + 1);
  if (rr_short(call)) return call->fault;
  rr_fill_codebook(&one.book, &graph.rows);
  for (size_t i = 0; i < most; i++) rr_fill_codebook(&chosen[i].book, &graph.rows);
  size_t top = graph.levels[graph.entry];
  for (size_t node = from; node < to; node++) {
    for (size_t layer = graph.levels[node] < top ? graph.levels[node] : top;; layer--) {
      const uint32_t *own = rr_links(&graph, node, layer);
      if (own == NULL) return rr_fail(call, RR_LINK, (double)node);
      size_t width = layer == 0 ? 2 * graph.m : graph.m;
      for (size_t i = 0; i < width && own[i] != RR_NONE; i++) {
        size_t neighbour = own[i], part = neighbour % RR_LINK_PARTS;
        if (part < begin || part >= end) continue;
        if (neighbour >= graph.size) return rr_fail(call, RR_LINK, (double)node);
        uint32_t *links = rr_links(&graph, neighbour, layer);
        if (links == NULL) return rr_fail(call, RR_LINK, (double)neighbour);
        size_t count = 0;
        while (count < width && links[count] != RR_NONE) {
          if (links[count] >= to) return rr_fail(call, RR_LINK, (double)neighbour);
          count++;
        }
        if (count < width) {
          links[count] = (uint32_t)node;
          continue;
        }
        for (size_t j = 0; j < width; j++) rr_prefetch_row(&one, links[j]);
        rr_fill_one(&one, &graph.rows, &one.book, neighbour);
        for (size_t j = 0; j < width; j++) candidates[j] = rr_nearness(&one, links[j]);
        candidates[width] = rr_nearness(&one, node);
        rr_sort_near(candidates, width + 1);
        size_t kept = rr_diverse(&graph, candidates, width + 1, width, chosen, links);
        memset(links + kept, 0xff, (width - kept) * sizeof(uint32_t));
      }
      if (layer == 0) break;
    }
  }
  return RR_OK;
}

/* A unit is a query. */
static int rr_hnsw_search(rr_call *call, size_t begin, size_t end) {
  rr_graph graph = rr_take_graph(call);
  rr_rows queries = rr_take_rows(call);
  size_t ef = rr_within(call, 1, RR_NONE);
  bool filtered;
  size_t words;
  const uint32_t *allow = rr_optional_list(call, &filtered, &words);
  size_t k = rr_size(call), places;
  if (__builtin_mul_overflow(queries.rows, k, &places)) return rr_fail(call, RR_ARGUMENTS, 0);
  uint32_t *indices = RR_BUFFER(call, uint32_t, places);
  float *scores = RR_BUFFER(call, float, places);
  uint32_t *counts = RR_BUFFER(call, uint32_t, queries.rows);
  if (filtered && words < (graph.size + 31) / 32) rr_fail(call, RR_ARGUMENTS, 0);
  if (queries.dim != graph.rows.dim || queries.first != 0 || k > ef) rr_fail(call, RR_ARGUMENTS, 0);
  rr_check_units(call, begin, end, queries.rows);
  rr_walk walk = rr_take_walk(call, &graph, &queries, ef, filtered);
  rr_codebook book = rr_take_codebook(call, &queries);
  if (rr_short(call)) return call->fault;
  memset(walk.visited, 0, (graph.size / 64 + 1) * sizeof(uint64_t));
  rr_fill_codebook(&book, &queries);
  bool similarity = graph.metric == RR_DOT || graph.metric == RR_COSINE;
  for (size_t query = begin; query < end; query++) {
    rr_fill_one(&walk.one, &queries, &book, query);
    rr_near start;
    if (rr_enter(call, &graph, &walk.one, 0, &start) != RR_OK) return call->fault;
    if ((filtered ? rr_search_allowed(call, &graph, &walk, start, allow) : rr_search_layer(call, &graph, &walk, start, 0)) != RR_OK) return call->fault;
    size_t count = walk.pool.size < k ? walk.pool.size : k;
    for (size_t i = 0; i < count; i++) {
      float distance = rr_distance_of(walk.pool.near[i]);
      indices[query * k + i] = (uint32_t)rr_node_of(walk.pool.near[i]);
      scores[query * k + i] = similarity ? 0.0f - distance : distance;
    }
    counts[query] = (uint32_t)count;
  }
  return RR_OK;
}
