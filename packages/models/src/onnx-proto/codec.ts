import { RankError } from '@rank-rank/core';
import { type Field, type MessageName, type ModelProto, messages, type RawData, unsupportedFields } from './messages.ts';
import { BYTES, FIXED32, FIXED64, type Integer, VARINT, varintSize, WireReader, WireWriter } from './wire.ts';

type Message = Record<string, unknown>;

const text = new TextEncoder();
/** Tensors up to this many bytes are written together with what surrounds them. */
const small = 4096;
/** Graphs within attributes within graphs: no model comes near, a damaged file might. */
const deepest = 100;
const fieldsOf = Object.fromEntries(
  Object.entries(messages).map(([name, fields]) => [
    name,
    Object.entries(fields).map(([number, [field, kind, repeated]]) => ({ number: Number(number), field, kind, repeated })),
  ]),
) as Record<MessageName, { number: number; field: string; kind: Field[1]; repeated: Field[2] }[]>;

/**
 * Decodes a model. Tensors' bytes stay where they are in `bytes`. What is damaged, or is not protobuf at all, is a `CORRUPT` error.
 */
export function decodeModel(bytes: Uint8Array, what = 'The model'): ModelProto {
  const reader = new WireReader(bytes, what);
  const model = decode(reader, bytes.length, 'ModelProto') as ModelProto;
  if (model.graph === undefined) throw reader.corrupt('it has no graph');
  return model;
}

function decode(reader: WireReader, end: number, name: MessageName, depth = 0): Message {
  if (depth > deepest) throw reader.corrupt(`messages nest deeper than ${deepest}`);
  const fields = messages[name];
  const message: Message = {};
  while (reader.at < end) {
    const key = reader.size();
    const number = Math.floor(key / 8);
    const wireType = key % 8;
    const field = fields[number];
    if (field === undefined) {
      const lost = unsupportedFields[name]?.[number];
      if (lost !== undefined)
        throw new RankError('UNSUPPORTED', `The model has ${lost} (${name} field ${number}), which are not read here.`, { number });
      if (number === 0) throw reader.corrupt('field number 0');
      reader.skip(wireType);
      continue;
    }
    const [property, kind, repeated] = field;
    if (wireType === BYTES && (kind === 'integer' || kind === 'float' || kind === 'double')) {
      const list = (message[property] ??= []) as unknown[];
      const stop = reader.size() + reader.at;
      if (stop > end) throw reader.corrupt(`${name}.${property} does not fit`);
      while (reader.at < stop) list.push(decodeNumber(reader, kind));
      continue;
    }
    const value = decodeValue(reader, wireType, kind, end, `${name}.${property}`, depth);
    if (repeated === undefined) message[property] = value;
    else ((message[property] ??= []) as unknown[]).push(value);
  }
  if (reader.at > end) throw reader.corrupt(`${name} runs past its end`);
  return message;
}

function decodeNumber(reader: WireReader, kind: 'integer' | 'float' | 'double'): Integer {
  return kind === 'integer' ? reader.varint() : kind === 'float' ? reader.float32() : reader.float64();
}

function decodeValue(reader: WireReader, wireType: number, kind: Field[1], end: number, where: string, depth: number): unknown {
  const expected = kind === 'integer' ? VARINT : kind === 'float' ? FIXED32 : kind === 'double' ? FIXED64 : BYTES;
  if (wireType !== expected) throw reader.corrupt(`${where} has wire type ${wireType}, expected ${expected}`);
  if (kind === 'integer' || kind === 'float' || kind === 'double') return decodeNumber(reader, kind);
  const length = reader.size();
  if (reader.at + length > end) throw reader.corrupt(`${where} of ${length} bytes does not fit`);
  if (kind === 'string') return new TextDecoder().decode(reader.bytes(length));
  if (kind === 'bytes' || kind === 'raw') return reader.bytes(length);
  return decode(reader, reader.at + length, kind, depth + 1);
}

/** How many bytes a model takes; sizes of the messages in it are kept in `sizes`. */
export function encodedSize(model: ModelProto, sizes: Map<object, number> = new Map()): number {
  return sizeOf(model as Message, 'ModelProto', sizes);
}

/** Encodes a model in pieces, so that weights pass through one at a time. */
export async function* encodeModel(model: ModelProto): AsyncGenerator<Uint8Array> {
  const sizes = new Map<object, number>();
  encodedSize(model, sizes);
  const writer = new WireWriter();
  yield* encode(model as Message, 'ModelProto', sizes, writer);
  if (writer.length > 0) yield writer.take();
}

/** Encodes a model in one piece, for {@link decodeModel} or a runtime that takes bytes. */
export async function encodeModelBytes(model: ModelProto): Promise<Uint8Array> {
  const bytes = new Uint8Array(encodedSize(model));
  let at = 0;
  for await (const piece of encodeModel(model)) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

function sizeOf(message: Message, name: MessageName, sizes: Map<object, number>): number {
  let size = 0;
  for (const { number, field, kind, repeated } of fieldsOf[name]) {
    const value = message[field];
    if (value === undefined) continue;
    const key = varintSize(number * 8);
    if (repeated === 'packed') {
      const bytes = packedSize(value as Integer[], kind);
      if (bytes > 0) size += key + varintSize(bytes) + bytes;
      sizes.set(value as object, bytes);
    } else if (repeated === 'repeated') {
      for (const item of value as unknown[]) size += key + valueSize(item, kind, sizes);
    } else size += key + valueSize(value, kind, sizes);
  }
  sizes.set(message, size);
  return size;
}

function packedSize(values: readonly Integer[], kind: Field[1]): number {
  if (kind === 'float') return 4 * values.length;
  if (kind === 'double') return 8 * values.length;
  let size = 0;
  for (const value of values) size += varintSize(value);
  return size;
}

function valueSize(value: unknown, kind: Field[1], sizes: Map<object, number>): number {
  switch (kind) {
    case 'integer':
      return varintSize(value as Integer);
    case 'float':
      return 4;
    case 'double':
      return 8;
    case 'string':
      return withLength(Buffer.byteLength(value as string));
    case 'bytes':
    case 'raw':
      return withLength((value as RawData).byteLength);
    default:
      return withLength(sizeOf(value as Message, kind, sizes));
  }
}

function withLength(bytes: number): number {
  return varintSize(bytes) + bytes;
}

async function* encode(message: Message, name: MessageName, sizes: Map<object, number>, writer: WireWriter): AsyncGenerator<Uint8Array> {
  for (const { number, field, kind, repeated } of fieldsOf[name]) {
    const value = message[field];
    if (value === undefined) continue;
    if (repeated === 'packed') {
      const bytes = sizes.get(value as object)!;
      if (bytes === 0) continue;
      writer.key(number, BYTES);
      writer.varint(bytes);
      for (const item of value as Integer[]) writeNumber(writer, item, kind);
      continue;
    }
    for (const item of repeated === 'repeated' ? (value as unknown[]) : [value]) {
      if (kind === 'integer' || kind === 'float' || kind === 'double') {
        writer.key(number, kind === 'integer' ? VARINT : kind === 'float' ? FIXED32 : FIXED64);
        writeNumber(writer, item as Integer, kind);
      } else if (kind === 'string' || kind === 'bytes') {
        const bytes = kind === 'string' ? text.encode(item as string) : (item as Uint8Array);
        writer.key(number, BYTES);
        writer.varint(bytes.length);
        writer.bytes(bytes);
      } else if (kind === 'raw') {
        const raw = item as RawData;
        writer.key(number, BYTES);
        writer.varint(raw.byteLength);
        if (raw.byteLength <= small) writer.bytes(await readRaw(raw));
        else {
          yield writer.take();
          yield await readRaw(raw);
        }
      } else {
        writer.key(number, BYTES);
        writer.varint(sizes.get(item as object)!);
        yield* encode(item as Message, kind, sizes, writer);
      }
    }
  }
}

function writeNumber(writer: WireWriter, value: Integer, kind: Field[1]): void {
  if (kind === 'float') writer.float32(Number(value));
  else if (kind === 'double') writer.float64(Number(value));
  else writer.varint(value);
}

/** The bytes of a tensor, made now if they were only promised. */
export async function readRaw(raw: RawData): Promise<Uint8Array> {
  if (raw instanceof Uint8Array) return raw;
  const bytes = await raw.read();
  if (bytes.byteLength !== raw.byteLength) {
    throw new RankError('INVALID_ARGUMENT', `A tensor gave ${bytes.byteLength} bytes; ${raw.byteLength} were announced.`);
  }
  return bytes;
}
