import type { Integer } from './wire.ts';

/*
 * The messages of ONNX (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto) that models use, and beside each interface the table
 * of its fields: number, name, kind. Fields that are not listed (training information, sparse tensors, device placement) are refused
 * where leaving them out would change the model, and skipped otherwise.
 */

export interface ModelProto {
  irVersion?: Integer;
  producerName?: string;
  producerVersion?: string;
  domain?: string;
  modelVersion?: Integer;
  docString?: string;
  graph?: GraphProto;
  opsetImport?: OperatorSetIdProto[];
  metadataProps?: StringStringEntryProto[];
  functions?: FunctionProto[];
}

export interface OperatorSetIdProto {
  domain?: string;
  version?: Integer;
}

export interface StringStringEntryProto {
  key?: string;
  value?: string;
}

export interface FunctionProto {
  name?: string;
  input?: string[];
  output?: string[];
  attribute?: string[];
  attributeProto?: AttributeProto[];
  node?: NodeProto[];
  docString?: string;
  opsetImport?: OperatorSetIdProto[];
  domain?: string;
  overload?: string;
}

export interface GraphProto {
  node?: NodeProto[];
  name?: string;
  initializer?: TensorProto[];
  docString?: string;
  input?: ValueInfoProto[];
  output?: ValueInfoProto[];
  valueInfo?: ValueInfoProto[];
}

export interface NodeProto {
  input?: string[];
  output?: string[];
  name?: string;
  opType?: string;
  attribute?: AttributeProto[];
  docString?: string;
  domain?: string;
  overload?: string;
}

export interface AttributeProto {
  name?: string;
  f?: number;
  i?: Integer;
  s?: Uint8Array;
  t?: TensorProto;
  g?: GraphProto;
  floats?: number[];
  ints?: Integer[];
  strings?: Uint8Array[];
  tensors?: TensorProto[];
  graphs?: GraphProto[];
  docString?: string;
  type?: Integer;
  refAttrName?: string;
}

export interface ValueInfoProto {
  name?: string;
  type?: TypeProto;
  docString?: string;
}

export interface TypeProto {
  tensorType?: TensorTypeProto;
  denotation?: string;
}

export interface TensorTypeProto {
  elemType?: Integer;
  shape?: TensorShapeProto;
}

export interface TensorShapeProto {
  dim?: DimensionProto[];
}

export interface DimensionProto {
  dimValue?: Integer;
  dimParam?: string;
  denotation?: string;
}

export interface TensorProto {
  dims?: Integer[];
  dataType?: Integer;
  floatData?: number[];
  int32Data?: Integer[];
  stringData?: Uint8Array[];
  int64Data?: Integer[];
  name?: string;
  rawData?: RawData;
  doubleData?: number[];
  uint64Data?: Integer[];
  docString?: string;
  externalData?: StringStringEntryProto[];
  dataLocation?: Integer;
}

/**
 * The bytes of a tensor, or a promise to make them when the model is written: what a model of gigabytes needs, so that one weight
 * at a time is in memory.
 */
export type RawData = Uint8Array | { readonly byteLength: number; read(): Promise<Uint8Array> };

/** How a field is written. `packed` numbers follow one another in one field; the others repeat their key. */
export type MessageName =
  | 'ModelProto'
  | 'OperatorSetIdProto'
  | 'StringStringEntryProto'
  | 'FunctionProto'
  | 'GraphProto'
  | 'NodeProto'
  | 'AttributeProto'
  | 'ValueInfoProto'
  | 'TypeProto'
  | 'TensorTypeProto'
  | 'TensorShapeProto'
  | 'DimensionProto'
  | 'TensorProto';
export type Kind = 'integer' | 'float' | 'double' | 'string' | 'bytes' | 'raw' | MessageName;
export type Field = readonly [name: string, kind: Kind, repeated?: 'repeated' | 'packed'];

export const messages: Readonly<Record<MessageName, Readonly<Record<number, Field>>>> = {
  ModelProto: {
    1: ['irVersion', 'integer'],
    2: ['producerName', 'string'],
    3: ['producerVersion', 'string'],
    4: ['domain', 'string'],
    5: ['modelVersion', 'integer'],
    6: ['docString', 'string'],
    7: ['graph', 'GraphProto'],
    8: ['opsetImport', 'OperatorSetIdProto', 'repeated'],
    14: ['metadataProps', 'StringStringEntryProto', 'repeated'],
    25: ['functions', 'FunctionProto', 'repeated'],
  },
  OperatorSetIdProto: { 1: ['domain', 'string'], 2: ['version', 'integer'] },
  StringStringEntryProto: { 1: ['key', 'string'], 2: ['value', 'string'] },
  FunctionProto: {
    1: ['name', 'string'],
    4: ['input', 'string', 'repeated'],
    5: ['output', 'string', 'repeated'],
    6: ['attribute', 'string', 'repeated'],
    11: ['attributeProto', 'AttributeProto', 'repeated'],
    7: ['node', 'NodeProto', 'repeated'],
    8: ['docString', 'string'],
    9: ['opsetImport', 'OperatorSetIdProto', 'repeated'],
    10: ['domain', 'string'],
    13: ['overload', 'string'],
  },
  GraphProto: {
    1: ['node', 'NodeProto', 'repeated'],
    2: ['name', 'string'],
    5: ['initializer', 'TensorProto', 'repeated'],
    10: ['docString', 'string'],
    11: ['input', 'ValueInfoProto', 'repeated'],
    12: ['output', 'ValueInfoProto', 'repeated'],
    13: ['valueInfo', 'ValueInfoProto', 'repeated'],
  },
  NodeProto: {
    1: ['input', 'string', 'repeated'],
    2: ['output', 'string', 'repeated'],
    3: ['name', 'string'],
    4: ['opType', 'string'],
    5: ['attribute', 'AttributeProto', 'repeated'],
    6: ['docString', 'string'],
    7: ['domain', 'string'],
    8: ['overload', 'string'],
  },
  AttributeProto: {
    1: ['name', 'string'],
    2: ['f', 'float'],
    3: ['i', 'integer'],
    4: ['s', 'bytes'],
    5: ['t', 'TensorProto'],
    6: ['g', 'GraphProto'],
    7: ['floats', 'float', 'packed'],
    8: ['ints', 'integer', 'packed'],
    9: ['strings', 'bytes', 'repeated'],
    10: ['tensors', 'TensorProto', 'repeated'],
    11: ['graphs', 'GraphProto', 'repeated'],
    13: ['docString', 'string'],
    20: ['type', 'integer'],
    21: ['refAttrName', 'string'],
  },
  ValueInfoProto: { 1: ['name', 'string'], 2: ['type', 'TypeProto'], 3: ['docString', 'string'] },
  TypeProto: { 1: ['tensorType', 'TensorTypeProto'], 6: ['denotation', 'string'] },
  TensorTypeProto: { 1: ['elemType', 'integer'], 2: ['shape', 'TensorShapeProto'] },
  TensorShapeProto: { 1: ['dim', 'DimensionProto', 'repeated'] },
  DimensionProto: { 1: ['dimValue', 'integer'], 2: ['dimParam', 'string'], 3: ['denotation', 'string'] },
  TensorProto: {
    1: ['dims', 'integer', 'packed'],
    2: ['dataType', 'integer'],
    4: ['floatData', 'float', 'packed'],
    5: ['int32Data', 'integer', 'packed'],
    6: ['stringData', 'bytes', 'repeated'],
    7: ['int64Data', 'integer', 'packed'],
    8: ['name', 'string'],
    9: ['rawData', 'raw'],
    10: ['doubleData', 'double', 'packed'],
    11: ['uint64Data', 'integer', 'packed'],
    12: ['docString', 'string'],
    13: ['externalData', 'StringStringEntryProto', 'repeated'],
    14: ['dataLocation', 'integer'],
  },
};

/** Fields whose loss would change what a model computes: a model that has one is refused. */
export const unsupportedFields: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  GraphProto: { 15: 'sparse initializers' },
  AttributeProto: { 22: 'sparse tensors', 23: 'sparse tensors', 14: 'type attributes', 15: 'type attributes' },
  TypeProto: { 4: 'sequences', 5: 'maps', 8: 'sparse tensors', 9: 'optional values' },
};
