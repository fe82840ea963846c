import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { RankError, shown, throwIfCancelled } from '@rank-rank/core';
import { openFile, type PositionedFile } from '@rank-rank/storage/tensors';
import { decodeModel, encodedSize, encodeModel, readRaw } from './codec.ts';
import type { AttributeProto, GraphProto, ModelProto, TensorProto } from './messages.ts';

/** Protocol Buffers' limit for a message, 2 GiB − 1; a model that comes near keeps its weights beside it. */
const largestMessage = 0x7fff_ffff;
const externalThreshold = 0x7000_0000;
/** Tensors of fewer bytes stay in the model even where weights are kept beside it: shapes and scalars are needed to check it. */
const smallestExternal = 1024;
/** Tensors begin at multiples of this, so that a runtime may map them. */
const alignment = 4096;

/** A model read from a file; tensors kept beside it are read when asked for. */
export interface OnnxFile {
  readonly path: string;
  readonly model: ModelProto;
  /** The model's file and the files that hold its external data. */
  readonly files: readonly string[];
  /** The size of all of them. */
  readonly bytes: number;
  close(): Promise<void>;
}

/**
 * Reads an ONNX model. Tensors in external files (`external_data`) get a `rawData` that reads them when it is asked to; their places
 * are checked here: inside the model's folder, inside their file.
 */
export async function readOnnx(path: string): Promise<OnnxFile> {
  const file = await openFile(path);
  let model: ModelProto;
  let bytes = file.size;
  try {
    if (file.size === 0) throw new RankError('CORRUPT', `${path} is empty. Copy or export it again.`, { file: path });
    if (file.size > largestMessage) {
      throw new RankError(
        'CORRUPT',
        `${path} has ${file.size} bytes; an ONNX model has at most ${largestMessage} and keeps the rest beside it.`,
        { file: path },
      );
    }
    model = decodeModel(await file.read(0, file.size), path);
  } finally {
    await file.close();
  }
  const open = new Map<string, PositionedFile>();
  const close = async (): Promise<void> => {
    for (const beside of open.values()) await beside.close();
  };
  try {
    for (const proto of tensorsOf(model.graph!)) if (proto.dataLocation === 1) await attach(proto, path, open);
  } catch (error) {
    await close();
    throw error;
  }
  for (const beside of open.values()) bytes += beside.size;
  return { path, model, files: [path, ...open.keys()], bytes, close };
}

/** Every tensor of a graph and of the graphs in its nodes' attributes. */
export function* tensorsOf(graph: GraphProto): Generator<TensorProto> {
  yield* graph.initializer ?? [];
  const attributes = (graph.node ?? []).flatMap((node) => node.attribute ?? []);
  for (const attribute of attributes) yield* tensorsOfAttribute(attribute);
}

function* tensorsOfAttribute(attribute: AttributeProto): Generator<TensorProto> {
  if (attribute.t !== undefined) yield attribute.t;
  yield* attribute.tensors ?? [];
  for (const graph of [attribute.g, ...(attribute.graphs ?? [])]) if (graph !== undefined) yield* tensorsOf(graph);
}

async function attach(proto: TensorProto, modelPath: string, open: Map<string, PositionedFile>): Promise<void> {
  const entries = new Map((proto.externalData ?? []).map(({ key, value }) => [key, value]));
  const name = shown(proto.name);
  const location = entries.get('location');
  if (location === undefined || location === '') {
    throw new RankError('CORRUPT', `${modelPath}: tensor ${name} is kept in another file, which is not named.`, { file: modelPath });
  }
  const folder = resolve(dirname(modelPath));
  const path = resolve(folder, location);
  const inside = relative(folder, path);
  if (inside.startsWith('..') || inside.startsWith(sep) || inside === '') {
    throw new RankError('CORRUPT', `${modelPath}: tensor ${name} points to ${shown(location)}, outside the model's folder.`, {
      file: modelPath,
      location,
    });
  }
  let file = open.get(path);
  if (file === undefined) {
    try {
      file = await openFile(path);
    } catch (cause) {
      throw new RankError(
        'NOT_FOUND',
        `${modelPath} keeps weights in ${path}, which cannot be read: half of the model is missing. Fetch both files.`,
        { file: path },
        { cause },
      );
    }
    open.set(path, file);
  }
  const offset = Number(entries.get('offset') ?? 0);
  const byteLength = Number(entries.get('length') ?? file.size - offset);
  if (
    !Number.isSafeInteger(offset) ||
    !Number.isSafeInteger(byteLength) ||
    offset < 0 ||
    byteLength < 0 ||
    offset + byteLength > file.size
  ) {
    throw new RankError(
      'CORRUPT',
      `${path}: tensor ${name} spans bytes ${offset} to ${offset + byteLength} and the file has ${file.size}: it was cut short.`,
      {
        file: path,
        found: file.size,
        expected: offset + byteLength,
      },
    );
  }
  const source = file;
  proto.rawData = { byteLength, read: () => source.read(offset, byteLength) };
  delete proto.externalData;
  delete proto.dataLocation;
}

export interface WriteOnnxOptions {
  /** Whether weights are kept in `NAME.onnx_data` beside the model. `auto`: where the model would come near Protocol Buffers' 2 GB. */
  readonly externalData?: 'auto' | 'always' | 'never';
  /** From how many bytes on `auto` keeps weights beside the model. */
  readonly externalFrom?: number;
  readonly signal?: AbortSignal;
  /** Called as bytes are written. */
  readonly onBytes?: (written: number, total: number) => void;
}

export interface WrittenFile {
  readonly path: string;
  readonly bytes: number;
}

/**
 * Writes an ONNX model: into a temporary file that is renamed when it is whole, so that a reader never sees half a model. Weights that
 * were only promised are made one at a time.
 */
export async function writeOnnx(path: string, model: ModelProto, options: WriteOnnxOptions = {}): Promise<WrittenFile[]> {
  const { externalData = 'auto', externalFrom = externalThreshold, signal, onBytes } = options;
  await mkdir(dirname(path), { recursive: true });
  const size = encodedSize(model);
  const external = externalData === 'always' || (externalData === 'auto' && size > externalFrom);
  if (!external && size > largestMessage) {
    throw new RankError(
      'OUT_OF_RANGE',
      `The model takes ${size} bytes in one file, more than ONNX allows (${largestMessage}). Keep its weights beside it: externalData: 'auto'.`,
      { size },
    );
  }
  const written: WrittenFile[] = [];
  let done = 0;
  const report = (bytes: number): void => {
    throwIfCancelled(signal, 'Writing the model');
    done += bytes;
    onBytes?.(done, size);
  };
  let whole = model;
  const dataPath = `${path}_data`;
  if (external) {
    const place = new Map<TensorProto, TensorProto>();
    let offset = 0;
    written.push(
      await writeWhole(dataPath, async (write) => {
        for (const proto of model.graph!.initializer ?? []) {
          const { rawData } = proto;
          if (rawData === undefined || rawData.byteLength < smallestExternal) continue;
          const padding = -offset & (alignment - 1);
          if (padding > 0) await write(new Uint8Array(padding));
          offset += padding;
          await write(await readRaw(rawData));
          report(rawData.byteLength);
          const { rawData: _, ...rest } = proto;
          place.set(proto, {
            ...rest,
            externalData: [
              { key: 'location', value: basename(dataPath) },
              { key: 'offset', value: String(offset) },
              { key: 'length', value: String(rawData.byteLength) },
            ],
            dataLocation: 1,
          });
          offset += rawData.byteLength;
        }
      }),
    );
    whole = {
      ...model,
      graph: { ...model.graph, initializer: (model.graph!.initializer ?? []).map((proto) => place.get(proto) ?? proto) },
    };
  } else await rm(dataPath, { force: true });
  written.unshift(
    await writeWhole(path, async (write) => {
      for await (const piece of encodeModel(whole)) {
        await write(piece);
        report(piece.length);
      }
    }),
  );
  return written;
}

async function writeWhole(path: string, body: (write: (bytes: Uint8Array) => Promise<void>) => Promise<void>): Promise<WrittenFile> {
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  let bytes = 0;
  let handle: FileHandle | undefined;
  try {
    handle = await open(temporary, 'w');
    const file = handle;
    await body(async (piece) => {
      bytes += piece.length;
      let at = 0;
      while (at < piece.length) at += (await file.write(piece, at, Math.min(piece.length - at, 0x4000_0000))).bytesWritten;
    });
    await handle.sync();
    await handle.close();
    handle = undefined;
    await rename(temporary, path);
  } catch (cause) {
    await handle?.close();
    await rm(temporary, { force: true });
    if (cause instanceof RankError) throw cause;
    throw new RankError('IO', `${path} could not be written: ${(cause as Error).message}.`, { file: path }, { cause });
  }
  return { path, bytes };
}
