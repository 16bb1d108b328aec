/** Real packets do what a rule set means, whatever it says: the kernel, the agent's own judge and the contract agree. */
import { createJudge } from '@atoll/agent/plan/judge';
import type { RuleSet } from '@atoll/schema/node/network';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { endpointAt, fixedId, pools } from '../../agent/test/fixtures.ts';
import { Segment } from './lab/segment.ts';
import { answerDatagrams, type Probe } from './lab/volley.ts';
import { nodePasses } from './model/rule-set.ts';
import { enforce, everyProbe, forgetConnections, prove } from './proof.ts';
import { diceOf, seedOf } from './random.ts';
import { ports, randomRuleSets } from './worlds/rule-sets.ts';

const rounds = 12;
const seed = seedOf('random rule sets');
const ends = Array.from({ length: 8 }, (_, index) => endpointAt(fixedId('instance', index + 1), 1, index + 2));
const local = [ends.slice(0, 4), ends.slice(4)];
let segment: Segment;
let probes: readonly Probe[];

beforeAll(async () => {
  segment = await Segment.open();
  for (const mine of local) {
    const node = await segment.node();
    for (const end of mine) await segment.pod(node, end);
  }
  answerDatagrams([...segment.pods, ...segment.outside]);
  probes = everyProbe(segment, ports);
});
afterAll(() => segment?.close());

const packetOf = ({ source, destination, family, protocol, port }: Probe) => ({
  source: source[family],
  destination: destination[family],
  protocol,
  port,
});

function judged(ruleSets: readonly RuleSet[]): (probe: Probe) => boolean {
  const judges = ruleSets.map((rules) => createJudge({ rules, pools }));
  return (probe) => {
    const { family, source, destination, protocol, port } = probe;
    const asked = protocol === 'ICMP' ? ({ protocol, icmp: 'ECHO_REQUEST' } as const) : { protocol, port };
    const flow = { ...asked, family, source: source[family], destination: destination[family] };
    return judges.every((judge) => judge.allows(flow));
  };
}

test(`${rounds} random rule sets on two nodes`, { timeout: 120_000 }, async () => {
  for (let round = 0; round < rounds; round++) {
    // Every fourth time the connections of the round before are still there: what is forbidden by now must have been cut.
    if (round % 4 !== 3) await forgetConnections(segment);
    const ruleSets = randomRuleSets(diceOf(seed + round), local);
    await enforce(segment, ruleSets);
    const proof = await prove(probes, {
      contract: (probe) => ruleSets.every((rules) => nodePasses({ rules, pools }, packetOf(probe))),
      judge: judged(ruleSets),
    });
    expect(proof.mismatches, `seed ${seed + round}`).toEqual([]);
    expect(proof.passed).toBeGreaterThan(0);
  }
});
