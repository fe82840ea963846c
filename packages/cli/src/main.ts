import { isRankError } from '@rank-rank/core';
import { Command, CommanderError } from 'commander';
import { exitCodes } from './command.ts';
import { demoCommand } from './commands/demo.ts';
import { doctorCommand } from './commands/doctor.ts';
import { encodeCommand } from './commands/encode.ts';
import { evalCommand } from './commands/eval.ts';
import { explainCommand } from './commands/explain.ts';
import { fuseCommand } from './commands/fuse.ts';
import { indexCommand } from './commands/index-files.ts';
import { modelCommand } from './commands/model.ts';
import { rerankCommand } from './commands/rerank.ts';
import { runCommand } from './commands/run.ts';
import { searchCommand } from './commands/search.ts';
import { red } from './terminal/terminal.ts';
import { version } from './version.ts';

/** In the order in which they are met. */
const commands: readonly (() => Command)[] = [
  demoCommand,
  indexCommand,
  searchCommand,
  runCommand,
  explainCommand,
  rerankCommand,
  encodeCommand,
  modelCommand,
  evalCommand,
  fuseCommand,
  doctorCommand,
];

/** Runs the `rank` command; gives the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = new Command('rank')
    .description('The ranking stack: index, search, fuse, rerank, evaluate.')
    .version(version, '-V, --version')
    .showHelpAfterError('(rank COMMAND --help shows an example)')
    .showSuggestionAfterError();
  for (const make of commands) program.addCommand(make());
  for (const each of [program, ...program.commands.flatMap((made) => [made, ...made.commands])]) each.exitOverride();
  // A reader that closes the pipe early (head) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.success);
  });
  try {
    await program.parseAsync(argv as string[]);
    return Number(process.exitCode ?? exitCodes.success);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
    return report(error, argv.includes('--json'));
  }
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
