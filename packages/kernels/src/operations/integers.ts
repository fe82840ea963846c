import { checkInteger, checkOneOf, checkOptions, RankError, shown } from '@rank-rank/core';
import { checkArray, checkLength, mostRows } from '../check.ts';
import type { OutOption, PackedIntegers } from '../contract.ts';
import type { Plan } from '../plan.ts';

const modes = ['plain', 'frame', 'delta'] as const;

function checkBlock(where: string, block: unknown): 128 | 256 {
  if (block === 128 || block === 256) return block;
  throw new RankError('OUT_OF_RANGE', `${where}: block is ${shown(block)}; expected 128 or 256.`);
}

export function* packIntegers(
  values: Uint32Array,
  options: { readonly mode?: 'plain' | 'frame' | 'delta'; readonly block?: 128 | 256 } = {},
): Plan<PackedIntegers> {
  const where = 'packIntegers';
  checkOptions(where, options, ['mode', 'block']);
  checkArray(`${where}: values`, values, Uint32Array);
  const mode = checkOneOf(`${where}: mode`, options.mode ?? 'frame', modes);
  const block = checkBlock(where, options.block ?? 128);
  const count = values.length;
  if (mode === 'delta') {
    for (let i = 1; i < count; i++) {
      if (values[i]! < values[i - 1]!) {
        throw new RankError(
          'INVALID_ARGUMENT',
          `${where}: values descend at ${i} (${values[i - 1]}, ${values[i]}); mode delta expects them ascending.`,
        );
      }
    }
  }
  const units = Math.ceil(count / block);
  const widths = new Uint8Array(units);
  const bases = new Uint32Array(units);
  const starts = new Uint32Array(units);
  const shared = { values, mode, block, widths, bases };
  const grain = 16_384;
  yield { operation: 'packIntegers', arguments: { ...shared, starts: undefined, words: undefined }, units, grain };
  let total = 0;
  for (let b = 0; b < units; b++) {
    starts[b] = total;
    total += (block / 32) * widths[b]!;
  }
  if (total > mostRows) throw new RankError('OUT_OF_RANGE', `${where}: the packed values take ${total} words; at most ${mostRows} fit.`);
  const words = new Uint32Array(total);
  yield { operation: 'packIntegers', arguments: { ...shared, starts, words }, units, grain };
  return { mode, block, count, words, starts, widths, bases };
}

export function* unpackIntegers(
  packed: PackedIntegers,
  options: OutOption<Uint32Array> & { readonly from?: number; readonly to?: number } = {},
): Plan<Uint32Array> {
  const where = 'unpackIntegers';
  checkOptions(where, options, ['from', 'to', 'out']);
  if (typeof packed !== 'object' || packed === null) {
    throw new RankError('INVALID_ARGUMENT', `${where}: packed integers are ${shown(packed)}; expected what packIntegers gives.`);
  }
  const mode = checkOneOf(`${where}: mode`, packed.mode, modes);
  const block = checkBlock(where, packed.block);
  const count = checkInteger(`${where}: count`, packed.count, { min: 0, max: mostRows });
  const blocks = Math.ceil(count / block);
  const words = checkArray(`${where}: words`, packed.words, Uint32Array);
  const starts = checkArray(`${where}: starts`, packed.starts, Uint32Array);
  const widths = checkArray(`${where}: widths`, packed.widths, Uint8Array);
  const bases = checkArray(`${where}: bases`, packed.bases, Uint32Array);
  for (const [name, list] of Object.entries({ starts, widths, bases })) checkLength(`${where}: ${name}`, list, blocks, 'one a block');
  const to = checkInteger(`${where}: to`, options.to ?? blocks, { min: 0, max: blocks });
  const from = checkInteger(`${where}: from`, options.from ?? 0, { min: 0, max: to });
  const length = Math.max(0, Math.min(count, to * block) - from * block);
  const out = options.out === undefined ? new Uint32Array(length) : checkArray(`${where}: out`, options.out, Uint32Array);
  checkLength(`${where}: out`, out, length, 'what the blocks hold');
  yield {
    operation: 'unpackIntegers',
    arguments: { mode, block, count, words, starts, widths, bases, from, out },
    units: to - from,
    grain: 16_384,
  };
  return out;
}
