import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { peersFolder } from '../peers.ts';
import type { Cost } from './in-turn.ts';

const scripts = fileURLToPath(new URL('../../peers/models', import.meta.url));

interface Answer extends Cost {
  readonly kilobytes?: number;
}

/** A peer that is kept running and asked in turn with us, so that both see the same machine. */
export class PeerProcess {
  readonly #child: ChildProcess;
  readonly #waiting: ((answer: Answer | Error) => void)[] = [];
  #errors = '';
  #ended: Error | undefined;

  private constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => this.#waiting.shift()?.(JSON.parse(line) as Answer));
    this.#child.stderr!.on('data', (chunk) => {
      this.#errors = (this.#errors + chunk).slice(-2000);
    });
    this.#child.on('close', () => {
      this.#ended = new Error(`A peer ended: ${this.#errors.trim().split('\n').at(-1)}`);
      for (const answer of this.#waiting.splice(0)) answer(this.#ended);
    });
  }

  /** ONNX Runtime in Python; undefined, with the reason to `note`, where it is not set up. */
  static python(threads: number, note: (text: string) => void): PeerProcess | undefined {
    const python = join(peersFolder, 'late-interaction/bin/python');
    if (existsSync(python)) return new PeerProcess(python, [join(scripts, 'python_runtime.py'), String(threads)]);
    note(`onnxruntime (Python) was not measured: ${python} is not here: run setup.sh of ../shared/bench/models first`);
    return undefined;
  }

  static transformersJs(threads: number, note: (text: string) => void): PeerProcess | undefined {
    const folder = join(peersFolder, 'models/node');
    try {
      createRequire(join(folder, 'package.json')).resolve('@huggingface/transformers');
    } catch {
      note(`transformers.js was not measured: npm i --ignore-scripts --prefix ${folder} @huggingface/transformers`);
      return undefined;
    }
    return new PeerProcess(process.execPath, [join(scripts, 'transformers.mjs'), String(threads)]);
  }

  ask(request: object): Promise<Answer> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push((answer) => (answer instanceof Error ? reject(answer) : resolve(answer)));
      this.#child.stdin!.write(`${JSON.stringify(request)}\n`);
    });
  }

  end(): void {
    this.#child.stdin!.end();
  }
}
