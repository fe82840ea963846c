import { RankError } from '@rank-rank/core';
import type { AddedToken } from './added-tokens.ts';
import type { PostProcessorSettings } from './template.ts';

/** The parts of tokenizer.json that are read here; the rest is the library's. */
export interface TokenizerJson {
  readonly model: {
    readonly type?: string;
    readonly vocab: Readonly<Record<string, number>> | readonly (readonly [string, number])[];
    readonly unk_token?: string | null;
    readonly continuing_subword_prefix?: string;
    readonly end_of_word_suffix?: string;
    readonly byte_fallback?: boolean;
  };
  readonly normalizer: unknown;
  readonly pre_tokenizer: unknown;
  readonly post_processor: PostProcessorSettings | null;
  readonly decoder: unknown;
  readonly added_tokens: readonly AddedToken[];
  readonly padding?: { readonly pad_id?: number; readonly pad_token?: string; readonly direction?: string } | null;
}

type NamedToken = string | { readonly content: string } | null;

/** The parts of tokenizer_config.json that are read here. */
export interface TokenizerConfig {
  readonly model_max_length?: number;
  readonly tokenizer_class?: string;
  readonly model_input_names?: readonly string[];
  readonly truncation_side?: string;
  readonly padding_side?: string;
  readonly pad_token?: NamedToken;
  readonly mask_token?: NamedToken;
  readonly cls_token?: NamedToken;
  readonly sep_token?: NamedToken;
  readonly bos_token?: NamedToken;
  readonly eos_token?: NamedToken;
  readonly unk_token?: NamedToken;
  readonly chat_template?: unknown;
}

export function tokenContent(token: NamedToken | undefined): string | undefined {
  return typeof token === 'string' ? token : (token?.content ?? undefined);
}

/** Refuses what is no tokenizer.json, saying what is missing, and fills in what older files leave out. */
export function checkTokenizerJson(value: unknown, where: string): TokenizerJson {
  const json = value as Partial<TokenizerJson> | null;
  if (typeof json !== 'object' || json === null || typeof json.model !== 'object' || json.model === null || !json.model.vocab) {
    throw new RankError(
      'PARSE',
      `${where} is no tokenizer: it has no "model" with a "vocab". Expected the tokenizer.json that the tokenizers library saves.`,
      { file: where },
    );
  }
  if (json.model.byte_fallback && Array.isArray(json.model.vocab)) {
    throw new RankError('UNSUPPORTED', `${where}: a unigram vocabulary with byte fallback is not supported.`, { file: where });
  }
  return {
    ...json,
    model: json.model,
    normalizer: json.normalizer ?? null,
    pre_tokenizer: json.pre_tokenizer ?? null,
    post_processor: json.post_processor ?? null,
    decoder: json.decoder ?? null,
    added_tokens: json.added_tokens ?? [],
  };
}

/**
 * The tokenizer.json that a BERT model's vocab.txt stands for, one token a line.
 * `lowercase` is what tokenizer_config.json calls `do_lower_case`.
 */
export function wordPieceJson(vocabulary: string, lowercase: boolean): TokenizerJson {
  const tokens = vocabulary.split(/\r?\n/);
  if (tokens.at(-1) === '') tokens.pop();
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const missing = ['[UNK]', '[CLS]', '[SEP]'].filter((token) => !(token in vocab));
  if (missing.length > 0) throw new RankError('PARSE', `vocab.txt has no ${missing.join(', ')}; expected the vocabulary of a BERT model.`);
  const cls: readonly [string, number] = ['[CLS]', vocab['[CLS]']!];
  const sep: readonly [string, number] = ['[SEP]', vocab['[SEP]']!];
  return {
    model: { type: 'WordPiece', unk_token: '[UNK]', continuing_subword_prefix: '##', vocab },
    normalizer: { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null, lowercase },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: { type: 'BertProcessing', cls, sep },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    added_tokens: special.filter((token) => token in vocab).map((content) => ({ id: vocab[content]!, content, special: true })),
  };
}
