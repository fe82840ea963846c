import { checkInteger, checkNumber, checkOptions, RankError, shown } from '@rank-rank/core';
import { type Controls, type Stage, type StageOptions, stageOptionNames } from './stage.ts';

/** Checks the options that all stages share, and gives them as a stage carries them. `own` are the stage's other options. */
export function controlsOf<I, O>(
  where: string,
  options: StageOptions<I, O>,
  own: readonly string[] = [],
): Pick<Stage<I, O>, 'controls' | 'name'> {
  checkOptions(where, options, [...stageOptionNames, ...own]);
  const { name, timeout, fallback, breaker, cache } = options;
  if (name !== undefined && (typeof name !== 'string' || !/^[\w .:-]{1,64}$/.test(name))) {
    throw new RankError('INVALID_ARGUMENT', `${where}: name is ${shown(name)}; expected 1 to 64 letters, digits, spaces or one of . : _ -`);
  }
  if (timeout !== undefined) checkNumber(`${where}: timeout`, timeout, { above: 0 });
  if (fallback !== undefined && typeof fallback !== 'object' && !['fail', 'skip', 'previous'].includes(fallback)) {
    throw new RankError('INVALID_ARGUMENT', `${where}: fallback is ${shown(fallback)}; expected "fail", "skip", "previous" or a stage.`);
  }
  if (breaker !== undefined) {
    checkOptions(`${where}: breaker`, breaker, ['failures', 'cooldown']);
    checkInteger(`${where}: breaker.failures`, breaker.failures, { min: 1 });
    checkNumber(`${where}: breaker.cooldown`, breaker.cooldown, { min: 0 });
  }
  if (cache !== undefined) {
    checkOptions(`${where}: cache`, cache, ['entries', 'seconds']);
    checkInteger(`${where}: cache.entries`, cache.entries, { min: 1 });
    if (cache.seconds !== undefined) checkNumber(`${where}: cache.seconds`, cache.seconds, { above: 0 });
  }
  const controls: Controls<I, O> = {
    ...(timeout !== undefined && { timeout }),
    ...(fallback && { fallback }),
    ...(breaker && { breaker }),
    ...(cache && { cache }),
  };
  return { ...(name !== undefined && { name }), ...(Object.keys(controls).length > 0 && { controls }) };
}
