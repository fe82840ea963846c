import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { freemem, homedir, totalmem } from 'node:os';
import { join } from 'node:path';
import { describeKernels } from '@rank-rank/kernels';
import type { Command } from 'commander';
import { command, exitCodes } from '../command.ts';
import { bold, dim, figure, green, table, yellow } from '../terminal/terminal.ts';
import { version } from '../version.ts';

/** Packages that are not installed by themselves, and what they are for. */
const optional = {
  'onnxruntime-node': 'runs encoders and cross-encoders',
  'onnxruntime-web': 'runs models where there is no native runtime',
  'snowball-stemmers': 'stems languages other than English',
  '@opentelemetry/api': 'traces of pipelines as spans',
} as const;

/** Something that is missing or slow, and how to mend it. */
interface Problem {
  readonly problem: string;
  readonly remedy: string;
}

export function doctorCommand(): Command {
  return command<[], Record<string, never>>(
    'doctor',
    'What this machine brings, what is missing, and how to get it.',
    'rank doctor --json',
    (made) => made,
    async (session) => {
      const kernels = describeKernels();
      const packages = Object.fromEntries(Object.keys(optional).map((name) => [name, versionOf(name) ?? null]));
      const cache = process.env['HF_HOME'] ?? join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'huggingface');
      const problems = problemsOf(kernels.backend, packages);
      const result = {
        version,
        kernels,
        runtimes: { node: process.version, ...packages },
        memory: { total: totalmem(), free: freemem() },
        caches: { models: { path: cache, exists: existsSync(cache) } },
        problems,
      };
      session.print(result, () =>
        [
          table([
            [bold('rank'), version],
            [bold('node'), process.version],
            [bold('kernels'), `${green(kernels.backend)} ${kernels.instructionSet}`],
            ['', dim(kernels.why)],
            [bold('memory'), `${figure(freemem() / 2 ** 30)} of ${figure(totalmem() / 2 ** 30)} GiB free`],
            [bold('models'), `${cache}${existsSync(cache) ? '' : dim(' (nothing there yet)')}`],
            ...Object.entries(packages).map(([name, found]) => [
              bold(name),
              found ?? dim(`not installed; ${optional[name as keyof typeof optional]}`),
            ]),
          ]),
          ...problems.map(({ problem, remedy }) => `\n${yellow('!')} ${problem}\n  ${remedy}`),
        ].join('\n'),
      );
      return problems.length > 0 ? exitCodes.finding : exitCodes.success;
    },
  );
}

function problemsOf(backend: string, packages: Readonly<Record<string, string | null>>): Problem[] {
  const problems: Problem[] = [];
  if (backend !== 'native') {
    problems.push({
      problem: `The kernels run as ${backend === 'wasm' ? 'WebAssembly' : 'JavaScript'}, which is slower than native code.`,
      remedy: 'Install a C compiler (gcc or clang) and run the build of @rank-rank/kernels again, or unset RANK_KERNELS.',
    });
  }
  if (packages['onnxruntime-node'] === null && packages['onnxruntime-web'] === null) {
    problems.push({ problem: 'No ONNX Runtime is installed, so models cannot run.', remedy: 'npm install onnxruntime-node' });
  }
  return problems;
}

/** The installed version of a package; undefined where there is none. */
function versionOf(name: string): string | undefined {
  const require = createRequire(import.meta.url);
  for (const folder of require.resolve.paths(name) ?? []) {
    const manifest = join(folder, name, 'package.json');
    if (existsSync(manifest)) return (require(manifest) as { version: string }).version;
  }
  return undefined;
}
