import { expect, test } from 'vitest';
import { compile, endpointAt, fixedId, type Opening } from '../../test/fixtures.ts';
import { endpointChain } from '../render/dispatch.ts';
import { nodeNames } from '../render/names.ts';
import { Tally, tallyFile } from './tally.ts';

const names = nodeNames(fixedId('node', 1));
const [a, b] = [endpointAt(fixedId('instance', 1), 1, 2), endpointAt(fixedId('instance', 2), 1, 3)];
const opening = (port: number): Opening => ({
  policyId: fixedId('policy', 1),
  from: [a.instanceId],
  to: [b.instanceId],
  protocol: 'TCP',
  ports: { from: port, to: port },
});
const rules = (...ports: readonly number[]) => compile([a, b], ports.map(opening), [b]);
const chainOf = (of: ReturnType<typeof rules>) => {
  const [chain] = of.chains;
  if (chain === undefined) throw new Error('there is one');
  return endpointChain(names, chain.direction, chain.name);
};
const counts = (packets: number) => [{ packets, bytes: packets * 60 }];
const since = '2026-01-01T00:00:00.000Z';
const policies = new Set([fixedId('policy', 1)]);
const total = (tally: Tally) => tally.of(policies).map((one) => [one.ports?.from, one.packets, one.bytes]);

test('counts go on where a chain is written anew, and over a restart', () => {
  const one = rules(80);
  const tally = new Tally(names, null, since);
  tally.learn(one);
  expect(total(tally)).toEqual([[80, 0, 0]]);
  expect(tally.note('ipv4', new Map([[chainOf(one), counts(5)]]))).toBe(true);
  expect(tally.note('ipv4', new Map([[chainOf(one), counts(5)]]))).toBe(false);
  tally.note('ipv6', new Map([[chainOf(one), counts(2)]]));
  expect(total(tally)).toEqual([[80, 7, 420]]);
  // Written anew.
  tally.note('ipv4', new Map([[chainOf(one), counts(1)]]));
  expect(total(tally)).toEqual([[80, 8, 480]]);
  const again = new Tally(names, tallyFile.parse(JSON.parse(JSON.stringify(tally.file()))), '2027-01-01T00:00:00.000Z');
  again.learn(one);
  again.note('ipv4', new Map([[chainOf(one), counts(3)]]));
  expect(total(again)).toEqual([[80, 10, 600]]);
  expect(again.since).toBe(since);
});

test('a rule that is gone keeps its counts, and what its chain counted last is taken before it goes', () => {
  const [before, after] = [rules(80), rules(81)];
  const tally = new Tally(names, null, since);
  tally.learn(before);
  tally.note('ipv4', new Map([[chainOf(before), counts(5)]]));
  tally.learn(after);
  // Both are still there.
  tally.note(
    'ipv4',
    new Map([
      [chainOf(before), counts(6)],
      [chainOf(after), counts(1)],
    ]),
  );
  tally.note('ipv4', new Map([[chainOf(after), counts(4)]]));
  expect(total(tally)).toEqual([
    [81, 4, 240],
    [80, 6, 360],
  ]);
  expect(tally.of(new Set(['pol_other']))).toEqual([]);
});

test('what rules that log decided about and did not log is left out; the decisions count once', () => {
  const plain = rules(80);
  const logging = {
    ...plain,
    chains: plain.chains.map((chain) => ({ ...chain, rules: chain.rules.map((rule) => ({ ...rule, log: true })) })),
  };
  const tally = new Tally(names, null, since);
  tally.learn(logging);
  tally.note('ipv4', new Map([[chainOf(logging), [...counts(3), ...counts(10)]]]));
  tally.note('ipv4', new Map([[chainOf(logging), [...counts(4), ...counts(12)]]]));
  tally.note('ipv6', new Map([[chainOf(logging), [...counts(1), ...counts(1)]]]));
  expect(total(tally)).toEqual([[80, 13, 780]]);
  expect([tally.leftOut(policies), tally.leftOut(['pol_other'])]).toEqual([8, 0]);
  // Rules as an older agent has written them: without the one that logs.
  tally.note('ipv4', new Map([[chainOf(logging), counts(99)]]));
  expect(total(tally)).toEqual([[80, 13, 780]]);
  tally.learn(plain);
  expect(tally.leftOut(policies)).toBe(0);
});
