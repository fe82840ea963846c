import { AlignedBuilder, type AlignedText, slice } from './aligned-text.ts';
import { type BertNormalization, bertNormalize, lowercase } from './bert-normalization.ts';

/** One step from a text as written to a text as the vocabulary knows it, with and without keeping track of places. */
export interface NormalizationStep {
  apply(text: string): string;
  align(source: AlignedText): AlignedText;
}

/** What a normalizer of the library shows: its settings, and its parts where it is a sequence. */
export interface LibraryNormalizer {
  readonly config: { readonly type?: string; readonly [key: string]: unknown };
  readonly normalizers?: readonly (LibraryNormalizer | null)[];
  readonly pattern?: RegExp | null;
  normalize(text: string): string;
}

/** The steps of a normalizer, sequences unrolled. */
export function normalizationSteps(normalizer: LibraryNormalizer | null): NormalizationStep[] {
  if (normalizer === null) return [];
  const { config } = normalizer;
  switch (config.type) {
    case 'Sequence':
      return (normalizer.normalizers ?? []).flatMap((part) => normalizationSteps(part));
    case 'BertNormalizer':
      return [byClusters((text) => bertNormalize(text, config as BertNormalization))];
    case 'Lowercase':
      return [byClusters(lowercase)];
    case 'Replace': {
      const { pattern } = normalizer;
      return pattern ? [replacing(pattern, typeof config['content'] === 'string' ? config['content'] : '')] : [];
    }
    case 'Prepend': {
      const prefix = String(config['prepend'] ?? '');
      return [{ apply: (text) => prefix + text, align: (source) => prepended(source, prefix) }];
    }
    case 'Strip':
      return [stripping(config['strip_left'] === true, config['strip_right'] === true)];
    default:
      return [byClusters((text) => normalizer.normalize(text))];
  }
}

export function applySteps(steps: readonly NormalizationStep[], text: string): string {
  for (const step of steps) text = step.apply(text);
  return text;
}

export function alignSteps(steps: readonly NormalizationStep[], source: AlignedText): AlignedText {
  for (const step of steps) source = step.align(source);
  return source;
}

/** Every match becomes `content`, taken literally. */
export function replacing(pattern: RegExp, content: string): NormalizationStep {
  return {
    apply: (text) => text.replaceAll(pattern, () => content),
    align(source) {
      const result = new AlignedBuilder(source);
      let from = 0;
      for (const match of source.text.matchAll(pattern)) {
        result.keep(from, match.index);
        result.replace(content, match.index, match.index + match[0].length);
        from = match.index + match[0].length;
      }
      result.keep(from, source.text.length);
      return result.finish();
    },
  };
}

function prepended(source: AlignedText, prefix: string): AlignedText {
  const result = new AlignedBuilder(source);
  result.insert(prefix, 0);
  result.keep(0, source.text.length);
  return result.finish();
}

function stripping(left: boolean, right: boolean): NormalizationStep {
  const bounds = (text: string): [from: number, to: number] => {
    const from = left ? text.length - text.trimStart().length : 0;
    return [from, Math.max(from, right ? text.trimEnd().length : text.length)];
  };
  return {
    apply: (text) => text.slice(...bounds(text)),
    align: (source) => slice(source, ...bounds(source.text)),
  };
}

/**
 * What Unicode normalisation, case and accents act on as one: a run of white space, plain ASCII letters, a conjoining Hangul
 * sequence, or a character with the marks that follow it.
 */
const cluster =
  /\s+|[!-~]+(?![\p{M}\uFF9E\uFF9F])|[\u1100-\u11FF\uA960-\uA97F\uD7B0-\uD7FF]+|\P{M}(?:\p{M}|\u200D|[\uFF9E\uFF9F])*|\p{M}+/gu;
const word = /\s+|\S+/gu;

/**
 * Aligns any normalisation by doing it piece by piece: if the pieces put together are what the whole gives, each piece stands
 * for itself. Where they are not (a rule that looks further than a cluster) larger pieces are tried, at last the text as one.
 */
function byClusters(apply: (text: string) => string): NormalizationStep {
  return {
    apply,
    align(source) {
      const whole = apply(source.text);
      if (whole === source.text) return source;
      for (const pieces of [cluster, word]) {
        const aligned = piecewise(source, pieces, apply);
        if (aligned.text === whole) return aligned;
      }
      const result = new AlignedBuilder(source);
      result.replace(whole, 0, source.text.length);
      return result.finish();
    },
  };
}

function piecewise(source: AlignedText, pieces: RegExp, apply: (text: string) => string): AlignedText {
  const result = new AlignedBuilder(source);
  for (const { 0: piece, index } of source.text.matchAll(pieces)) result.replace(apply(piece), index, index + piece.length);
  return result.finish();
}
