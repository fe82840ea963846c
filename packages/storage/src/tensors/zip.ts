import { RankError, shown } from '@rank-rank/core';
import type { PositionedFile } from './positioned-file.ts';

/** A member of a ZIP archive that is stored as it is, uncompressed. */
export interface StoredMember {
  readonly name: string;
  /** Where its bytes begin in the archive. */
  readonly position: number;
  readonly size: number;
}

const endSignature = 0x0605_4b50;
const end64Signature = 0x0606_4b50;
const end64LocatorSignature = 0x0706_4b50;
const memberSignature = 0x0201_4b50;
const localSignature = 0x0403_4b50;

/**
 * The directory of a ZIP archive whose members are stored uncompressed, as PyTorch writes its checkpoints; ZIP64 included.
 * (PKWARE, APPNOTE.TXT 6.3.10.) Compressed or encrypted members are refused.
 */
export async function readZipDirectory(file: PositionedFile): Promise<Map<string, StoredMember>> {
  const corrupt = (reason: string): RankError =>
    new RankError('CORRUPT', `${file.path} is not a whole ZIP archive: ${reason}. Copy or download it again.`, { file: file.path });
  const view = async (position: number, length: number): Promise<DataView> => {
    if (position < 0 || position + length > file.size) throw corrupt(`its directory points to byte ${position + length} of ${file.size}`);
    const bytes = await file.read(position, length);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };

  const tailLength = Math.min(file.size, 22 + 0xffff);
  const tail = await view(file.size - tailLength, tailLength);
  let end = tailLength - 22;
  while (end >= 0 && tail.getUint32(end, true) !== endSignature) end--;
  if (end < 0) throw corrupt('it has no end-of-directory record');
  let count = tail.getUint16(end + 10, true);
  let length = tail.getUint32(end + 12, true);
  let position = tail.getUint32(end + 16, true);
  if (end >= 20 && tail.getUint32(end - 20, true) === end64LocatorSignature) {
    const record = await view(Number(tail.getBigUint64(end - 20 + 8, true)), 56);
    if (record.getUint32(0, true) !== end64Signature) throw corrupt('its ZIP64 record is not where the locator says');
    count = Number(record.getBigUint64(32, true));
    length = Number(record.getBigUint64(40, true));
    position = Number(record.getBigUint64(48, true));
  }

  const directory = await view(position, length);
  const members = new Map<string, StoredMember>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > length || directory.getUint32(at, true) !== memberSignature) throw corrupt(`entry ${i} of its directory is damaged`);
    const flags = directory.getUint16(at + 8, true);
    const method = directory.getUint16(at + 10, true);
    const nameLength = directory.getUint16(at + 28, true);
    const extraLength = directory.getUint16(at + 30, true);
    const commentLength = directory.getUint16(at + 32, true);
    if (at + 46 + nameLength + extraLength + commentLength > length) throw corrupt(`entry ${i} of its directory is damaged`);
    const name = new TextDecoder().decode(new Uint8Array(directory.buffer, directory.byteOffset + at + 46, nameLength));
    if (method !== 0 || (flags & 1) !== 0) {
      throw new RankError(
        'UNSUPPORTED',
        `${file.path}: member ${shown(name)} is compressed or encrypted; PyTorch stores its tensors plainly.`,
        {
          file: file.path,
          member: name,
        },
      );
    }
    const { size, local } = sizes64(directory, at, nameLength, extraLength, corrupt);
    const header = await view(local, 30);
    if (header.getUint32(0, true) !== localSignature) throw corrupt(`member ${shown(name)} is not where its directory says`);
    // The local header has an extra field of its own, with the padding that aligns tensors.
    const start = local + 30 + header.getUint16(26, true) + header.getUint16(28, true);
    if (start + size > file.size) throw corrupt(`member ${shown(name)} ends at byte ${start + size} of ${file.size}: it was cut short`);
    members.set(name, { name, position: start, size });
    at += 46 + nameLength + extraLength + commentLength;
  }
  return members;
}

/** Size and local header of a member, from its ZIP64 extra field where the 32-bit fields are full. */
function sizes64(
  directory: DataView,
  at: number,
  nameLength: number,
  extraLength: number,
  corrupt: (reason: string) => RankError,
): { size: number; local: number } {
  let size = directory.getUint32(at + 24, true);
  let local = directory.getUint32(at + 42, true);
  const packed = directory.getUint32(at + 20, true);
  if (size !== 0xffff_ffff && local !== 0xffff_ffff && packed !== 0xffff_ffff) return { size, local };
  let field = at + 46 + nameLength;
  const stop = field + extraLength;
  while (field + 4 <= stop) {
    const id = directory.getUint16(field, true);
    const bytes = directory.getUint16(field + 2, true);
    if (id === 1) {
      let value = field + 4;
      const next = (): number => {
        if (value + 8 > stop) throw corrupt('a ZIP64 field is damaged');
        value += 8;
        return Number(directory.getBigUint64(value - 8, true));
      };
      if (size === 0xffff_ffff) size = next();
      if (packed === 0xffff_ffff) next();
      if (local === 0xffff_ffff) local = next();
      return { size, local };
    }
    field += 4 + bytes;
  }
  throw corrupt('a ZIP64 field is missing');
}
