import { RankError, shown, unknownName } from '@rank-rank/core';
import { bytesFor, elements, isDtype, type StoredTensor } from './dtype.ts';
import { openFile, type PositionedFile } from './positioned-file.ts';
import type { TensorInfo, TensorSource } from './tensor-source.ts';

/*
 * A safetensors file:
 *
 * | bytes | what |
 * | --- | --- |
 * | 8 | N, the length of the header, little-endian |
 * | N | the header: JSON, name → { dtype, shape, data_offsets: [begin, end] }, and "__metadata__": text → text; padded with spaces |
 * | rest | the tensors, little-endian, row-major, without gaps; offsets count from here |
 *
 * https://huggingface.co/docs/safetensors: format and its limits (a header of at most 100 MB).
 */

const largestHeader = 100_000_000;

interface Entry extends TensorInfo {
  readonly begin: number;
}

/** Tensors of one safetensors file. */
export interface SafetensorsFile extends TensorSource {
  /** Some rows (entries along the first axis) of a tensor, and no others. */
  readRows(name: string, from: number, rows: number): Promise<StoredTensor>;
}

/**
 * Opens one safetensors file. The whole directory is checked: dtypes, shapes, offsets, overlaps, gaps, the file's size.
 *
 * @example
 * const file = await openSafetensors('model.safetensors');
 * const { dtype, shape, bytes } = await file.read('embeddings.word_embeddings.weight');
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openFile(path);
  try {
    const { entries, metadata, dataStart } = await readHeader(file);
    const entryOfName = (name: string): Entry => {
      const entry = entries.get(name);
      if (entry === undefined) throw unknownName(`${path}: tensor`, name, [...entries.keys()], 'NOT_FOUND');
      return entry;
    };
    return {
      files: [path],
      tensors: entries,
      metadata,
      async read(name) {
        const { dtype, shape, begin, byteLength } = entryOfName(name);
        return { dtype, shape, bytes: await file.read(dataStart + begin, byteLength) };
      },
      async readRows(name, from, rows) {
        const { dtype, shape, begin } = entryOfName(name);
        const [there = 0, ...inner] = shape;
        const rowBytes = bytesFor(dtype, elements(inner));
        if (rowBytes === undefined || from + rows > there) {
          throw new RankError(
            'OUT_OF_RANGE',
            `${path}: rows ${from} to ${from + rows} were asked for of tensor ${shown(name)}, ${dtype} [${shape.join(', ')}].`,
            { file: path, name },
          );
        }
        const bytes = await file.read(dataStart + begin + from * rowBytes, rows * rowBytes);
        return { dtype, shape: [rows, ...inner], bytes };
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function readHeader(
  file: PositionedFile,
): Promise<{ entries: Map<string, Entry>; metadata: Record<string, string>; dataStart: number }> {
  const { path, size } = file;
  const corrupt = (reason: string, details: Record<string, unknown> = {}): RankError =>
    new RankError('CORRUPT', `${path} is not a whole safetensors file: ${reason}. Copy or download it again.`, { file: path, ...details });

  if (size < 8) throw corrupt(`it has ${size} bytes, and the length of its header alone takes 8`, { found: size, expected: 8 });
  const length = Number(new DataView((await file.read(0, 8)).buffer).getBigUint64(0, true));
  if (length > largestHeader)
    throw corrupt(`its header claims ${length} bytes, more than the format's ${largestHeader}`, { found: length });
  if (length < 2) throw corrupt(`its header claims ${length} bytes`, { found: length });
  if (8 + length > size) throw corrupt(`its header claims ${length} bytes and the file has ${size}`, { found: size, expected: 8 + length });

  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(await file.read(8, length)));
  } catch (cause) {
    throw corrupt(`its header is no JSON (${(cause as Error).message})`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw corrupt(`its header is ${shown(header)}, not an object`);

  const metadata: Record<string, string> = {};
  const entries = new Map<string, Entry>();
  const dataStart = 8 + length;
  const room = size - dataStart;
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') {
      for (const [key, text] of Object.entries((value ?? {}) as Record<string, unknown>)) metadata[key] = String(text);
      continue;
    }
    entries.set(name, entryOf(name, value, file.path, corrupt));
  }
  checkLayout([...entries.values()], room, corrupt);
  return { entries, metadata, dataStart };
}

function entryOf(name: string, value: unknown, file: string, corrupt: (reason: string) => RankError): Entry {
  const { dtype, shape, data_offsets: offsets } = (value ?? {}) as Record<string, unknown>;
  const tensor = `tensor ${shown(name)}`;
  if (!isDtype(dtype)) throw corrupt(`${tensor} has the dtype ${shown(dtype)}, which the format does not know`);
  if (!isSizes(shape)) throw corrupt(`${tensor} has the shape ${JSON.stringify(shape)}; expected whole numbers`);
  if (!isSizes(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!) {
    throw corrupt(`${tensor} has the offsets ${JSON.stringify(offsets)}; expected a begin and an end`);
  }
  const [begin, end] = offsets as [number, number];
  const expected = bytesFor(dtype, elements(shape));
  if (expected !== end - begin) {
    throw corrupt(
      `${tensor}, ${dtype} [${shape.join(', ')}], takes ${expected ?? 'no whole number of'} bytes and its offsets span ${end - begin}`,
    );
  }
  return { name, dtype, shape, file, begin, byteLength: expected };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** Tensors follow one another without overlap and without gap, and end where the file ends. */
function checkLayout(entries: Entry[], room: number, corrupt: (reason: string, details?: Record<string, unknown>) => RankError): void {
  entries.sort((a, b) => a.begin - b.begin || a.byteLength - b.byteLength);
  let at = 0;
  let before = '';
  for (const { name, begin, byteLength } of entries) {
    if (begin < at)
      throw corrupt(`tensor ${shown(name)} begins at ${begin}, inside ${shown(before)}, which ends at ${at}`, { tensor: name });
    if (begin > at) throw corrupt(`bytes ${at} to ${begin}, before ${shown(name)}, belong to no tensor`, { tensor: name });
    at = begin + byteLength;
    if (at > room) {
      throw corrupt(`tensor ${shown(name)} ends at byte ${at} of the data and the file has ${room}: it was cut short`, {
        tensor: name,
        found: room,
        expected: at,
      });
    }
    before = name;
  }
  if (at < room) throw corrupt(`${room - at} bytes follow its last tensor`, { found: room, expected: at });
}
