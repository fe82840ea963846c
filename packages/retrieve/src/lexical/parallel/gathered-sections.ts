import type { SectionData, SectionWriter } from '@rank-rank/storage';

/** What a segment is written to: a file, or memory. */
export type SectionSink = Pick<SectionWriter, 'write' | 'writeJson'>;

export interface GatheredSection {
  readonly name: string;
  readonly data: SectionData;
  readonly type: Parameters<SectionWriter['write']>[2];
}

/** The sections of a file in memory, to be handed to another thread that writes them. */
export class GatheredSections implements SectionSink {
  readonly sections: GatheredSection[] = [];

  async write(...[name, data, type]: Parameters<SectionWriter['write']>): Promise<void> {
    if (ArrayBuffer.isView(data)) {
      // Of its own, so that it can be handed over whole.
      this.sections.push({ name, data: (data as Uint8Array).slice() as SectionData, type });
      return;
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of data) chunks.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength).slice());
    const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    this.sections.push({ name, data: whole, type: type ?? 'u8' });
  }

  async writeJson(name: string, value: unknown): Promise<void> {
    await this.write(name, new TextEncoder().encode(JSON.stringify(value)), 'json');
  }
}
