/** Brings the scores of one list to a common scale. */
export interface Normalizer {
  readonly name: string;
  /** Whether it reads scores; otherwise the positions are enough. */
  readonly needsScores: boolean;
  /**
   * Writes a value for each score of a list, which is ordered best first and not empty. `candidates` is how many documents all lists together have.
   */
  apply(scores: Float64Array, values: Float64Array, candidates: number): void;
  /** What a document is given that a list of `length` does not have. Where this is absent, it is given nothing. */
  missing?(length: number, candidates: number): number;
}
