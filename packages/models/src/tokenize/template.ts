import { RankError } from '@rank-rank/core';

/** What stands at a place of the input: a special token's id, or one of the two texts. */
type Slot = { readonly id: number; readonly type: number } | { readonly text: 0 | 1; readonly type: number };

/** The special tokens around one text, and around a pair. */
export interface Template {
  readonly single: readonly Slot[];
  readonly pair: readonly Slot[];
}

interface TemplatePiece {
  readonly SpecialToken?: { readonly id: string; readonly type_id: number };
  readonly Sequence?: { readonly id: 'A' | 'B'; readonly type_id: number };
}

/** The `post_processor` of tokenizer.json. */
export interface PostProcessorSettings {
  readonly type?: string;
  readonly single?: readonly TemplatePiece[];
  readonly pair?: readonly TemplatePiece[];
  readonly special_tokens?: Readonly<Record<string, { readonly ids: readonly number[] }>>;
  readonly cls?: readonly [token: string, id: number];
  readonly sep?: readonly [token: string, id: number];
  readonly processors?: readonly PostProcessorSettings[];
}

const plain: Template = {
  single: [{ text: 0, type: 0 }],
  pair: [
    { text: 0, type: 0 },
    { text: 1, type: 0 },
  ],
};

/** Reads the template of a tokenizer; one without a post-processor puts nothing around its texts. */
export function readTemplate(settings: PostProcessorSettings | null | undefined): Template {
  switch (settings?.type) {
    case undefined:
    case 'ByteLevel':
      return plain;
    case 'Sequence':
      return (settings.processors ?? []).map((part) => readTemplate(part)).find((template) => template !== plain) ?? plain;
    case 'TemplateProcessing':
      return { single: slots(settings, settings.single ?? []), pair: slots(settings, settings.pair ?? []) };
    case 'BertProcessing':
    case 'RobertaProcessing': {
      const roberta = settings.type === 'RobertaProcessing';
      const cls = { id: settings.cls![1], type: 0 };
      const sep = { id: settings.sep![1], type: 0 };
      // RoBERTa has no token types; a second separator stands before the second text instead.
      const type = roberta ? 0 : 1;
      return {
        single: [cls, { text: 0, type: 0 }, sep],
        pair: [cls, { text: 0, type: 0 }, sep, ...(roberta ? [sep] : []), { text: 1, type }, { ...sep, type }],
      };
    }
    default:
      throw new RankError('UNSUPPORTED', `tokenizer.json: the post-processor ${String(settings?.type)} is not known.`);
  }
}

function slots(settings: PostProcessorSettings, pieces: readonly TemplatePiece[]): Slot[] {
  return pieces.flatMap((piece): Slot[] => {
    if (piece.Sequence !== undefined) return [{ text: piece.Sequence.id === 'A' ? 0 : 1, type: piece.Sequence.type_id }];
    const { id, type_id: type } = piece.SpecialToken!;
    const ids = settings.special_tokens?.[id]?.ids;
    if (ids === undefined)
      throw new RankError('CORRUPT', `tokenizer.json: the template uses ${JSON.stringify(id)}, which is no special token.`);
    return ids.map((special) => ({ id: special, type }));
  });
}

/** How many special tokens a template adds. */
export function specialCount(slots: Template['single']): number {
  return slots.filter((slot) => 'id' in slot).length;
}
