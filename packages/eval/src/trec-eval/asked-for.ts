import { unknownName } from '@rank-rank/core';
import { splitTrecName, trecMeasures, trecNicknames } from '../grammar/trec-names.ts';

/** The measures asked for, with their parameters. A measure asked for twice has the parameters it had first, as in trec_eval. */
export function askedFor(
  names: readonly string[],
  others: readonly string[] = [],
  nicknames: Readonly<Record<string, readonly string[]>> = {},
): Map<string, string | undefined> {
  const asked = new Map<string, string | undefined>();
  const add = (name: string, parameters: string | undefined): void => {
    if (asked.get(name) === undefined) asked.set(name, parameters);
  };
  for (const text of names) {
    if (Object.hasOwn(nicknames, text)) for (const name of nicknames[text]!) add(name, undefined);
    else if (others.length === 0 && Object.hasOwn(trecNicknames, text)) {
      for (const name of ['runid', ...trecNicknames[text]!]) add(name, undefined);
      if (text === 'all_trec') add('relstring', undefined);
    } else {
      const dot = text.indexOf('.');
      const name = dot < 0 ? text : text.slice(0, dot);
      const parameters = dot < 0 ? undefined : text.slice(dot + 1);
      if (name === 'runid' || name === 'num_q' || (others.length === 0 && name === 'relstring') || others.includes(name))
        add(name, parameters);
      else {
        const parts = others.length === 0 ? splitTrecName(text) : undefined;
        if (parts === undefined) {
          const all =
            others.length === 0 ? [...trecMeasures.map((measure) => measure.name), ...Object.keys(trecNicknames), 'relstring'] : others;
          throw unknownName('Measure', name, [...all, ...Object.keys(nicknames), 'runid', 'num_q']);
        }
        for (const { measure, parameters } of parts) add(measure.name, parameters);
      }
    }
  }
  return asked;
}
