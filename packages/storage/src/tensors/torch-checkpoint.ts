import { RankError, shown, unknownName } from '@rank-rank/core';
import { bytesFor, type Dtype, elements } from './dtype.ts';
import { PickleGlobal, readPickle } from './pickle.ts';
import { openFile, type PositionedFile } from './positioned-file.ts';
import type { TensorInfo, TensorSource } from './tensor-source.ts';
import { readZipDirectory, type StoredMember } from './zip.ts';

const storageDtypes: Record<string, Dtype> = {
  'torch.FloatStorage': 'F32',
  'torch.HalfStorage': 'F16',
  'torch.BFloat16Storage': 'BF16',
  'torch.DoubleStorage': 'F64',
  'torch.LongStorage': 'I64',
  'torch.IntStorage': 'I32',
  'torch.ShortStorage': 'I16',
  'torch.CharStorage': 'I8',
  'torch.ByteStorage': 'U8',
  'torch.BoolStorage': 'BOOL',
};
const rebuilders = ['torch._utils._rebuild_tensor_v2', 'torch._utils._rebuild_parameter'];

interface Storage {
  readonly dtype: Dtype;
  readonly member: StoredMember;
}

/** A tensor as the pickle describes it: a window of a storage. */
class StoredView {
  readonly storage: Storage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
  constructor(storage: Storage, offset: number, shape: readonly number[], strides: readonly number[]) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.strides = strides;
  }
}

/**
 * Opens a PyTorch checkpoint (`.pt`, `.bin`: a ZIP archive of a pickle and raw storages) as plain tensors. The pickle is read by a
 * machine that knows nothing but tensors: see {@link readPickle}. Nested state dictionaries are joined with dots; in
 * lists and tuples a tensor is named by its position, and one that is alone by ''.
 */
export async function openTorchCheckpoint(path: string): Promise<TensorSource> {
  const file = await openFile(path);
  try {
    await refuseOtherFormats(file);
    const members = await readZipDirectory(file);
    const pickled = [...members.values()].find(({ name }) => /(^|\/)data\.pkl$/.test(name));
    if (pickled === undefined)
      throw new RankError('CORRUPT', `${path} is a ZIP archive without data.pkl: it is no PyTorch checkpoint.`, { file: path });
    const folder = pickled.name.slice(0, -'data.pkl'.length);
    const order = members.get(`${folder}byteorder`);
    if (order !== undefined && new TextDecoder().decode(await file.read(order.position, order.size)) !== 'little') {
      throw new RankError('UNSUPPORTED', `${path} was written on a big-endian machine. Save the weights as safetensors.`, { file: path });
    }
    const views = new Map<string, StoredView>();
    collect(readState(await file.read(pickled.position, pickled.size), members, folder, path), '', views);
    const tensors = new Map<string, TensorInfo>();
    for (const [name, view] of views) {
      const { dtype } = view.storage;
      const byteLength = bytesFor(dtype, elements(view.shape))!;
      checkWindow(view, name, path);
      tensors.set(name, { name, dtype, shape: view.shape, file: path, byteLength });
    }
    return {
      files: [path],
      tensors,
      metadata: {},
      async read(name) {
        const view = views.get(name);
        if (view === undefined) throw unknownName(`${path}: tensor`, name, [...views.keys()], 'NOT_FOUND');
        return { dtype: view.storage.dtype, shape: view.shape, bytes: await readView(file, view) };
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function refuseOtherFormats(file: PositionedFile): Promise<void> {
  const start = file.size >= 2 ? await file.read(0, 2) : new Uint8Array(2);
  if (start[0] === 0x50 && start[1] === 0x4b) return;
  const old = start[0] === 0x80 ? ', but looks like one from before PyTorch 1.6' : '';
  throw new RankError('CORRUPT', `${file.path} is not a PyTorch checkpoint of the ZIP kind${old}. Save the weights as safetensors.`, {
    file: file.path,
  });
}

function readState(pickle: Uint8Array, members: ReadonlyMap<string, StoredMember>, folder: string, path: string): unknown {
  const corrupt = (reason: string): RankError => new RankError('CORRUPT', `${path}: ${reason}.`, { file: path });
  return readPickle(
    pickle,
    {
      allows: (name) => name === 'collections.OrderedDict' || Object.hasOwn(storageDtypes, name) || rebuilders.includes(name),
      persistent(id) {
        const [kind, type, key] = Array.isArray(id) ? id : [];
        const dtype = type instanceof PickleGlobal ? storageDtypes[type.name] : undefined;
        const member = members.get(`${folder}data/${String(key)}`);
        if (kind !== 'storage' || dtype === undefined) throw corrupt(`it refers to ${shown(id)}, which is no storage of numbers`);
        if (member === undefined) throw corrupt(`its storage ${shown(key)} is not in the archive`);
        return { dtype, member } satisfies Storage;
      },
      call(name, args) {
        if (name === 'collections.OrderedDict') return new Map();
        if (name === 'torch._utils._rebuild_parameter') return args[0];
        const [storage, offset, shape, strides] = args as [Storage, number, number[], number[]];
        if (
          !(storage as { member?: unknown })?.member ||
          !Array.isArray(shape) ||
          !Array.isArray(strides) ||
          shape.length !== strides.length
        ) {
          throw corrupt('a tensor in it is not described as one');
        }
        return new StoredView(storage, offset, shape, strides);
      },
    },
    path,
  );
}

/** Names the tensors of (nested) dictionaries, lists and tuples, a tensor that is alone by the empty name; what is none of these is left out. */
function collect(value: unknown, prefix: string, views: Map<string, StoredView>, depth = 0): void {
  // A pickle may hold what holds itself; no checkpoint is this deep.
  if (depth > 32) return;
  if (value instanceof StoredView) views.set(prefix, value);
  else if (value instanceof Map || Array.isArray(value))
    for (const [key, inner] of value.entries()) collect(inner, prefix === '' ? String(key) : `${prefix}.${String(key)}`, views, depth + 1);
}

function checkWindow({ storage, offset, shape, strides }: StoredView, name: string, path: string): void {
  const whole = [offset, ...shape, ...strides].every((size) => Number.isSafeInteger(size) && size >= 0);
  const last = offset + shape.reduce((sum, size, axis) => sum + (size - 1) * strides[axis]!, 0);
  const room = storage.member.size / bytesFor(storage.dtype, 1)!;
  if (!whole || elements(shape) > room || (elements(shape) > 0 && last >= room)) {
    throw new RankError('CORRUPT', `${path}: tensor ${shown(name)} reaches element ${last} of a storage of ${room}: the file is damaged.`, {
      file: path,
      tensor: name,
    });
  }
}

/** The bytes of a tensor, row-major: as they lie where the strides allow it, gathered otherwise (a transposed weight). */
async function readView(file: PositionedFile, { storage, offset, shape, strides }: StoredView): Promise<Uint8Array> {
  const size = bytesFor(storage.dtype, 1)!;
  const count = elements(shape);
  let expected = 1;
  let contiguous = true;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== expected) contiguous = false;
    expected *= shape[axis]!;
  }
  if (contiguous) return file.read(storage.member.position + offset * size, count * size);
  const all = await file.read(storage.member.position, storage.member.size);
  const out = new Uint8Array(count * size);
  const index = new Array<number>(shape.length).fill(0);
  let from = offset;
  for (let i = 0; i < count; i++) {
    for (let b = 0; b < size; b++) out[i * size + b] = all[from * size + b]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= shape[axis]! * strides[axis]!;
      index[axis] = 0;
    }
  }
  return out;
}
