import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random, type RankError } from '@rank-rank/core';
import { describeWithData } from '@rank-rank/testing';
import { describe, expect, it } from 'vitest';
import { randomTokens, tokensOf } from '../testing/tokens.ts';
import { opensearchBulk, opensearchRescore } from './opensearch.ts';
import { qdrantPoint, qdrantQuery, qdrantVector, uuidOf } from './qdrant.ts';
import { vespaPut, vespaTensor } from './vespa.ts';
import { weaviateBytes, weaviateObject } from './weaviate.ts';

const tokens = tokensOf([
  [0.1, -0.2, 1, 0, 0.5, 0.25, -1, 2],
  [1, 1, 1, 1, -1, -1, -1, -1],
]);
const document = { id: 'a', tokens, text: 'words', title: 'title', metadata: { year: 1990 } };

describe('numbers', () => {
  it('are written in few digits and read back as the same floats', () => {
    const random = randomTokens(new Random(1), 20, 16);
    const rows = qdrantQuery(random);
    expect(Float32Array.from(rows.flat())).toEqual(random.data);
    expect(JSON.stringify(qdrantQuery(tokens)[0])).toBe('[0.1,-0.2,1,0,0.5,0.25,-1,2]');
  });
});

describe('Vespa', () => {
  it('takes a block a row, or the packed signs of it', () => {
    expect(vespaPut(document, { namespace: 'n', documentType: 't', field: 'colbert' })).toEqual({
      put: 'id:n:t::a',
      fields: {
        title: 'title',
        text: 'words',
        colbert: { blocks: { 0: [0.1, -0.2, 1, 0, 0.5, 0.25, -1, 2], 1: [1, 1, 1, 1, -1, -1, -1, -1] } },
      },
    });
    expect(vespaTensor(tokens, 'bits')).toEqual({ blocks: { 0: 'ad', 1: 'f0' } });
  });

  it('refuses what it does not know', () => {
    const code = (expected: string) => expect.objectContaining({ code: expected }) as RankError;
    expect(() => vespaTensor(tokens, 'int8' as never)).toThrow(code('UNKNOWN_OPTION'));
    expect(() => vespaPut(document, { field: 'f', namespace: 'n' } as never)).toThrow(code('INVALID_ARGUMENT'));
  });
});

describeWithData('agreement with Vespa', 'models/vespa-onnx', (folder) => {
  it('packs signs as it does', () => {
    const { binarize } = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as { binarize: string };
    const [values, packed] = [...binarize.matchAll(/\[([^\]]*)\]/g)].map(([, list]) => list!.split(',').map(Number));
    expect(vespaTensor(tokensOf([values!]), 'bits').blocks[0]).toBe(packed![0]!.toString(16));
  });
});

describe('Qdrant', () => {
  it('takes arrays of rows under the name of the vector, and ids that are UUIDs', () => {
    const point = qdrantPoint(document, 'colbert');
    expect(point.vector['colbert']).toHaveLength(2);
    expect(point.payload).toEqual({ year: 1990, title: 'title', text: 'words', id: 'a' });
    expect(qdrantVector(128)).toEqual({ size: 128, distance: 'Dot', multivector_config: { comparator: 'max_sim' }, hnsw_config: { m: 0 } });
    expect(qdrantVector(8, { graph: true, distance: 'Cosine' })).not.toHaveProperty('hnsw_config');
  });

  it('makes the UUIDs that others make of names', () => {
    // Python: uuid.uuid5(uuid.NAMESPACE_OID, 'a')
    expect(uuidOf('a')).toBe('d720e32d-4765-5177-b65b-42dd7f6e6445');
    expect(uuidOf('D720E32D-4765-5177-B65B-42DD7F6E6445')).toBe('d720e32d-4765-5177-b65b-42dd7f6e6445');
  });
});

describe('Weaviate', () => {
  it('takes named vectors, and bytes that begin with the dimension', () => {
    const object = weaviateObject(document, 'Passage', 'colbert');
    expect(object).toMatchObject({ class: 'Passage', properties: { documentId: 'a', year: 1990 } });
    const bytes = weaviateBytes(tokens);
    expect([bytes.length, bytes[0], bytes[1]]).toEqual([2 + 64, 8, 0]);
    expect(new Float32Array(bytes.slice(2).buffer)).toEqual(tokens.data);
  });
});

describe('OpenSearch', () => {
  it('takes rows in the source, and a rescore that says its space', () => {
    expect(opensearchBulk(document, 'i', 'v')[0]).toEqual({ index: { _index: 'i', _id: 'a' } });
    expect(opensearchBulk(document, 'i', 'v')[1]).toMatchObject({ year: 1990, v: qdrantQuery(tokens) });
    const text = JSON.stringify(opensearchRescore(tokens, 'v', { window: 50 }));
    expect(text).toContain("lateInteractionScore(params.query_vectors, 'v', params._source, params.space_type)");
    expect(text).toContain('"space_type":"innerproduct"');
    expect(text).toContain('"window_size":50');
  });
});
