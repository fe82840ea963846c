import { spawn } from 'node:child_process';

export interface ScriptOutcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** What was printed, parsed, where `--json` was asked for and the script succeeded. */
  // biome-ignore lint/suspicious/noExplicitAny: documents of many forms.
  readonly json: any;
}

export interface ScriptOptions {
  readonly cwd?: string;
  readonly stdin?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** The environment of a process whose output a test reads: no colour, whatever runs the tests asks for. */
export function plainEnvironment(extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { FORCE_COLOR: _forced, ...rest } = process.env;
  return { ...rest, NO_COLOR: '1', ...extra };
}

/** Runs a script with this Node, as a user would, to its end. */
export function runScript(script: string, args: readonly string[], options: ScriptOptions = {}): Promise<ScriptOutcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...args], { cwd: options.cwd, env: plainEnvironment(options.env), stdio: 'pipe' });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err, json: args.includes('--json') && code === 0 ? JSON.parse(out) : undefined }));
    child.stdin.end(options.stdin ?? '');
  });
}
