import type { Ranking } from '../ranking.ts';

/** A run as it was read, with the name its file gives it: the run tag of a TREC run, the `name` of its writer, or the file's own. */
export class NamedRun extends Map<string, Ranking> {
  name: string;

  constructor(name = '', entries?: Iterable<readonly [string, Ranking]>) {
    super(entries);
    this.name = name;
  }
}

/** One query's part of a run, as streams give it. */
export interface QueryRanking {
  readonly query: string;
  readonly ranking: Ranking;
}
