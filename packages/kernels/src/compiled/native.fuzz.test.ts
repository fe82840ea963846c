/** Calls of every operation as the native library gets them, with numbers, buffers and what stands in them damaged: an error may come, a crash may not. */
import { describe, expect, it } from 'vitest';
import { javascriptMachine } from '../js/machine.ts';
import { createKernels } from '../kernels.ts';
import type { Machine } from '../plan.ts';
import { callsOf } from '../testing/calls.ts';
import { cases, oracle } from '../testing/cases.ts';
import { damaged } from '../testing/damage.ts';
import { type Buffer, encoders, header, Writer } from './encode.ts';
import { loadNative, type NativeModule } from './native.ts';

const native = loadNative();
const noFile = (): never => {
  throw new Error('no file is read here');
};

/** A call as it is written down: the header and its numbers, and its buffers. */
interface Written {
  readonly numbers: Float64Array;
  readonly buffers: Buffer[];
}

/** Kernels that run in JavaScript, and hand every step, written down, to `take` before it runs. */
function recorded(library: NativeModule, take: (written: Written) => void) {
  const javascript = javascriptMachine(noFile);
  const writer = new Writer();
  const machine: Machine = {
    ...javascript,
    run(step) {
      const encode = encoders[step.operation] as ((writer: Writer, call: unknown) => void) | undefined;
      if (encode !== undefined) {
        writer.start(0, library.operations.indexOf(step.operation));
        encode(writer, step.arguments);
        writer.finish(0, step.units);
        // What a kernel writes to is copied: the step itself still has to run.
        const buffers = writer.buffers.map((buffer) => (buffer as Float32Array | undefined)?.slice());
        take({ numbers: writer.numbers.slice(), buffers });
      }
      javascript.run(step);
    },
  };
  return createKernels(machine, oracle.describe());
}

describe.runIf('run' in native)('the native library', () => {
  const library = native as NativeModule;

  it.each(Object.keys(callsOf))('survives any call of %s', (name) => {
    let faults = 0;
    for (let round = 0; round < 40; round++) {
      const make = cases(`native ${name} ${round}`);
      const { random } = make;
      const kernels = recorded(library, ({ numbers, buffers }) => {
        for (let variant = 0; variant < library.instructionSets.length; variant++) {
          const given = numbers.slice();
          given[header.variant] = variant;
          const handed = buffers.map((buffer) => (buffer as Float32Array | undefined)?.slice() as Buffer);
          const count = given[header.count]!;
          for (let left = 1 + random.integer(3); left > 0; left--) {
            const at = random.integer(handed.length + 2);
            const number = damaged(random, 1);
            if (at < handed.length) handed[at] = damaged(random, handed[at] ?? new Float32Array(2)) as Buffer;
            else if (typeof number === 'number')
              given[at === handed.length ? header.end : header.size + random.integer(count + 1)] = number;
          }
          const sent = handed.filter((buffer) => buffer === undefined || ArrayBuffer.isView(buffer));
          try {
            library.run(given, ...sent);
          } catch {
            faults++;
          }
          if (given[header.fault] !== 0) faults++;
        }
      });
      (kernels[name as keyof typeof kernels] as (...args: unknown[]) => unknown)(...callsOf[name as keyof typeof callsOf]!(make));
    }
    expect(faults).toBeGreaterThan(0);
  });

  it('refuses a header that says nothing', () => {
    for (const numbers of [new Float64Array(0), new Float64Array(header.size).fill(Number.NaN), new Float64Array(64).fill(1e300)]) {
      expect(() => library.run(numbers)).toThrow();
    }
    expect(() => library.run(new Float32Array(64) as never)).toThrow();
    expect(() => (library.run as () => void)()).toThrow();
  });
});
