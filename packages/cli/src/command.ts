import { Command, Option } from 'commander';
import type { RankConfig } from './config.ts';
import { ProgressLine } from './terminal/progress-line.ts';

/** What every command is given besides its own arguments and options. */
export interface Session {
  /** Print one JSON document on stdout, and nothing else there. */
  readonly json: boolean;
  readonly quiet: boolean;
  /** What `rank.config` says. */
  readonly config: RankConfig;
  readonly progress: ProgressLine;
  /** Fires on Ctrl-C. */
  readonly signal: AbortSignal;
  /** The result of the command: as JSON with `--json`, else as text for people. */
  print(value: unknown, text: () => string): void;
  /** A remark for people, on stderr. */
  note(text: string): void;
}

/** Exit codes: scripts rely on them. */
export const exitCodes = { success: 0, finding: 1, usage: 2, failure: 3 } as const;

/**
 * A command with the options that all have. The action gets the command's arguments and options as commander parsed them; what it returns is the
 * exit code, 0 if nothing.
 */
export function command<A extends readonly unknown[], O extends Record<string, unknown>>(
  usage: string,
  description: string,
  example: string,
  define: (command: Command) => Command,
  action: (session: Session, args: A, options: O) => Promise<number | undefined>,
): Command {
  const made = define(new Command(usage.split(' ')[0]!).description(description));
  const rest = usage.split(' ').slice(1).join(' ');
  if (rest !== '') made.arguments(rest);
  made
    .addOption(new Option('--json', 'print one JSON document'))
    .addOption(new Option('-q, --quiet', 'no progress and no remarks'))
    .addOption(new Option('--config <file>', 'read options from this file instead of rank.config.ts, .js or .json here'))
    .addHelpText('after', `\nExample:\n  ${example.split('\n').join('\n  ')}`)
    .action(async (...parameters: unknown[]) => {
      const args = parameters.slice(0, made.registeredArguments.length) as unknown as A;
      const {
        json = false,
        quiet = false,
        config: _,
        ...options
      } = made.opts<Record<string, unknown> & { json?: boolean; quiet?: boolean }>();
      const session = newSession(json, quiet, configOf(made));
      try {
        const code = await action(session, args, options as unknown as O);
        session.progress.clear();
        if (typeof code === 'number') process.exitCode = code;
      } catch (error) {
        session.progress.clear();
        throw error;
      }
    });
  return made;
}

const configs = new WeakMap<Command, RankConfig>();

/** Tells a command and those under it what the configuration says. */
export function configure(command: Command, config: RankConfig): void {
  configs.set(command, config);
  for (const child of command.commands) configure(child, config);
}

function configOf(command: Command): RankConfig {
  return configs.get(command) ?? {};
}

function newSession(json: boolean, quiet: boolean, config: RankConfig): Session {
  const progress = new ProgressLine(quiet || json);
  const controller = new AbortController();
  process.once('SIGINT', () => {
    progress.clear();
    process.stderr.write('Stopping. What was committed stays.\n');
    controller.abort();
    // A second Ctrl-C ends at once.
    process.once('SIGINT', () => process.exit(130));
  });
  return {
    json,
    quiet,
    config,
    progress,
    signal: controller.signal,
    print(value, text) {
      progress.clear();
      process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${text()}\n`);
    },
    note(text) {
      if (quiet || json) return;
      progress.clear();
      process.stderr.write(`${text}\n`);
    },
  };
}
