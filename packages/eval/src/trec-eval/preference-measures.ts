import type { GroupCounts, PreferenceCounts } from './preference-counts.ts';

/**
 * trec_eval's measures over preferences. `…_ret` look at pairs of which both documents were retrieved, `…_imp` also at those of which
 * one was, the others at all.
 */
export interface PreferenceMeasure {
  readonly name: string;
  readonly whole?: boolean;
  readonly score: (counts: PreferenceCounts) => number;
}

type Scope = 'all' | 'ret' | 'imp';

function fulfilled(group: GroupCounts, scope: Scope): number {
  return scope === 'ret' ? group.fulfilledRet : group.fulfilledRet + group.fulfilledImp;
}

function possible(group: GroupCounts, scope: Scope): number {
  if (scope === 'ret') return group.possibleRet;
  return group.possibleRet + group.possibleImp + (scope === 'all' ? group.notOccurring : 0);
}

function total(counts: PreferenceCounts, of: (group: GroupCounts) => number): number {
  return counts.groups.reduce((sum, group) => sum + of(group), 0);
}

/** Fulfilled over possible, all preferences alike. */
function simple(scope: Scope): (counts: PreferenceCounts) => number {
  return (counts) => {
    const most = total(counts, (group) => possible(group, scope));
    return most === 0 ? 0 : total(counts, (group) => fulfilled(group, scope)) / most;
  };
}

/** Fulfilled over possible in each group, averaged over groups. */
function byGroup(scope: Scope): (counts: PreferenceCounts) => number {
  return (counts) =>
    total(counts, (group) => {
      const most = possible(group, scope);
      return most === 0 ? 0 : fulfilled(group, scope) / most;
    }) / counts.groups.length;
}

/** For each pair of documents the share of groups whose preference is fulfilled, averaged over pairs. */
function byPair(scope: Scope): (counts: PreferenceCounts) => number {
  return ({ named, retrieved, pairs }) => {
    let sum = 0;
    let count = 0;
    const first = scope === 'all' ? named : retrieved;
    const second = scope === 'ret' ? retrieved : named;
    for (let i = 0; i < first; i++) {
      for (let j = i + 1; j < second; j++) {
        const agreeing = pairs[i * named + j]!;
        const all = agreeing + pairs[j * named + i]!;
        if (all === 0) continue;
        count++;
        if (i < retrieved) sum += agreeing / all;
      }
    }
    return count === 0 ? 0 : sum / count;
  };
}

/** byGroup with as many non-relevant documents as relevant ones, so that the number of judged non-relevant ones does not matter. */
function balanced(scope: 'all' | 'ret'): (counts: PreferenceCounts) => number {
  return (counts) => {
    let sum = 0;
    for (const group of counts.groups) {
      const relevant = scope === 'ret' ? group.relevantRet : group.relevant;
      const nonRelevant = scope === 'ret' ? group.nonRelevantRet : group.nonRelevant;
      const missing = relevant - nonRelevant;
      // The non-relevant documents that are missing stand behind every retrieved relevant one.
      if (missing >= 0)
        sum += (fulfilled(group, scope) + group.relevantRet * missing) / (possible(group, scope) + group.relevant * missing);
      else {
        const [ful, pos] = recount(group, counts, relevant, scope);
        sum += ful / pos;
      }
    }
    // Nothing to compare in one group makes the sum NaN, which trec_eval takes for nothing fulfilled.
    return sum > 0 ? sum / counts.groups.length : 0;
  };
}

/** Counts again with the first `kept` non-relevant documents only. */
function recount(
  group: GroupCounts,
  { named, retrieved }: PreferenceCounts,
  kept: number,
  scope: 'all' | 'ret',
): readonly [fulfilled: number, possible: number] {
  let ful = 0;
  let not = 0;
  const compare = (i: number, j: number): void => {
    if (scope === 'ret' && (i >= retrieved || j >= retrieved)) return;
    if (i < j && i < retrieved) ful++;
    else not++;
  };
  if (group.classes !== undefined) {
    const { classes } = group;
    const worst = classes.at(-1)!.slice(0, kept);
    classes.forEach((better, at) => {
      for (const worse of classes.slice(at + 1, -1)) for (const i of better) for (const j of worse) compare(i, j);
    });
    // trec_eval compares the non-relevant documents with the kept ones among them too, and so do we: to the last digit.
    for (const better of classes) for (const i of better) for (const j of worst) compare(i, j);
  } else {
    const relation = group.relation!;
    const levels = group.levels!;
    const reach = scope === 'ret' ? retrieved : named;
    let seen = 0;
    let firstDropped = 0;
    for (; firstDropped < reach; firstDropped++) if (levels[firstDropped] === 0 && ++seen === group.relevant + 1) break;
    const dropped = (document: number): boolean => document >= firstDropped && levels[document] === 0;
    for (let i = 0; i < reach; i++) {
      if (dropped(i)) continue;
      for (let j = 0; j < reach; j++) if (!dropped(j) && relation[i * named + j] === 1) compare(i, j);
    }
  }
  return [ful, ful + not];
}

/** In the order in which trec_eval prints them. */
export const preferenceMeasures: readonly PreferenceMeasure[] = [
  { name: 'prefs_num_prefs_poss', whole: true, score: (counts) => total(counts, (group) => possible(group, 'all')) },
  { name: 'prefs_num_prefs_ful', whole: true, score: (counts) => total(counts, (group) => fulfilled(group, 'all')) },
  { name: 'prefs_num_prefs_ful_ret', whole: true, score: (counts) => total(counts, (group) => fulfilled(group, 'ret')) },
  { name: 'prefs_simp', score: simple('all') },
  { name: 'prefs_pair', score: byPair('all') },
  { name: 'prefs_avgjg', score: byGroup('all') },
  { name: 'prefs_avgjg_Rnonrel', score: balanced('all') },
  { name: 'prefs_simp_ret', score: simple('ret') },
  { name: 'prefs_pair_ret', score: byPair('ret') },
  { name: 'prefs_avgjg_ret', score: byGroup('ret') },
  { name: 'prefs_avgjg_Rnonrel_ret', score: balanced('ret') },
  { name: 'prefs_simp_imp', score: simple('imp') },
  { name: 'prefs_pair_imp', score: byPair('imp') },
  { name: 'prefs_avgjg_imp', score: byGroup('imp') },
];
