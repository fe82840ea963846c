import type { Scope } from '@rank-rank/storage';
import { Bitmap } from '../../metadata/bitmap.ts';
import type { Segment } from './segment.ts';

const deletesKind = 'lexical-deletes';
const deletesVersion = 1;

/** A segment on its way into the next commit: documents may still be deleted from it. */
export class PendingSegment {
  readonly segment: Segment;
  #deleted: Bitmap | undefined;
  /** The file that holds the deletions as they are; undefined where they changed since, or are none. */
  #file: string | undefined;

  constructor(segment: Segment, deleted?: Bitmap, file?: string) {
    this.segment = segment;
    this.#deleted = deleted;
    this.#file = file;
  }

  /** What was deleted, to be read. */
  get deleted(): Bitmap | undefined {
    return this.#deleted;
  }

  /** The files it takes. */
  get files(): { readonly file: string; readonly deletes?: string } {
    return { file: this.segment.name, ...(this.#file !== undefined && { deletes: this.#file }) };
  }

  /** Documents that are not deleted. */
  get live(): number {
    return this.segment.size - (this.#deleted?.count ?? 0);
  }

  has(id: string): boolean {
    const number = this.segment.ids.numberOf(id);
    return number >= 0 && !this.#deleted?.has(number);
  }

  delete(id: string): void {
    const number = this.segment.ids.numberOf(id);
    if (number < 0 || this.#deleted?.has(number)) return;
    this.#deleted ??= Bitmap.empty(this.segment.size);
    this.#deleted.add(number);
    this.#file = undefined;
  }

  async writeDeletes(scope: Scope): Promise<void> {
    if (this.#deleted === undefined || this.#file !== undefined) return;
    const file = await scope.create('lexical-deletes', deletesKind, deletesVersion);
    await file.write('deleted', this.#deleted.words, 'u32');
    await file.finish();
    this.#file = file.name;
  }

  static async readDeletes(scope: Scope, segment: Segment, file: string): Promise<Bitmap> {
    return new Bitmap(segment.size, (await scope.open(file, deletesKind, deletesVersion)).u32('deleted'));
  }
}
