/** What happens at load: damaged and foreign libraries are passed over with one warning, and names that do not run here are refused with the reason. */
import { constants } from 'node:buffer';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type * as loading from './load.ts';
import { openKernels } from './load.ts';

const folder = mkdtempSync(join(tmpdir(), 'rank-rank-load-'));
const built = process.env['RANK_KERNELS_FOLDER'] ?? fileURLToPath(new URL('../build', import.meta.url));
const isBuilt = existsSync(join(built, 'kernels.node'));

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true, force: true });
});

/** A folder with such a library, and a description that fits it unless one is given. */
function put(library: Uint8Array | string, description?: string): void {
  mkdirSync(folder, { recursive: true });
  const bytes = Buffer.from(library as string);
  writeFileSync(join(folder, 'kernels.node'), bytes);
  const fitting = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  writeFileSync(join(folder, 'kernels.json'), description ?? JSON.stringify(fitting));
  vi.stubEnv('RANK_KERNELS_FOLDER', folder);
}

/** The module as a process finds it that has just started, and what it warns of. */
async function started(): Promise<{ openKernels: typeof loading.openKernels; warnings: string[] }> {
  vi.resetModules();
  const warnings: string[] = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
    warnings.push(String(warning));
  });
  const { openKernels } = (await import('./load.ts')) as typeof loading;
  return { openKernels, warnings };
}

async function expectFallback(reason: RegExp): Promise<void> {
  const { openKernels, warnings } = await started();
  const first = openKernels().describe();
  expect(first.backend).not.toBe('native');
  expect(first.why).toMatch(reason);
  expect(first.available.filter((name) => name.startsWith('native'))).toEqual([]);
  openKernels();
  openKernels('js');
  expect(warnings).toHaveLength(1);
  expect(warnings[0]).toMatch(reason);
  expect(warnings[0]).toMatch(/native\/build\.mjs/);
  expect(() => openKernels('native')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringMatching(reason) }));
}

describe('a mapped file', () => {
  // A runtime that refuses a buffer of this size lets go of the mapping itself: doing it once more ends the process.
  it('that is larger than an array may be is refused, and the process goes on', () => {
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'large');
    writeFileSync(path, '');
    truncateSync(path, 2 ** 32 + 4096);
    for (const name of openKernels().describe().available) {
      const kernels = openKernels(name);
      if (constants.MAX_LENGTH <= 2 ** 32) expect(() => kernels.mapFile(path)).toThrow(expect.objectContaining({ code: 'OUT_OF_RANGE' }));
      expect(kernels.mapFile(path, { offset: 2 ** 32, length: 4096 }).byteLength).toBe(4096);
    }
  });
});

describe('a native library', () => {
  it('that is no library is passed over, and said so once', async () => {
    put('this is no library at all');
    await expectFallback(/was not used/);
  });

  it('without its description is passed over', async () => {
    put('anything', 'no JSON');
    await expectFallback(/was not used/);
  });

  it.runIf(isBuilt)('that was cut off or changed is passed over before it is loaded', async () => {
    const description = readFileSync(join(built, 'kernels.json'), 'utf8');
    const library = readFileSync(join(built, 'kernels.node'));
    put(library.subarray(0, library.length >> 1), description);
    await expectFallback(/damaged/);
    const changed = Buffer.from(library);
    changed[changed.length >> 1]! ^= 1;
    put(changed, description);
    await expectFallback(/damaged/);
  });

  it.runIf(isBuilt && process.platform === 'linux')('for another processor is passed over', async () => {
    const library = Buffer.from(readFileSync(join(built, 'kernels.node')));
    // The machine that an ELF file is for.
    library.writeUInt16LE(library.readUInt16LE(18) === 183 ? 62 : 183, 18);
    put(library);
    await expectFallback(/was not used/);
  });

  it('that was named and is not there is missed', async () => {
    vi.stubEnv('RANK_KERNELS_FOLDER', join(folder, 'nowhere'));
    await expectFallback(/was not used/);
  });
});

describe('kernels by name', () => {
  it('are those, or an error that names what runs here', async () => {
    const { openKernels } = await started();
    const { available, backend, instructionSet, why } = openKernels().describe();
    expect(available[0]).toBe(`${backend}:${instructionSet}`);
    expect(why.length).toBeGreaterThan(10);
    for (const name of available) {
      const described = openKernels(name).describe();
      expect(`${described.backend}:${described.instructionSet}`).toBe(name);
      expect(described.why).toContain(`${name} was asked for`);
    }
    expect(() => openKernels('cuda')).toThrow(
      expect.objectContaining({ code: expect.any(String), message: expect.stringMatching(/native, wasm, js/) }),
    );
    expect(() => openKernels('js:avx2')).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED', message: expect.stringMatching(/scalar/) }),
    );
  });
});
