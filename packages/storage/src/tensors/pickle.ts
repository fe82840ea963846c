import { RankError, shown } from '@rank-rank/core';

/** A name that a pickle wants called, such as `torch._utils._rebuild_tensor_v2`. */
export class PickleGlobal {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export interface PickleRules {
  /** Whether a pickle may name this at all. */
  allows(global: string): boolean;
  /** What calling it gives. */
  call(global: string, args: readonly unknown[]): unknown;
  /** What a persistent id stands for. */
  persistent(id: unknown): unknown;
}

const mark = Symbol('mark');

/**
 * Reads a pickle as data. A pickle is a program; this machine knows only the instructions that build numbers, texts, tuples, lists
 * and dictionaries, and hands the few names its rules allow to those rules. Nothing in the file is executed, and any other name or
 * instruction is refused. (Python's `pickletools` documents the instructions; protocols 2 to 5.)
 */
export function readPickle(bytes: Uint8Array, rules: PickleRules, file: string): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = new TextDecoder();
  const stack: unknown[] = [];
  const memo = new Map<number, unknown>();
  let at = 0;

  const corrupt = (reason: string): RankError =>
    new RankError('CORRUPT', `${file}: its pickle is damaged at byte ${at}: ${reason}.`, { file, position: at });
  const take = (length: number): number => {
    if (!(length >= 0) || at + length > bytes.length) throw corrupt('it ends too early');
    at += length;
    return at - length;
  };
  const string = (length: number): string => text.decode(bytes.subarray(take(length), at));
  const pop = (): unknown => {
    if (stack.length === 0 || stack.at(-1) === mark) throw corrupt('an instruction lacks its operand');
    return stack.pop();
  };
  const popToMark = (): unknown[] => {
    const from = stack.lastIndexOf(mark);
    if (from < 0) throw corrupt('a mark is missing');
    const items = stack.splice(from);
    items.shift();
    return items;
  };
  const line = (): string => {
    const stop = bytes.indexOf(10, at);
    if (stop < 0) throw corrupt('a name does not end');
    return string(stop + 1 - at).slice(0, -1);
  };
  const remember = (index: number): void => {
    memo.set(index, stack.at(-1));
  };
  const recall = (index: number): unknown => {
    if (!memo.has(index)) throw corrupt(`memo ${index} is empty`);
    return memo.get(index);
  };
  const global = (name: string): PickleGlobal => {
    if (!rules.allows(name)) {
      throw new RankError(
        'UNSUPPORTED',
        `${file} names ${shown(name)}: only plain tensors are read, and nothing in a checkpoint is executed. Save the weights as safetensors.`,
        { file, global: name },
      );
    }
    return new PickleGlobal(name);
  };
  const setItems = (items: readonly unknown[]): void => {
    const target = stack.at(-1);
    if (!(target instanceof Map)) throw corrupt('items are set on what is no dictionary');
    for (let i = 0; i + 1 < items.length; i += 2) target.set(items[i], items[i + 1]);
  };
  const append = (items: readonly unknown[]): void => {
    const target = stack.at(-1);
    if (!Array.isArray(target)) throw corrupt('items are appended to what is no list');
    for (const item of items) target.push(item);
  };
  const longInteger = (length: number): number => {
    const start = take(length);
    let value = 0n;
    for (let i = 0; i < length; i++) value |= BigInt(bytes[start + i]!) << BigInt(8 * i);
    return Number(BigInt.asIntN(8 * length, value));
  };

  while (true) {
    const opcode = bytes[take(1)]!;
    switch (opcode) {
      case 0x80: // PROTO
        take(1);
        break;
      case 0x95: // FRAME
        take(8);
        break;
      case 0x2e: // STOP
        return pop();
      case 0x28: // MARK
        stack.push(mark);
        break;
      case 0x30: // POP
        stack.pop();
        break;
      case 0x31: // POP_MARK
        popToMark();
        break;
      case 0x4e: // NONE
        stack.push(null);
        break;
      case 0x88: // NEWTRUE
        stack.push(true);
        break;
      case 0x89: // NEWFALSE
        stack.push(false);
        break;
      case 0x4a: // BININT
        stack.push(view.getInt32(take(4), true));
        break;
      case 0x4b: // BININT1
        stack.push(bytes[take(1)]!);
        break;
      case 0x4d: // BININT2
        stack.push(view.getUint16(take(2), true));
        break;
      case 0x8a: // LONG1
        stack.push(longInteger(bytes[take(1)]!));
        break;
      case 0x47: // BINFLOAT
        stack.push(view.getFloat64(take(8), false));
        break;
      case 0x58: // BINUNICODE
        stack.push(string(view.getUint32(take(4), true)));
        break;
      case 0x8c: // SHORT_BINUNICODE
        stack.push(string(bytes[take(1)]!));
        break;
      case 0x55: // SHORT_BINSTRING
        stack.push(string(bytes[take(1)]!));
        break;
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        stack.push([]);
        break;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        break;
      case 0x74: // TUPLE
      case 0x6c: // LIST
        stack.push(popToMark());
        break;
      case 0x85: // TUPLE1
        stack.push([pop()]);
        break;
      case 0x86: {
        // TUPLE2
        const second = pop();
        stack.push([pop(), second]);
        break;
      }
      case 0x87: {
        // TUPLE3
        const third = pop();
        const second = pop();
        stack.push([pop(), second, third]);
        break;
      }
      case 0x61: // APPEND
        append([pop()]);
        break;
      case 0x65: // APPENDS
        append(popToMark());
        break;
      case 0x73: {
        // SETITEM
        const value = pop();
        setItems([pop(), value]);
        break;
      }
      case 0x75: // SETITEMS
        setItems(popToMark());
        break;
      case 0x71: // BINPUT
        remember(bytes[take(1)]!);
        break;
      case 0x72: // LONG_BINPUT
        remember(view.getUint32(take(4), true));
        break;
      case 0x94: // MEMOIZE
        remember(memo.size);
        break;
      case 0x68: // BINGET
        stack.push(recall(bytes[take(1)]!));
        break;
      case 0x6a: // LONG_BINGET
        stack.push(recall(view.getUint32(take(4), true)));
        break;
      case 0x63: // GLOBAL
        stack.push(global(`${line()}.${line()}`));
        break;
      case 0x93: {
        // STACK_GLOBAL
        const name = pop();
        stack.push(global(`${String(pop())}.${String(name)}`));
        break;
      }
      case 0x51: // BINPERSID
        stack.push(rules.persistent(pop()));
        break;
      case 0x52: {
        // REDUCE
        const args = pop();
        const callee = pop();
        if (!(callee instanceof PickleGlobal) || !Array.isArray(args)) throw corrupt('it calls what is no name');
        stack.push(rules.call(callee.name, args));
        break;
      }
      case 0x62: // BUILD: attributes of a dictionary, such as a state dict's _metadata; no tensor is among them
        pop();
        break;
      default:
        throw new RankError(
          'UNSUPPORTED',
          `${file}: its pickle uses instruction 0x${opcode.toString(16)} at byte ${at - 1}, which plain tensors do not need.`,
          {
            file,
            opcode,
          },
        );
    }
  }
}
