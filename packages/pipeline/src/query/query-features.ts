import { contentWords } from '../text/sentences.ts';

/** What can be seen of a query without searching: the features that routers decide by. */
export interface QueryFeatures {
  /** Words. */
  readonly length: number;
  /** It asks: a question mark, or a question word at its start. */
  readonly question: boolean;
  /** Words in quotation marks, which are meant literally. */
  readonly quoted: boolean;
  /** Something that looks like an identifier, a code, a version or a path. */
  readonly code: boolean;
  /** The share of words that carry meaning. */
  readonly content: number;
  /** Capitals within the query, as names have. */
  readonly names: boolean;
}

const asking =
  /^(who|what|when|where|why|which|how|is|are|was|were|do|does|did|can|could|should|would|will|wer|was|wann|wo|warum|wie|qui|que|quand|où|pourquoi|comment|quién|qué|cuándo|dónde|por qué|cómo)\b/iu;

export function queryFeatures(query: string): QueryFeatures {
  const words = query.trim().split(/\s+/u).filter(Boolean);
  return {
    length: words.length,
    question: /[?？؟]\s*$/u.test(query) || asking.test(query.trim()),
    quoted: /["“«][^"”»]+["”»]/u.test(query),
    code: /\b\w+[_/.:\\-]\w+|\b[a-z]+[A-Z]\w*|\b[A-Z]{2,}-?\d+|\bv?\d+\.\d+|[{}()[\]<>=;]/u.test(query),
    content: words.length === 0 ? 0 : contentWords(query).size / words.length,
    names: words.slice(1).some((word) => /^\p{Lu}/u.test(word)),
  };
}

/** The features as numbers of about one size, for a learned router. The order is part of stored routers: append only. */
export function featureVector(query: string): number[] {
  const { length, question, quoted, code, content, names } = queryFeatures(query);
  return [1, Math.log1p(length), Number(question), Number(quoted), Number(code), content, Number(names)];
}
