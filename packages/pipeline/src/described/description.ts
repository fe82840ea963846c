import type { Filter } from '@rank-rank/core';

/** What every described stage may say besides its own: see the controls of a stage. */
export interface DescribedControls {
  readonly name?: string;
  /** Milliseconds. */
  readonly timeout?: number;
  readonly fallback?: 'fail' | 'skip' | 'previous';
  readonly breaker?: { readonly failures: number; readonly cooldown: number };
  readonly cache?: { readonly entries: number; readonly seconds?: number };
}

/** A source by its name, or with options of its own. */
export interface DescribedSource {
  readonly depth?: number;
  readonly timeout?: number;
  readonly optional?: boolean;
}

/** One stage: the key that is none of the controls says which. */
export type DescribedStage = DescribedControls &
  (
    | { readonly retrieve: string | readonly string[] | Readonly<Record<string, DescribedSource | null>>; readonly depth?: number }
    | {
        readonly feedback: {
          readonly source?: string;
          readonly documents?: number;
          readonly weight?: number;
          readonly depth?: number;
          readonly fusion?: Readonly<Record<string, unknown>>;
        } | null;
      }
    | { readonly fuse: string | (Readonly<Record<string, unknown>> & { readonly method?: string }) | null }
    | { readonly filter: { readonly where?: Filter; readonly atLeast?: number } }
    | {
        readonly rerank: string;
        readonly depth?: number;
        readonly rest?: 'keep' | 'drop';
        readonly blend?: { readonly alpha: number; readonly normalise?: string | { readonly score: string; readonly first: string } };
      }
    | {
        readonly diversify:
          | string
          | {
              readonly by?: string;
              readonly method?: 'mmr' | 'dpp';
              readonly lambda?: number | 'auto';
              readonly alpha?: number;
              readonly depth?: number;
            };
      }
  );

/**
 * A pipeline as plain data, so that a command, a server and a program run the same one.
 *
 * @example
 * {
 *   "stages": [
 *     { "retrieve": ["bm25", "dense"], "depth": 1000 },
 *     { "fuse": { "method": "weighted-sum", "weights": { "bm25": 1, "dense": 0.2 } } },
 *     { "rerank": "late", "depth": 100, "timeout": 200, "fallback": "previous" }
 *   ]
 * }
 */
export interface PipelineDescription {
  readonly name?: string;
  /** Milliseconds a request may take. */
  readonly budget?: number;
  readonly stages: readonly DescribedStage[];
}

const controls = {
  name: { type: 'string', description: 'How the stage is called in traces.' },
  timeout: { type: 'number', exclusiveMinimum: 0, description: 'Milliseconds the stage may take.' },
  fallback: { enum: ['fail', 'skip', 'previous'], description: 'What happens when it fails or takes too long.' },
  breaker: {
    type: 'object',
    properties: { failures: { type: 'integer', minimum: 1 }, cooldown: { type: 'number', minimum: 0 } },
    required: ['failures', 'cooldown'],
    additionalProperties: false,
  },
  cache: {
    type: 'object',
    properties: { entries: { type: 'integer', minimum: 1 }, seconds: { type: 'number', exclusiveMinimum: 0 } },
    required: ['entries'],
    additionalProperties: false,
  },
} as const;

const depth = { type: 'integer', minimum: 1 } as const;

/** The keys of each kind of stage beside the controls: `KIND` itself first. */
export const stageKeys = {
  retrieve: ['retrieve', 'depth'],
  feedback: ['feedback'],
  fuse: ['fuse'],
  filter: ['filter'],
  rerank: ['rerank', 'depth', 'rest', 'blend'],
  diversify: ['diversify'],
} as const;

export const controlKeys: readonly string[] = Object.keys(controls);

function stageSchema(properties: Record<string, unknown>): Record<string, unknown> {
  return {
    type: 'object',
    properties: { ...properties, ...controls },
    required: [Object.keys(properties)[0]],
    additionalProperties: false,
  };
}

/** JSON Schema (2020-12) of a {@link PipelineDescription}, for editors and servers. */
export const pipelineSchema: Readonly<Record<string, unknown>> = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'rank-rank pipeline',
  type: 'object',
  properties: {
    name: { type: 'string' },
    budget: { type: 'number', exclusiveMinimum: 0, description: 'Milliseconds a request may take.' },
    stages: {
      type: 'array',
      minItems: 1,
      items: {
        oneOf: [
          stageSchema({
            retrieve: {
              description: 'A source, several, or several with options of their own.',
              oneOf: [
                { type: 'string' },
                { type: 'array', items: { type: 'string' }, minItems: 1 },
                {
                  type: 'object',
                  minProperties: 1,
                  additionalProperties: {
                    type: ['object', 'null'],
                    properties: { depth, timeout: controls.timeout, optional: { type: 'boolean' } },
                    additionalProperties: false,
                  },
                },
              ],
            },
            depth,
          }),
          stageSchema({
            feedback: {
              type: ['object', 'null'],
              properties: {
                source: { type: 'string' },
                documents: depth,
                weight: { type: 'number', minimum: 0 },
                depth,
                fusion: { type: 'object' },
              },
              additionalProperties: false,
            },
          }),
          stageSchema({
            fuse: { description: 'A method of fusion, or its parameters with `method`.', type: ['string', 'object', 'null'] },
          }),
          stageSchema({
            filter: { type: 'object', properties: { where: { type: 'object' }, atLeast: { type: 'number' } }, additionalProperties: false },
          }),
          stageSchema({
            rerank: { type: 'string', description: 'A reranker: `late`, or the name or folder of a cross-encoder.' },
            depth,
            rest: { enum: ['keep', 'drop'] },
            blend: {
              type: 'object',
              properties: { alpha: { type: 'number', minimum: 0, maximum: 1 }, normalise: { type: ['string', 'object'] } },
              required: ['alpha'],
              additionalProperties: false,
            },
          }),
          stageSchema({
            diversify: {
              type: ['string', 'object'],
              properties: {
                by: { type: 'string' },
                method: { enum: ['mmr', 'dpp'] },
                lambda: { type: ['number', 'string'] },
                alpha: { type: 'number' },
                depth,
              },
              additionalProperties: false,
            },
          }),
        ],
      },
    },
  },
  required: ['stages'],
  additionalProperties: false,
};
