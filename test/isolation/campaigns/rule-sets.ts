/** Random rule sets, also such as no compiler makes: what packets do is what the contract says, and the agent's own judge. */
import { createJudge } from '@atoll/agent/plan/judge';
import type { RuleSet } from '@atoll/schema/node/network';
import { endpointAt, fixedId, pools } from '../../../agent/test/fixtures.ts';
import { Segment } from '../lab/segment.ts';
import { answerDatagrams, type Probe } from '../lab/volley.ts';
import { nodePasses } from '../model/rule-set.ts';
import { enforce, everyProbe, forgetConnections, type Prover, prove } from '../proof.ts';
import { diceOf } from '../random.ts';
import { ports, randomRuleSets } from '../worlds/rule-sets.ts';

const ends = Array.from({ length: 8 }, (_, index) => endpointAt(fixedId('instance', index + 1), 1, index + 2));
const local = [ends.slice(0, 4), ends.slice(4)];

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

export async function openRuleSetProver(): Promise<Prover> {
  const segment = await Segment.open();
  try {
    for (const mine of local) {
      const node = await segment.node();
      for (const end of mine) await segment.pod(node, end);
    }
  } catch (error) {
    await segment.close();
    throw error;
  }
  answerDatagrams([...segment.pods, ...segment.outside]);
  const probes = everyProbe(segment, ports);
  let rounds = 0;
  return {
    async round(seed) {
      // Every fourth time the connections of the round before are still there: what is forbidden by now must have been cut.
      if (rounds++ % 4 !== 3) await forgetConnections(segment);
      const ruleSets = randomRuleSets(diceOf(seed), local);
      const enforcedMs = await enforce(segment, ruleSets);
      const proof = await prove(probes, {
        contract: (probe) => ruleSets.every((rules) => nodePasses({ rules, pools }, packetOf(probe))),
        judge: judged(ruleSets),
      });
      return { ...proof, enforcedMs };
    },
    close: () => segment.close(),
  };
}
