/**
 * Ward's hierarchical clustering of rows by their cosine distances, cut into at most `clusters` groups: what SciPy's
 * `linkage(distances, 'ward')` and `fcluster(…, 'maxclust')` give, by the nearest-neighbour chain (Murtagh 1983) in O(n²) time and memory.
 *
 * Distances are 1 − cosine of unit rows and are used as if they were Euclidean, as PyLate and Sentence Transformers do.
 * Returns each row's group; groups are numbered by their first row.
 */
export function wardGroups(data: Float32Array, rows: number, dim: number, clusters: number): Uint32Array {
  const distances = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < i; j++) {
      let product = 0;
      for (let k = 0; k < dim; k++) product += data[i * dim + k]! * data[j * dim + k]!;
      // Rounded to f32 as the originals have it, so that ties fall alike.
      const distance = Math.fround(Math.min(2, Math.max(0, 1 - Math.fround(product))));
      distances[i * rows + j] = distance;
      distances[j * rows + i] = distance;
    }
  }
  return cut(mergesOf(distances, rows), rows, clusters);
}

interface Merge {
  readonly a: number;
  readonly b: number;
  readonly height: number;
}

/** All merges, each by one row of either side, with the distance at which it happens. */
function mergesOf(distances: Float64Array, n: number): Merge[] {
  const sizes = new Uint32Array(n).fill(1);
  const active = new Uint8Array(n).fill(1);
  const chain: number[] = [];
  const merges: Merge[] = [];
  let first = 0;
  while (merges.length < n - 1) {
    if (chain.length === 0) {
      while (!active[first]) first++;
      chain.push(first);
    }
    for (;;) {
      const x = chain.at(-1)!;
      const before = chain.at(-2);
      let y = before ?? -1;
      let nearest = y < 0 ? Number.POSITIVE_INFINITY : distances[x * n + y]!;
      for (let i = 0; i < n; i++) {
        if (active[i] && i !== x && distances[x * n + i]! < nearest) {
          nearest = distances[x * n + i]!;
          y = i;
        }
      }
      if (y !== before) {
        chain.push(y);
        continue;
      }
      chain.length -= 2;
      merges.push({ a: x, b: y, height: nearest });
      // The merged cluster lives on in y (Lance and Williams' update for Ward).
      const [nx, ny] = [sizes[x]!, sizes[y]!];
      for (let i = 0; i < n; i++) {
        if (!active[i] || i === x || i === y) continue;
        const ni = sizes[i]!;
        const [dx, dy] = [distances[x * n + i]!, distances[y * n + i]!];
        const updated = Math.sqrt(((nx + ni) * dx * dx + (ny + ni) * dy * dy - ni * nearest * nearest) / (nx + ny + ni));
        distances[y * n + i] = updated;
        distances[i * n + y] = updated;
      }
      active[x] = 0;
      sizes[y] = nx + ny;
      break;
    }
  }
  return merges.sort((p, q) => p.height - q.height);
}

/** Takes merges from the lowest up until at most `clusters` groups are left; merges at the last one's height go too, as they do in SciPy. */
function cut(merges: readonly Merge[], n: number, clusters: number): Uint32Array {
  const parent = Uint32Array.from({ length: n }, (_, i) => i);
  const find = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  };
  const needed = Math.max(0, n - clusters);
  for (let m = 0; m < merges.length; m++) {
    const { a, b, height } = merges[m]!;
    if (m >= needed && height > merges[needed - 1]!.height) break;
    if (needed === 0) break;
    parent[find(a)] = find(b);
  }
  const numbers = new Map<number, number>();
  return Uint32Array.from({ length: n }, (_, i) => {
    const root = find(i);
    let number = numbers.get(root);
    if (number === undefined) numbers.set(root, (number = numbers.size));
    return number;
  });
}
