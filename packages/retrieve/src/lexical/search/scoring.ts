import { type Plan, type PlannedFieldsTerm, type PlannedPhrase, type PlannedTerm, scoringTerms } from '../query/plan.ts';
import { bm25 } from '../scoring/bm25.ts';
import { type Bm25f, bm25fIdf, combinedFrequency, type FieldOccurrences } from '../scoring/bm25f.ts';
import { averageLength, type CollectionStatistics, type Factor, type Model, type TermScore } from '../scoring/model.ts';
import { isBm25f } from '../scoring/models.ts';
import type { Field } from '../segment/fields.ts';
import type { Segment } from '../segment/segment.ts';

/** What the parts of one query score: the model, with the commit's statistics. */
export class Scoring {
  readonly model: Model;
  readonly #fieldsModel: Bm25f | undefined;
  readonly #fields: readonly Field[];
  /** The statistics of each field. */
  readonly collections: readonly CollectionStatistics[];

  constructor(model: Model | Bm25f, fields: readonly Field[], collections: readonly CollectionStatistics[]) {
    this.#fieldsModel = isBm25f(model) ? model : undefined;
    // Phrases have no counterpart in BM25F: they score as BM25 in their field.
    this.model = isBm25f(model) ? bm25({ k1: model.k1 }) : model;
    this.#fields = fields;
    this.collections = collections;
  }

  /** Whether fields are scored together. */
  get together(): boolean {
    return this.#fieldsModel !== undefined;
  }

  term({ statistics, collection, weight }: PlannedTerm): TermScore {
    const score = this.model.term(statistics, collection, weight);
    return (frequency, length) => Math.fround(score(frequency, length));
  }

  /** A phrase scores as its words would, each occurring as often as the phrase does. */
  phrase({ words, collection, weight }: PlannedPhrase): TermScore {
    const scores = words.map(({ statistics }) => this.model.term(statistics, collection, weight));
    return (frequency, length) => {
      let sum = 0;
      for (const score of scores) sum += score(frequency, length);
      return Math.fround(sum);
    };
  }

  /** BM25F: the factors for how often the term occurs in each of its fields (0 where it does not). */
  fieldsTermFactors(plan: PlannedFieldsTerm, segment: Segment, document: number, frequencies: readonly number[]): readonly Factor[] {
    const model = this.#fieldsModel!;
    const occurrences = plan.terms.map(({ field }, i): FieldOccurrences => {
      const { lengthCodes, lengths } = segment.fields[field]!;
      const { name, boost } = this.#fields[field]!;
      return {
        frequency: frequencies[i]!,
        length: lengths[lengthCodes[document]!]!,
        averageLength: averageLength(this.collections[field]!),
        boost,
        b: model.bOf(name),
      };
    });
    const frequency = combinedFrequency(occurrences.filter((field) => field.frequency > 0));
    const where = plan.terms.map(({ field }, i) => `${frequencies[i]} in ${this.#fields[field]!.name}`).join(', ');
    return [
      ...(plan.weight === 1
        ? []
        : [{ name: 'weight', value: plan.weight, description: 'how often the query has the term, times its boost' }]),
      {
        name: 'idf',
        value: bm25fIdf(plan.documentFrequency, plan.documents),
        description: `${plan.documentFrequency} of ${plan.documents} documents have the term in any field`,
      },
      { name: 'tf', value: frequency / (model.k1 + frequency), description: `occurrences ${where}, together ${frequency}; k1 ${model.k1}` },
    ];
  }

  fieldsTerm(plan: PlannedFieldsTerm, segment: Segment, document: number, frequencies: readonly number[]): number {
    return Math.fround(this.fieldsTermFactors(plan, segment, document, frequencies).reduce((product, { value }) => product * value, 1));
  }

  /**
   * What every matching document of a segment gets once beside its terms: the length part of query likelihood, field by field, and
   * what BM25L and BM25+ give for absent terms. Undefined where there is nothing.
   */
  perDocument(plan: Plan, segment: Segment): ((document: number) => number) | undefined {
    const { model } = this;
    if (this.#fieldsModel !== undefined) return undefined;
    const { document } = model;
    if (document === undefined) {
      let absent = 0;
      if (model.saturation !== undefined && model.parameters['absentTerms'] === true) {
        for (const { statistics, collection, weight } of scoringTerms(plan))
          absent += model.saturation(statistics, collection, weight).absent;
      }
      return absent === 0 ? undefined : () => absent;
    }
    const queryLengths = new Map<number, number>();
    for (const { field, weight } of scoringTerms(plan)) queryLengths.set(field, (queryLengths.get(field) ?? 0) + weight);
    return (number) => {
      let sum = 0;
      for (const [field, queryLength] of queryLengths) {
        const { lengthCodes, lengths } = segment.fields[field]!;
        sum += document(lengths[lengthCodes[number]!]!, this.collections[field]!, queryLength);
      }
      return sum;
    };
  }
}
