/**
 * Condorcet fusion against ranx 0.3.21; the figures were made by record-condorcet.py.
 *
 * Where majorities form a cycle, several orders have no document beaten by the next one, and which of them ranx finds changes with the hash seed of
 * its process. What is the same in all of them: the order of the groups of documents that are in cycles with one another (the strongly
 * connected components of the majority graph), and so the whole order where there is no cycle.
 */
import { join } from 'node:path';
import { readRun } from '@rank-rank/core/files';
import { describeWithData } from '@rank-rank/testing';
import { expect, it } from 'vitest';
import { condorcet } from '../index.ts';
import recorded from './ranx-condorcet.json' with { type: 'json' };

describeWithData('condorcet agrees with ranx', 'runs/robust03', (path) => {
  it('wherever majorities decide', async () => {
    const runs = await Promise.all(['InexpC2', 'SABIR03BASE', 'Sel50'].map((name) => readRun(join(path, `input.${name}.gz`))));
    let [documents, withoutCycle] = [0, 0];
    for (const [query, order] of Object.entries(recorded.orders)) {
      const tops = runs.map((run) =>
        run
          .get(query)!
          .slice(0, 300)
          .map(({ id }) => id),
      );
      const common = tops[0]!.filter((id) => tops.every((top) => top.includes(id))).toSorted();
      const voters = tops.map((top) => top.filter((id) => common.includes(id)));
      const ours = condorcet(voters).map(({ id }) => common.indexOf(id));
      const ranks = voters.map((voter) => common.map((id) => voter.indexOf(id)));
      const beats = (a: number, b: number): boolean => ranks.filter((rank) => rank[a]! < rank[b]!).length >= 2;
      const group = groups(common.length, beats);
      expect(order.map((document) => group[document])).toEqual(ours.map((document) => group[document]));
      for (let i = 1; i < ours.length; i++) expect(beats(ours[i]!, ours[i - 1]!)).toBe(false);
      documents += common.length;
      if (new Set(group).size === common.length) {
        expect(ours).toEqual(order);
        withoutCycle++;
      }
    }
    expect([documents, withoutCycle]).toEqual([3197, 2]);
  });
});

/**
 * The strongly connected components of a tournament, numbered best first. In the order of wins, the first k documents end a component where they
 * have won all they could: against one another, and against everyone else.
 */
function groups(count: number, beats: (a: number, b: number) => boolean): number[] {
  const wins = Array.from(
    { length: count },
    (_, a) => Array.from({ length: count }, (__, b) => b).filter((b) => b !== a && beats(a, b)).length,
  );
  const group = new Array<number>(count).fill(0);
  let [component, won] = [0, 0];
  for (const [i, document] of [...wins.keys()].toSorted((a, b) => wins[b]! - wins[a]!).entries()) {
    group[document] = component;
    won += wins[document]!;
    const first = i + 1;
    if (won === (first * i) / 2 + first * (count - first)) component++;
  }
  return group;
}
