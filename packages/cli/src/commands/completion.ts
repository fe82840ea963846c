import { RankError } from '@rank-rank/core';
import type { Command } from 'commander';
import { command } from '../command.ts';

/** The completion of the shell: command names first, then the options of the command. Made from the commands themselves. */
export function completionCommand(): Command {
  const made = command<[string], Record<string, never>>(
    'completion <shell>',
    'The completion script of bash, zsh or fish.',
    'rank completion bash >> ~/.bashrc',
    (each) => each,
    async (session, [shell]) => {
      const program = made.parent!;
      const entries = program.commands.map((each) => ({
        name: each.name(),
        description: each.description(),
        words: [
          ...each.commands.map((child) => child.name()),
          ...each.options.map((option) => option.long).filter((flag) => flag !== undefined),
        ],
      }));
      const script = scripts[shell];
      if (script === undefined)
        throw new RankError('INVALID_ARGUMENT', `rank completion ${shell}: expected one of ${Object.keys(scripts).join(', ')}.`);
      session.print({ shell, script: script(entries) }, () => script(entries));
    },
  );
  return made;
}

interface Entry {
  readonly name: string;
  readonly description: string;
  readonly words: readonly string[];
}

const scripts: Readonly<Record<string, (entries: readonly Entry[]) => string>> = {
  bash: (entries) =>
    [
      '_rank() {',
      '  local word="$2"',
      '  local command=$(cut -d" " -f2 <<< "$COMP_LINE")',
      '  if [ "$COMP_CWORD" -eq 1 ]; then',
      `    COMPREPLY=($(compgen -W "${entries.map(({ name }) => name).join(' ')}" -- "$word"))`,
      '    return',
      '  fi',
      '  case "$command" in',
      ...entries.map(({ name, words }) => `    ${name}) COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$word")) ;;`),
      '  esac',
      '}',
      'complete -o default -F _rank rank',
    ].join('\n'),
  zsh: (entries) =>
    [
      '#compdef rank',
      '_rank() {',
      '  if (( CURRENT == 2 )); then',
      `    local -a commands=(${entries.map(({ name, description }) => `'${name}:${quoted(description)}'`).join(' ')})`,
      "    _describe 'command' commands",
      '    return',
      '  fi',
      '  case "$words[2]" in',
      ...entries.map(({ name, words }) => `    ${name}) compadd -- ${words.join(' ')}; _files ;;`),
      '  esac',
      '}',
      'compdef _rank rank',
    ].join('\n'),
  fish: (entries) =>
    entries
      .flatMap(({ name, description, words }) => [
        `complete -c rank -n __fish_use_subcommand -a ${name} -d '${quoted(description)}'`,
        ...words.map(
          (word) =>
            `complete -c rank -n '__fish_seen_subcommand_from ${name}' ${word.startsWith('--') ? `-l ${word.slice(2)}` : `-a ${word}`}`,
        ),
      ])
      .join('\n'),
};

function quoted(text: string): string {
  return text.split('. ')[0]!.replaceAll(/['\\:]/g, ' ');
}
