/** A point and the value of the objective there. */
export interface Vertex {
  readonly point: readonly number[];
  readonly value: number;
}

export interface NelderMeadOptions {
  /** How far the first vertices are from the start. */
  readonly step: number;
  /** The search ends when all vertices are this close to the best in every coordinate, */
  readonly tolerance: number;
  /** or after this many evaluations. */
  readonly maxEvaluations: number;
  /** Puts a point back where points may be. */
  readonly project: (point: readonly number[]) => readonly number[];
}

/**
 * The downhill simplex method of Nelder and Mead, turned uphill: finds a local maximum without derivatives, by reflecting, stretching
 * and shrinking a simplex of n + 1 points. The objective may be awaited.
 *
 * J. A. Nelder, R. Mead, "A simplex method for function minimization", The Computer Journal 7, 1965.
 */
export async function nelderMead(
  objective: (point: readonly number[]) => Promise<number>,
  start: readonly number[],
  { step, tolerance, maxEvaluations, project }: NelderMeadOptions,
): Promise<Vertex> {
  let evaluations = 0;
  const evaluate = async (point: readonly number[]): Promise<Vertex> => {
    evaluations++;
    const feasible = project(point);
    return { point: feasible, value: await objective(feasible) };
  };
  const vertices: Vertex[] = [await evaluate(start)];
  for (let i = 0; i < start.length; i++) vertices.push(await evaluate(start.map((x, j) => (i === j ? x + step : x))));
  for (;;) {
    // A stable sort: of equal values the one found first stays in front.
    vertices.sort((a, b) => b.value - a.value);
    const best = vertices[0]!;
    const worst = vertices.at(-1)!;
    if (evaluations >= maxEvaluations) return best;
    if (vertices.every(({ point }) => point.every((x, i) => Math.abs(x - best.point[i]!) <= tolerance))) return best;
    const center = start.map((_, i) => vertices.slice(0, -1).reduce((sum, { point }) => sum + point[i]!, 0) / (vertices.length - 1));
    const along = (distance: number): readonly number[] => center.map((c, i) => c + distance * (c - worst.point[i]!));
    const reflected = await evaluate(along(1));
    if (reflected.value > best.value) {
      const stretched = await evaluate(along(2));
      vertices[vertices.length - 1] = stretched.value > reflected.value ? stretched : reflected;
    } else if (reflected.value > vertices.at(-2)!.value) {
      vertices[vertices.length - 1] = reflected;
    } else {
      const contracted = await evaluate(along(reflected.value > worst.value ? 0.5 : -0.5));
      if (contracted.value > Math.max(worst.value, reflected.value)) vertices[vertices.length - 1] = contracted;
      else {
        for (let i = 1; i < vertices.length; i++) {
          vertices[i] = await evaluate(vertices[i]!.point.map((x, j) => (x + best.point[j]!) / 2));
        }
      }
    }
  }
}

/**
 * The point of the probability simplex (numbers of at least 0 that add up to 1) nearest to a point.
 *
 * W. Wang, M. Á. Carreira-Perpiñán, "Projection onto the probability simplex", arXiv:1309.1541, 2013.
 */
export function projectToSimplex(point: readonly number[]): readonly number[] {
  const sorted = [...point].sort((a, b) => b - a);
  let sum = 0;
  let shift = 0;
  sorted.forEach((x, i) => {
    sum += x;
    const candidate = (1 - sum) / (i + 1);
    if (x + candidate > 0) shift = candidate;
  });
  return point.map((x) => Math.max(0, x + shift));
}
