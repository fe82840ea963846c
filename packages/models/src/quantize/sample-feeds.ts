import { isRankError } from '@rank-rank/core';
import { describeModel } from '../configuration/describe-model.ts';
import type { ModelKind } from '../configuration/description.ts';
import { type Encoding, Tokenizer } from '../tokenize/tokenizer.ts';

/** The inputs of one text, by their names; every one is `[1, tokens]`. */
export type Feeds = Readonly<Record<string, BigInt64Array>>;

/** Longer samples than this show nothing more of a model's ranges. */
const longest = 256;

/** Texts as a model's inputs: pairs of neighbours for models that read pairs, each text alone for the others. */
export async function sampleFeeds(folder: string, texts: readonly string[]): Promise<{ feeds: Feeds[]; kind: ModelKind | undefined }> {
  const tokenizer = await Tokenizer.open(folder);
  const described = await describeModel(folder).catch((error: unknown) => {
    // A folder of nothing but a graph and a tokenizer can still be tried.
    if (isRankError(error) && error.code === 'NOT_FOUND') return undefined;
    throw error;
  });
  const maxLength = Math.min(longest, described?.maxLength ?? longest, tokenizer.modelMaxLength ?? longest);
  const pairs = described?.kind === 'cross-encoder';
  const feeds = texts.map((text, i) =>
    toFeeds(pairs ? tokenizer.encodePair(text, texts[(i + 1) % texts.length]!, { maxLength }) : tokenizer.encode(text, { maxLength })),
  );
  return { feeds, kind: described?.kind };
}

function toFeeds({ ids, typeIds }: Encoding): Feeds {
  const wide = (values: Iterable<number>): BigInt64Array => BigInt64Array.from([...values], BigInt);
  return {
    input_ids: wide(ids),
    attention_mask: wide(ids.map(() => 1)),
    token_type_ids: wide(typeIds ?? ids.map(() => 0)),
    position_ids: wide(ids.map((_, i) => i)),
  };
}
