/** Exported graphs against the outputs that Sentence Transformers 6.2 and transformers 5.23 gave for the same folders. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeWithData } from '@rank-rank/testing';
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { encodeModelBytes } from '../onnx-proto/codec.ts';
import { Tokenizer } from '../tokenize/tokenizer.ts';
import { type BuiltModel, buildOnnx, type ExportOptions } from './export-onnx.ts';

type Rows = readonly (readonly number[])[];
interface Encoded {
  readonly ids: Rows;
  readonly types?: Rows;
  /** 1 by default for every id. */
  readonly attended?: Rows;
}

const tolerance = 1e-5;
const json = <T>(folder: string): T => JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as T;

async function open(folder: string, options: ExportOptions): Promise<{ built: BuiltModel; session: ort.InferenceSession }> {
  const built = await buildOnnx(folder, options);
  const session = await ort.InferenceSession.create(await encodeModelBytes(built.model), { intraOpNumThreads: 1 });
  await built.close();
  return { built, session };
}

/** Runs all rows as one batch, padded to the longest, and gives each output's shape and values. */
async function run(
  session: ort.InferenceSession,
  { ids, types, attended }: Encoded,
  pad: number,
  padLeft = false,
): Promise<ort.InferenceSession.OnnxValueMapType> {
  const length = Math.max(...ids.map((row) => row.length));
  const matrix = (rows: Rows, fill: number): ort.Tensor =>
    new ort.Tensor(
      'int64',
      BigInt64Array.from(
        rows.flatMap((row) => {
          const padding = new Array<number>(length - row.length).fill(fill);
          return padLeft ? [...padding, ...row] : [...row, ...padding];
        }),
        BigInt,
      ),
      [rows.length, length],
    );
  const feeds: Record<string, ort.Tensor> = {
    input_ids: matrix(ids, pad),
    attention_mask: matrix(attended ?? ids.map((row) => row.map(() => 1)), 0),
  };
  if (session.inputNames.includes('token_type_ids')) feeds['token_type_ids'] = matrix(types ?? ids.map((row) => row.map(() => 0)), 0);
  return session.run(feeds);
}

function values(tensor: ort.Tensor | ort.OnnxValue | undefined): { data: Float32Array; dims: readonly number[] } {
  const { data, dims } = tensor as ort.Tensor;
  return { data: data as Float32Array, dims };
}

/** The largest difference between a row of an output and what is expected of it. */
function worst(found: Float32Array, expected: readonly number[]): number {
  expect(found).toHaveLength(expected.length);
  return Math.max(0, ...expected.map((value, i) => Math.abs(value - found[i]!)));
}

describe.each([23, 18] as const)('operator set %i', (opset) => {
  for (const name of ['bert-cross-encoder', 'bert-cross-encoder-3-labels', 'xlmr-cross-encoder', 'modernbert-cross-encoder']) {
    describeWithData(`${name}, exported`, `models/tiny/${name}`, (folder) => {
      it('gives the logits of the reference', async () => {
        const { labels, pairs, logits } = json<{ labels: number; pairs: [string, string][]; logits: (number | number[])[] }>(folder);
        const tokenizer = await Tokenizer.open(folder);
        const coded = pairs.map(([query, document]) => tokenizer.encodePair(query, document, { maxLength: 128 }));
        const { built, session } = await open(folder, { opset });
        expect(built.layout.kind).toBe('cross-encoder');
        const ids = coded.map((row) => [...row.ids]);
        // The recorded runs gave no token types, so every token is of type 0.
        const { data, dims } = values((await run(session, { ids }, tokenizer.padId))['logits']);
        expect(dims).toEqual([pairs.length, labels]);
        expect(worst(data, logits.flat())).toBeLessThan(tolerance);
      });
    });
  }

  // DistilBERT's random weights magnify rounding: transformers in float64 is 2·10⁻⁴ away from these recorded states, 8·10⁻⁶ from the embeddings.
  for (const [name, statesWithin, embeddingsWithin] of [
    ['distilbert-dense-mean', 5e-4, opset === 23 ? tolerance : 2e-5],
    ['modernbert-dense-cls', tolerance, tolerance],
  ] as const) {
    describeWithData(`${name}, exported`, `models/tiny/${name}`, (folder) => {
      it('gives the embeddings and token states of the reference', async () => {
        const { texts, embeddings, tokens } = json<{ texts: string[]; embeddings: number[][]; tokens: number[][][] }>(folder);
        const tokenizer = await Tokenizer.open(folder);
        const ids = texts.map((text) => [...tokenizer.encode(text, { maxLength: 64 }).ids]);
        const { built, session } = await open(folder, { opset });
        expect(built.layout.kind).toBe('dense');
        const outputs = await run(session, { ids }, tokenizer.padId);
        const pooled = values(outputs['sentence_embedding']);
        expect(worst(pooled.data, embeddings.flat())).toBeLessThan(embeddingsWithin);
        const states = values(outputs['token_embeddings']);
        const [, length, hidden] = states.dims as [number, number, number];
        for (const [i, expected] of tokens.entries()) {
          expect(worst(states.data.subarray(i * length * hidden, (i * length + expected.length) * hidden), expected.flat())).toBeLessThan(
            statesWithin,
          );
        }
      });
    });
  }

  for (const [name, query, document, attended] of [
    ['colbert-stanford', { marker: '[unused0]', length: 32 }, { marker: '[unused1]', length: 60 }, 0],
    ['colbert-pylate', { marker: '[Q] ', length: 24 }, { marker: '[D] ', length: 48 }, 1],
    ['colbert-sentence-transformers-6', { marker: '[Q] ', length: 24 }, { marker: '[D] ', length: 48 }, 1],
  ] as const) {
    describeWithData(`${name}, exported`, `models/tiny/${name}`, (folder) => {
      it('gives the token embeddings and MaxSim scores of the reference', async () => {
        const expected = json<{
          queries: string[];
          documents: string[];
          query_tokens: number[][][];
          document_tokens: number[][][];
          maxsim: number[][];
        }>(folder);
        const tokenizer = await Tokenizer.open(folder);
        const { built, session } = await open(folder, { opset });
        expect(built.layout.kind).toBe('tokens');
        const coded = (text: string, { marker, length }: { marker: string; length: number }): number[] => {
          const [first, ...rest] = tokenizer.encode(text, { maxLength: length - 1 }).ids;
          return [first!, tokenizer.idOf(marker)!, ...rest];
        };
        // Queries are filled up with mask tokens, which are scored; the Stanford model does not attend them.
        const queries = expected.queries.map((text) => coded(text, query));
        const filled = queries.map((row) => [...row, ...new Array<number>(query.length - row.length).fill(tokenizer.maskId!)]);
        const queryTokens = values(
          (
            await run(
              session,
              { ids: filled, attended: filled.map((row, i) => row.map((_, j) => (j < queries[i]!.length ? 1 : attended))) },
              tokenizer.padId,
            )
          )['token_embeddings'],
        );
        expect(worst(queryTokens.data, expected.query_tokens.flat(2))).toBeLessThan(tolerance);

        const documents = expected.documents.map((text) => coded(text, document));
        const punctuation = [...'!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'].filter(
          (mark) => name === 'colbert-stanford' || '!,.:;?()-'.includes(mark),
        );
        const skipped = new Set(
          punctuation.map((mark) => tokenizer.idOf(mark)).filter((id) => id !== undefined && id !== tokenizer.unknownId),
        );
        const documentTokens = values((await run(session, { ids: documents }, tokenizer.padId))['token_embeddings']);
        const [count, length, dim] = documentTokens.dims as [number, number, number];
        const kept = documents.map((row) => row.map((id) => (skipped.has(id) ? 0 : 1)));
        for (const [i, row] of kept.entries()) {
          const rows = row.flatMap((keep, j) =>
            keep ? [...documentTokens.data.subarray((i * length + j) * dim, (i * length + j + 1) * dim)] : [],
          );
          expect(worst(Float32Array.from(rows), expected.document_tokens[i]!.flat())).toBeLessThan(tolerance);
        }

        const maxSim = await ort.InferenceSession.create(await encodeModelBytes(built.maxSim!));
        const mask = BigInt64Array.from(
          kept.flatMap((row) => [...row, ...new Array<number>(length - row.length).fill(0)]),
          BigInt,
        );
        for (const [i, scores] of expected.maxsim.entries()) {
          const found = await maxSim.run({
            query_tokens: new ort.Tensor('float32', queryTokens.data.slice(i * query.length * dim, (i + 1) * query.length * dim), [
              query.length,
              dim,
            ]),
            document_tokens: new ort.Tensor('float32', documentTokens.data, [count, length, dim]),
            document_mask: new ort.Tensor('int64', mask, [count, length]),
          });
          // The reference's scores were rounded to five decimals.
          expect(worst(values(found['scores']).data, scores)).toBeLessThan(3e-5);
        }
      });
    });
  }

  describeWithData('bert-splade, exported', 'models/tiny/bert-splade', (folder) => {
    it('gives the word weights of the reference', async () => {
      const { texts, vectors } = json<{ texts: string[]; vectors: { indices: number[]; values: number[] }[] }>(folder);
      const tokenizer = await Tokenizer.open(folder);
      const coded = texts.map((text) => [...tokenizer.encode(text, { maxLength: 128 }).ids]);
      const { built, session } = await open(folder, { opset });
      expect(built.layout.kind).toBe('sparse');
      const { data, dims } = values((await run(session, { ids: coded }, tokenizer.padId))['sparse_embedding']);
      const size = dims[1]!;
      for (const [i, { indices, values: weights }] of vectors.entries()) {
        const expected = new Array<number>(size).fill(0);
        for (const [j, index] of indices.entries()) expected[index] = weights[j]!;
        expect(worst(data.subarray(i * size, (i + 1) * size), expected)).toBeLessThan(tolerance);
      }
    });
  });

  describeWithData('bge-m3, exported', 'models/tiny/bge-m3', (folder) => {
    it('gives the three outputs of the reference', async () => {
      const { rows } = json<{ rows: { input_ids: number[]; dense: number[]; sparse: Record<string, number>; colbert: number[][] }[] }>(
        folder,
      );
      const tokenizer = await Tokenizer.open(folder);
      const { built, session } = await open(folder, { opset });
      expect(built.layout.kind).toBe('bge-m3');
      const ids = rows.map((row) => row.input_ids);
      const outputs = await run(session, { ids }, tokenizer.padId);
      const dense = values(outputs['sentence_embedding']);
      const weights = values(outputs['token_weights']);
      const colbert = values(outputs['token_embeddings']);
      const length = weights.dims[1]!;
      const [, others, dim] = colbert.dims as [number, number, number];
      expect(others).toBe(length - 1);
      for (const [i, row] of rows.entries()) {
        expect(worst(dense.data.subarray(i * 32, i * 32 + 32), row.dense)).toBeLessThan(tolerance);
        const words = new Map<number, number>();
        for (const [j, id] of row.input_ids.entries()) {
          const weight = weights.data[i * length + j]!;
          if (!tokenizer.specialIds.has(id) && weight > 0) words.set(id, Math.max(words.get(id) ?? 0, weight));
        }
        expect([...words.keys()].sort()).toEqual(Object.keys(row.sparse).map(Number).sort());
        for (const [id, weight] of Object.entries(row.sparse)) expect(Math.abs(words.get(Number(id))! - weight)).toBeLessThan(tolerance);
        expect(worst(colbert.data.subarray(i * others * dim, (i * others + row.colbert.length) * dim), row.colbert.flat())).toBeLessThan(
          tolerance,
        );
        // Padding weighs nothing.
        expect(weights.data.subarray(i * length + row.input_ids.length, (i + 1) * length).every((weight) => weight === 0)).toBe(true);
      }
    });
  });

  describeWithData('qwen3-reranker, exported', 'models/tiny/qwen3-reranker', (folder) => {
    it.each([false, true])('gives the logits of yes and no, padded on the left: %s', async (padLeft) => {
      const {
        yes_token: yes,
        no_token: no,
        rows,
      } = json<{ yes_token: number; no_token: number; rows: { input_ids: number[]; yes: number; no: number }[] }>(folder);
      const { built, session } = await open(folder, { opset, answers: { yes, no } });
      expect(built.layout.kind).toBe('generative-reranker');
      const { data } = values((await run(session, { ids: rows.map((row) => row.input_ids) }, 0, padLeft))['logits']);
      expect(
        worst(
          data,
          rows.flatMap((row) => [row.yes, row.no]),
        ),
      ).toBeLessThan(tolerance);
    });
  });
});
