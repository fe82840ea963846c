import {
  type Candidate,
  checkInteger,
  checkOneOf,
  RankError,
  type Ranking,
  type Reranker,
  type RerankOptions,
  unknownName,
} from '@rank-rank/core';
import type { CrossEncoderDescription } from '../configuration/description.ts';
import { logitsHead } from '../encode/heads.ts';
import { checkTexts } from '../encode/text-input.ts';
import { type ModelOptions, modelOptions, type OpenModel, openPrepared, type TextModel } from '../encode/text-model.ts';
import type { CallOptions, RunnerStatistics } from '../run/model-runner.ts';
import { segmentAll } from '../tokenize/segment-all.ts';
import type { Encoding, Tokenizer } from '../tokenize/tokenizer.ts';
import { type PairTruncation, pairTruncations } from '../tokenize/truncation.ts';
import { windows } from '../tokenize/windows.ts';
import { sigmoid, softmax } from './activation.ts';
import { checkCandidates, ranked } from './candidates.ts';
import { checkLongDocuments, joinWindows, type LongDocuments } from './long-documents.ts';

export interface CrossEncoderOptions extends ModelOptions {
  /** What scores are: `logit` as the model gives them, or `probability`. What the model's authors chose by default. */
  readonly space?: 'logit' | 'probability';
  /** Which label's score ranks, for models with several. */
  readonly label?: string | number;
  /** How a pair that is too long is cut; `longest-first` by default, as these models are trained. */
  readonly truncation?: PairTruncation;
  /** What becomes of documents that are longer than the model reads; `first` by default. */
  readonly longDocuments?: LongDocuments | LongDocuments['how'];
}

const known = [...modelOptions, 'space', 'label', 'truncation', 'longDocuments'];

/**
 * Opens a cross-encoder: query and document are read together by a sequence classifier (Nogueira and Cho, "Passage Re-ranking with
 * BERT", 2019).
 *
 * @example
 * const reranker = await openCrossEncoder('models/ms-marco-MiniLM-L6-v2', { precision: 'int8' });
 * await reranker.rerank('wing sweep', [{ id: 'a', text: 'Swept wings delay …' }, { id: 'b', text: 'Heat transfer …' }]);
 */
export async function openCrossEncoder(model: string, options: CrossEncoderOptions = {}): Promise<CrossEncoder> {
  return openPrepared('openCrossEncoder', model, 'cross-encoder', options, known, (opened) => CrossEncoder.prepare(opened, options));
}

interface Settings {
  readonly space: 'logit' | 'probability';
  readonly label: number | undefined;
  readonly truncation: PairTruncation;
  readonly long: ReturnType<typeof checkLongDocuments>;
  readonly maxLength: number;
}

/** A {@link Reranker} by a sequence classifier of a folder. */
export class CrossEncoder implements Reranker, OpenModel {
  readonly space: 'logit' | 'probability';
  readonly description: CrossEncoderDescription;
  readonly tokenizer: Tokenizer;
  readonly graph: string;
  readonly id: string;
  readonly #model: TextModel<CrossEncoderDescription>;
  readonly #settings: Settings;

  private constructor(model: TextModel<CrossEncoderDescription>, settings: Settings) {
    this.#model = model;
    this.#settings = settings;
    this.space = settings.space;
    this.description = model.description;
    this.tokenizer = model.tokenizer;
    this.graph = model.graph;
    this.id = model.id;
  }

  static async prepare(model: TextModel<CrossEncoderDescription>, options: CrossEncoderOptions): Promise<CrossEncoder> {
    const { description, runner, tokenizer, graph } = model;
    await runner.prepare([logitsHead(graph, runner.outputs)]);
    let width = 0;
    await runner.run([tokenizer.encodePair('a', 'a')], [0], (_, [logits]) => {
      width = logits!.size;
    });
    if (width !== description.labels.length) {
      throw new RankError(
        'DIMENSION_MISMATCH',
        `${graph} gives ${width} scores a pair, config.json names ${description.labels.length} labels. Graph and configuration are not of the same model.`,
        { outputs: width, labels: description.labels },
      );
    }
    const settings: Settings = {
      space: checkOneOf('space', options.space ?? (description.activation === 'identity' ? 'logit' : 'probability'), [
        'logit',
        'probability',
      ]),
      label: chooseLabel(description, options.label),
      truncation: checkOneOf('truncation', options.truncation ?? 'longest-first', pairTruncations),
      long: checkLongDocuments(options.longDocuments),
      maxLength: checkInteger('maxLength', options.maxLength ?? description.maxLength, { min: tokenizer.specialCount(2) + 2 }),
    };
    return new CrossEncoder(model, settings);
  }

  async rerank(query: string, candidates: readonly Candidate[], options: RerankOptions = {}): Promise<Ranking> {
    const texts = checkCandidates(query, candidates, options);
    if (texts.length === 0) return [];
    return ranked(candidates, await this.score(query, texts, options.signal ? { signal: options.signal } : {}), options.topK);
  }

  /** One score a document, in {@link space}. */
  async score(query: string, documents: readonly string[], options: CallOptions = {}): Promise<Float64Array> {
    checkTexts('score', documents);
    const { label, long } = this.#settings;
    if (label === undefined) {
      throw new RankError(
        'INVALID_ARGUMENT',
        `${this.description.folder} has the labels ${this.description.labels.join(', ')}; say which of them ranks with the option \`label\`, or use classify.`,
        { labels: this.description.labels },
      );
    }
    const { rows, owners } = await this.#rows(query, documents, options.signal);
    const logits = await this.#run(rows, options);
    const count = this.description.labels.length;
    const scores = Float64Array.from({ length: rows.length }, (_, row) =>
      this.#scoreOf(logits.subarray(row * count, (row + 1) * count), label),
    );
    return long.how === 'first' ? scores : joinWindows(scores, owners, documents.length, long.how);
  }

  /** The logits of all labels for each pair of texts, in the order of the labels. */
  async classify(pairs: readonly (readonly [string, string])[], options: CallOptions = {}): Promise<Float32Array[]> {
    const { maxLength, truncation } = this.#settings;
    const rows = pairs.map(([first, second]) => this.tokenizer.encodePair(first, second, { maxLength, truncation }));
    const logits = await this.#run(rows, options);
    const count = this.description.labels.length;
    return rows.map((_, row) => logits.slice(row * count, (row + 1) * count));
  }

  async #rows(
    query: string,
    documents: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<{ rows: Encoding[]; owners: number[] }> {
    const { maxLength, truncation, long } = this.#settings;
    const { prompts } = this.description;
    const room = maxLength - this.tokenizer.specialCount(2);
    const how = signal === undefined ? {} : { signal };
    const [first] = await segmentAll(this.tokenizer, [prompts.query + query], { limit: room + 1, ...how });
    // How long a document is beyond what is read matters only where the query is too long as well, or where all of it is read.
    const limit = long.how === 'first' && truncation !== 'none' && !first!.cut ? { limit: room + 1 } : {};
    const segments = await segmentAll(
      this.tokenizer,
      prompts.document === '' ? documents : documents.map((text) => prompts.document + text),
      { ...limit, ...how },
    );
    const rows: Encoding[] = [];
    const owners: number[] = [];
    segments.forEach((segment, document) => {
      const stride = long.stride ?? Math.floor(room / 4);
      const found =
        long.how === 'first' || first!.ids.length + segment.ids.length <= room
          ? [this.tokenizer.join([first!, segment], { maxLength, truncation })]
          : windows(this.tokenizer, segment, {
              maxLength,
              maxWindows: long.maxWindows,
              first: first!,
              stride: Math.min(stride, Math.floor(room / 4)),
            });
      for (const row of found) {
        rows.push(row);
        owners.push(document);
      }
    });
    return { rows, owners };
  }

  async #run(rows: readonly Encoding[], options: CallOptions): Promise<Float32Array> {
    const count = this.description.labels.length;
    const logits = new Float32Array(rows.length * count);
    await this.#model.runner.run(rows, [0], (row, [result]) => logits.set(result!.data, row * count), options);
    return logits;
  }

  #scoreOf(logits: Float32Array, label: number): number {
    if (this.space === 'logit') return logits[label]!;
    return logits.length === 1 ? sigmoid(logits[0]!) : softmax(logits)[label]!;
  }

  get statistics(): RunnerStatistics {
    return this.#model.runner.statistics;
  }

  close(): Promise<void> {
    return this.#model.runner.close();
  }
}

/** What a label that means "relevant" is called in models that have several. */
const relevant = /^(relevant|relevance|entailment|yes|true|positive|duplicate)$/i;

function chooseLabel({ labels }: CrossEncoderDescription, wanted: string | number | undefined): number | undefined {
  if (typeof wanted === 'number') return checkInteger('label', wanted, { min: 0, max: labels.length - 1 });
  if (typeof wanted === 'string') {
    const found = labels.indexOf(wanted);
    if (found < 0) throw unknownName('label', wanted, labels);
    return found;
  }
  if (labels.length === 1) return 0;
  const found = labels.findIndex((label) => relevant.test(label));
  if (found >= 0) return found;
  // Of two labels without names the second is the positive one.
  return labels.length === 2 ? 1 : undefined;
}
