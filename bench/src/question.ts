/** A measurement as one line of JSON: the schema that the peers' scripts print too. */
export interface Row {
  readonly task: string;
  /** Who was measured; ours is `rank-rank`. */
  readonly peer: string;
  /** The workload; for MaxSim `type/implementation/documents x tokens`. */
  readonly case: string;
  readonly metric: 'us_per_doc' | 'us' | 'ms' | 'qps' | 'docs_per_s' | 'bytes' | 'seconds' | 'ratio' | (string & {});
  readonly value: number;
  readonly threads: number;
  /** Recall, nDCG or error beside the speed: speed is never shown alone where quality can differ. */
  readonly quality?: Readonly<Record<string, number>>;
  /** Lowest and highest of the repeats, in the metric's unit. */
  readonly spread?: readonly [low: number, high: number];
}

/** What a question is given to work with. */
export interface Context {
  /** The name of what was asked for on the command line after the question, if anything: the question decides what it narrows. */
  readonly only: readonly string[];
  /** Where the peers' scripts keep the workloads that both sides read. */
  readonly workloads: string;
  /** The folder of real data. */
  readonly data: string;
  /** Records a measurement of ours (`peer` defaults to `rank-rank`, `threads` to 1). */
  say(row: Omit<Row, 'peer' | 'threads'> & Partial<Pick<Row, 'peer' | 'threads'>>): void;
  /** Runs a peer's script of `../shared/bench`, or any by its whole path, in its Python environment, and records the rows it prints. Says so where it cannot run. */
  peer(script: string, options?: PeerOptions): Promise<readonly Row[]>;
  /** A line for people, kept out of `--json`. */
  note(text: string): void;
}

export interface PeerOptions {
  readonly args?: readonly string[];
  /** The environment made by that folder's setup.sh; the script's folder by default. */
  readonly environment?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
}

/** One question of the benchmark: `npm run bench NAME`. A file `NAME.bench.ts` exports it as `default`. */
export interface Question {
  readonly title: string;
  /** Rows with the same group stand in one table, ours first. By default the task, the case and the metric. */
  readonly group?: (row: Row) => string;
  run(context: Context): Promise<void>;
}
