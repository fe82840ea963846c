import { isRankError } from '@rank-rank/core';
import { Command, CommanderError } from 'commander';
import { configure, exitCodes } from './command.ts';
import { benchCommand } from './commands/bench.ts';
import { compactCommand, repairCommand, statsCommand, verifyCommand } from './commands/collection-care.ts';
import { compareCommand } from './commands/compare.ts';
import { completionCommand } from './commands/completion.ts';
import { convertCommand } from './commands/convert.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { encodeCommand } from './commands/encode.ts';
import { evalCommand } from './commands/eval.ts';
import { explainCommand } from './commands/explain.ts';
import { exportCommand } from './commands/export.ts';
import { fuseCommand } from './commands/fuse.ts';
import { indexCommand } from './commands/index-files.ts';
import { initCommand } from './commands/init.ts';
import { modelCommand } from './commands/model.ts';
import { quantizeCommand } from './commands/quantize.ts';
import { removeCommand } from './commands/remove.ts';
import { rerankCommand } from './commands/rerank.ts';
import { runCommand } from './commands/run.ts';
import { searchCommand } from './commands/search.ts';
import { tokensCommand } from './commands/tokens.ts';
import { tuneCommand } from './commands/tune.ts';
import { applyConfig, loadConfig } from './config.ts';
import { red } from './terminal/terminal.ts';
import { version } from './version.ts';

/** In the order in which they are met. */
const commands: readonly (() => Command)[] = [
  demoCommand,
  initCommand,
  indexCommand,
  searchCommand,
  runCommand,
  explainCommand,
  removeCommand,
  rerankCommand,
  encodeCommand,
  tokensCommand,
  modelCommand,
  quantizeCommand,
  fuseCommand,
  evalCommand,
  compareCommand,
  tuneCommand,
  benchCommand,
  convertCommand,
  exportCommand,
  statsCommand,
  verifyCommand,
  repairCommand,
  compactCommand,
  doctorCommand,
  completionCommand,
];

/** Runs the `rank` command; gives the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('rank')
    .description('The ranking stack: index, search, fuse, rerank, evaluate.')
    .version(version, '-V, --version')
    .showHelpAfterError('(rank COMMAND --help shows an example)')
    .showSuggestionAfterError();
  for (const make of commands) program.addCommand(make());
  const all = allUnder(program);
  for (const each of [program, ...all]) each.exitOverride();
  // A reader that closes the pipe early (head) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.success);
  });
  try {
    const found = await loadConfig(process.cwd(), optionIn(argv, '--config'));
    configure(program, found.config);
    applyConfig(found, all);
    await program.parseAsync(argv as string[]);
    return Number(process.exitCode ?? exitCodes.success);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
    return report(error, argv.includes('--json'));
  }
}

/** The value of an option, before anything is parsed. */
function optionIn(argv: readonly string[], name: string): string | undefined {
  const at = argv.findIndex((argument) => argument === name || argument.startsWith(`${name}=`));
  if (at < 0) return undefined;
  return argv[at]!.includes('=') ? argv[at]!.slice(name.length + 1) : argv[at + 1];
}

function allUnder(command: Command): Command[] {
  return command.commands.flatMap((child) => [child, ...allUnder(child)]);
}

/** Says what went wrong, and gives the exit code for it. */
function report(error: unknown, json: boolean): number {
  if (!isRankError(error)) {
    process.stderr.write(`${red('error:')} ${(error as Error)?.stack ?? String(error)}\n`);
    return exitCodes.failure;
  }
  process.stderr.write(json ? `${JSON.stringify({ error })}\n` : `${red('error:')} ${error.message}\n`);
  const usage = ['INVALID_ARGUMENT', 'UNKNOWN_OPTION', 'OUT_OF_RANGE'].includes(error.code);
  return usage ? exitCodes.usage : exitCodes.failure;
}
