import { checkOptions, type Document, fullText, type Metadata, RankError, shown } from '@rank-rank/core';
import type { AnalysisSpec } from '../../analysis/analysis.ts';
import { Analyzer } from '../../analysis/analyzer.ts';

/** What text of a document goes into a field: its title, its text, both (`fullText`), or texts of its metadata (`metadata.author`). */
export type FieldSource = 'title' | 'text' | 'fullText' | `metadata.${string}`;

export interface FieldOptions {
  /** Where the text comes from; by default the source of the field's name if that is one, else the metadata of that name. */
  readonly from?: FieldSource;
  readonly analysis?: string | AnalysisSpec;
  /** Another chain for queries, such as `standard` over edge n-grams. */
  readonly queryAnalysis?: string | AnalysisSpec;
  /** Keep where terms stand: for phrases and proximity. About doubles the index. */
  readonly positions?: boolean;
  /** How much a match in this field counts in queries that name no field. 1 */
  readonly boost?: number;
}

/** A field as the index stores it. */
export interface FieldSpec {
  readonly name: string;
  readonly from: FieldSource;
  readonly analysis: AnalysisSpec;
  readonly queryAnalysis?: AnalysisSpec;
  readonly positions: boolean;
  readonly boost: number;
}

/** A field with its chains made. */
export interface Field extends FieldSpec {
  readonly analyzer: Analyzer;
  readonly queryAnalyzer: Analyzer;
}

export async function fieldSpecs(fields: Readonly<Record<string, FieldOptions>>, defaults: FieldOptions): Promise<FieldSpec[]> {
  const names = Object.keys(fields);
  if (names.length === 0) throw new RankError('EMPTY_INPUT', 'fields is empty; give at least one, such as { text: {} }.');
  return Promise.all(
    names.map(async (name) => {
      const options = { ...defaults, ...fields[name] };
      checkOptions(`fields.${name}`, options, ['from', 'analysis', 'queryAnalysis', 'positions', 'boost']);
      if (!/^[\p{L}\p{N}_.-]{1,64}$/u.test(name)) {
        throw new RankError('INVALID_ARGUMENT', `Field name ${shown(name)}; expected 1 to 64 letters, digits, "_", "." or "-".`);
      }
      const { analysis = 'english', queryAnalysis, positions = false, boost = 1 } = options;
      if (typeof boost !== 'number' || !(boost > 0) || !Number.isFinite(boost)) {
        throw new RankError('OUT_OF_RANGE', `fields.${name}.boost is ${shown(boost)}; expected a number above 0.`);
      }
      const known = ['title', 'text', 'fullText'].includes(name);
      const from = options.from ?? ((known ? name : `metadata.${name}`) as FieldSource);
      if (!/^(title|text|fullText|metadata\..+)$/.test(from)) {
        throw new RankError(
          'INVALID_ARGUMENT',
          `fields.${name}.from is ${shown(from)}; expected "title", "text", "fullText" or "metadata.NAME".`,
        );
      }
      const spec = (await Analyzer.create(analysis)).spec;
      const querySpec = queryAnalysis === undefined ? undefined : (await Analyzer.create(queryAnalysis)).spec;
      return { name, from, analysis: spec, ...(querySpec && { queryAnalysis: querySpec }), positions, boost };
    }),
  );
}

export async function openField(spec: FieldSpec): Promise<Field> {
  const analyzer = await Analyzer.create(spec.analysis);
  return { ...spec, analyzer, queryAnalyzer: spec.queryAnalysis === undefined ? analyzer : await Analyzer.create(spec.queryAnalysis) };
}

/** The text of a document that belongs to a field. Several metadata values are put one a line. */
export function sourceText(document: Document, from: FieldSource): string {
  switch (from) {
    case 'text':
      return document.text;
    case 'title':
      return document.title ?? '';
    case 'fullText':
      return fullText(document);
    default:
      return metadataText(document.metadata, from.slice('metadata.'.length));
  }
}

function metadataText(metadata: Metadata | undefined, name: string): string {
  const value = metadata !== undefined && Object.hasOwn(metadata, name) ? metadata[name] : undefined;
  if (value === undefined || value === null) return '';
  return Array.isArray(value) ? value.join('\n') : String(value);
}
