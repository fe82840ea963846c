/** Analyses documents and makes segments of them, in a thread beside others. */
import { parentPort, workerData } from 'node:worker_threads';
import { openField } from '../segment/fields.ts';
import { SegmentBuffer } from '../segment/segment-buffer.ts';
import { writeSegment } from '../segment/segment-writer.ts';
import { GatheredSections } from './gathered-sections.ts';
import type { BuilderAnswer, BuilderRequest, BuilderSettings } from './protocol.ts';

const { fields: specs, keepTexts } = workerData as BuilderSettings;
const opening = Promise.all(specs.map(openField));
let buffer: SegmentBuffer | undefined;

async function answer(request: BuilderRequest): Promise<BuilderAnswer> {
  try {
    const fields = await opening;
    if (request.kind === 'add') {
      buffer ??= new SegmentBuffer(fields, keepTexts);
      for (const document of request.documents) buffer.add(document);
      return { kind: 'added', bytes: buffer.bytes, full: buffer.full };
    }
    if (buffer === undefined) return { kind: 'written', sections: undefined };
    const gathered = new GatheredSections();
    await writeSegment(gathered, buffer.input());
    buffer = undefined;
    return { kind: 'written', sections: gathered.sections };
  } catch (error) {
    return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
  }
}

let turn: Promise<void> = Promise.resolve();
parentPort!.on('message', (request: BuilderRequest) => {
  turn = turn.then(async () => {
    const said = await answer(request);
    const buffers = said.kind === 'written' ? (said.sections ?? []).map(({ data }) => data.buffer as ArrayBuffer) : [];
    parentPort!.postMessage(said, buffers);
  });
});
