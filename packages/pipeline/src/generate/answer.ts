import type { Ranking } from '@rank-rank/core';
import type { Results } from '../stage/stage.ts';

/** A passage that an answer may rest on, numbered from 1 as the answer cites it. */
export interface Passage {
  readonly number: number;
  readonly id: string;
  readonly title?: string;
  readonly text: string;
}

/** A mark like [2] in an answer. */
export interface Citation {
  readonly number: number;
  /** The document it stands for; undefined where no such passage was given. */
  readonly id: string | undefined;
  /** The sentence of the answer that carries the mark. */
  readonly sentence: string;
  /**
   * The share of the sentence's content words that stand in the passage (0 to 1): a sentence that shares next to nothing with what it cites was
   * probably not taken from it.
   */
  readonly support: number;
}

/** What the answer stage gives. It is a list of results too, so that nothing after it loses the ranking. */
export interface Answer extends Results {
  readonly text: string;
  readonly passages: readonly Passage[];
  readonly citations: readonly Citation[];
  /** What does not hold: marks without a passage, sentences without support, an answer without a single mark. */
  readonly doubts: readonly string[];
  readonly hits: Ranking;
}
