import { checkOptions, RankError, type Ranking, type Retriever, type SearchOptions, shown, unknownName } from '@rank-rank/core';
import { featureVector, type QueryFeatures, queryFeatures } from './query-features.ts';

/** Chooses a route by its name. */
export type RouteRule = (query: string, features: QueryFeatures) => string | undefined;

/** What was learned about which route serves which queries: plain data. */
export interface LearnedRouter {
  readonly routes: readonly string[];
  /** A row of weights a route. */
  readonly weights: readonly (readonly number[])[];
  /** How often it chose the best route for queries it was not trained on. */
  readonly accuracy: number;
  /** The mean quality of the routes it chose for those queries, and of always taking the best single route. */
  readonly quality: number;
  readonly bestSingle: { readonly route: string; readonly quality: number };
}

export interface RouterOptions {
  /** Rules of one's own, asked in turn; the first that names a route decides. */
  readonly rules?: readonly RouteRule[];
  /** Asked where no rule decides. */
  readonly learned?: LearnedRouter;
  /** Where nothing else decides. */
  readonly otherwise: string;
}

/**
 * Sends each query to one of several retrievers (pipelines are retrievers): short keywords to a quick one, questions to a thorough one.
 *
 * @example
 * router({ quick: bm25, thorough: full }, { rules: [(_, { length, question }) => (length <= 2 && !question ? 'quick' : undefined)], otherwise: 'thorough' })
 */
export function router(routes: Readonly<Record<string, Retriever>>, options: RouterOptions): Retriever & { choose(query: string): string } {
  checkOptions('router', options, ['rules', 'learned', 'otherwise']);
  const names = Object.keys(routes ?? {});
  const { rules = [], learned, otherwise } = options;
  const checked = (name: string): string => {
    if (!Object.hasOwn(routes, name)) throw unknownName('Route', name, names);
    return name;
  };
  checked(otherwise);
  for (const name of learned?.routes ?? []) checked(name);
  const choose = (query: string): string => {
    const features = queryFeatures(query);
    for (const rule of rules) {
      const name = rule(query, features);
      if (name !== undefined) return checked(name);
    }
    return learned === undefined ? otherwise : learned.routes[bestRoute(learned.weights, featureVector(query))]!;
  };
  return {
    choose,
    search: (query: string, k: number, search?: SearchOptions): Promise<Ranking> => routes[choose(query)]!.search(query, k, search),
  };
}

/** A judged query: its text, and how well each route answered it. */
export interface RoutedQuery {
  readonly text: string;
  readonly quality: Readonly<Record<string, number>>;
}

const rounds = 300;
const learningRate = 0.5;
const regularisation = 0.01;

/**
 * Learns a router from judged queries: multinomial logistic regression on the features of the query, each query weighted by what is at stake (best minus
 * worst route). Its accuracy and quality are measured on every fifth query, which it does not see.
 *
 * @example learnRouter(queries.map(({ id, text }) => ({ text, quality: { quick: ndcg.quick[id], thorough: ndcg.thorough[id] } })))
 */
export function learnRouter(queries: readonly RoutedQuery[]): LearnedRouter {
  const routes = Object.keys(queries[0]?.quality ?? {});
  if (queries.length < 10 || routes.length < 2) {
    throw new RankError(
      'EMPTY_INPUT',
      `learnRouter: ${queries.length} queries with ${routes.length} routes; expected at least 10 queries with the quality of at least 2 routes.`,
    );
  }
  for (const { text, quality } of queries) {
    for (const route of routes) {
      if (!Number.isFinite(quality[route]))
        throw new RankError('INVALID_ARGUMENT', `learnRouter: the query ${shown(text)} has no quality for route ${shown(route)}.`, {
          route,
        });
    }
  }
  const held = queries.filter((_, i) => i % 5 === 4);
  const seen = train(
    queries.filter((_, i) => i % 5 !== 4),
    routes,
  );
  const chosen = held.map(({ text }) => routes[bestRoute(seen, featureVector(text))]!);
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const single = routes.map((route) => ({ route, quality: mean(held.map(({ quality }) => quality[route]!)) }));
  return {
    routes,
    weights: train(queries, routes),
    accuracy: mean(held.map(({ quality }, i) => Number(quality[chosen[i]!] === Math.max(...Object.values(quality))))),
    quality: mean(held.map(({ quality }, i) => quality[chosen[i]!]!)),
    bestSingle: single.reduce((best, other) => (other.quality > best.quality ? other : best)),
  };
}

function train(queries: readonly RoutedQuery[], routes: readonly string[]): number[][] {
  const features = queries.map(({ text }) => featureVector(text));
  const width = features[0]!.length;
  const weights = routes.map(() => new Array<number>(width).fill(0));
  const targets = queries.map(({ quality }) =>
    routes.reduce((best, route, i) => (quality[route]! > quality[routes[best]!]! ? i : best), 0),
  );
  const stakes = queries.map(({ quality }) => Math.max(...Object.values(quality)) - Math.min(...Object.values(quality)));
  const total = stakes.reduce((sum, stake) => sum + stake, 0) || 1;
  for (let round = 0; round < rounds; round++) {
    const gradient = routes.map(() => new Array<number>(width).fill(0));
    features.forEach((x, q) => {
      const scores = weights.map((row) => row.reduce((sum, w, i) => sum + w * x[i]!, 0));
      const highest = Math.max(...scores);
      const exponentials = scores.map((score) => Math.exp(score - highest));
      const norm = exponentials.reduce((sum, value) => sum + value, 0);
      routes.forEach((_, r) => {
        const error = (exponentials[r]! / norm - Number(targets[q] === r)) * (stakes[q]! / total);
        for (let i = 0; i < width; i++) gradient[r]![i]! += error * x[i]!;
      });
    });
    weights.forEach((row, r) => {
      for (let i = 0; i < width; i++) row[i]! -= learningRate * (gradient[r]![i]! + (i === 0 ? 0 : regularisation * row[i]!));
    });
  }
  return weights;
}

function bestRoute(weights: readonly (readonly number[])[], features: readonly number[]): number {
  let best = 0;
  let bestScore = Number.NEGATIVE_INFINITY;
  weights.forEach((row, r) => {
    const score = row.reduce((sum, w, i) => sum + w * features[i]!, 0);
    if (score > bestScore) {
      bestScore = score;
      best = r;
    }
  });
  return best;
}
