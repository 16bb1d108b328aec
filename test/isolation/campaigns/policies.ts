/**
 * Random policies, compiled by the real compiler, enforced by real agents, tried with real packets: what happens is what the
 * compiled rules say to who asks them, and what a model says that knows nothing but the policies.
 */
import { createCompiler } from '@atoll/network/compile/compiler';
import type { Intent } from '@atoll/network/compile/model';
import { type Flow, readRules } from '@atoll/schema/node/decide';
import type { RuleSet } from '@atoll/schema/node/network';
import { pools } from '../../../agent/test/fixtures.ts';
import { Segment } from '../lab/segment.ts';
import { answerDatagrams, type Probe } from '../lab/volley.ts';
import { isOpen } from '../model/policies.ts';
import { enforce, everyProbe, forgetConnections, type Oracle, type Prover, prove } from '../proof.ts';
import { diceOf } from '../random.ts';
import { compiledAnew, nothing, tellCompiler } from '../worlds/compiled.ts';
import { mappingsOf, serviceSections } from '../worlds/doors.ts';
import { firstWorld, instancesOf, nextWorld, ports, type World } from '../worlds/policies.ts';
import { proveDoors } from './doors.ts';

const flowOf = ({ source, destination, family, protocol, port }: Probe): Flow => {
  const asked = protocol === 'ICMP' ? ({ protocol, icmp: 'ECHO_REQUEST' } as const) : ({ protocol, port } as const);
  return { ...asked, family, source: source[family], destination: destination[family] };
};

export async function openPolicyProver(): Promise<Prover> {
  const segment = await Segment.open();
  const compiler = createCompiler();
  let told: Intent = nothing;
  let rounds = 0;
  try {
    for (const index of [0, 1]) {
      const node = await segment.node();
      for (const end of instancesOf(index)) await segment.pod(node, end);
    }
  } catch (error) {
    await segment.close();
    throw error;
  }
  answerDatagrams([...segment.pods, ...segment.outside]);
  const probes = everyProbe(segment, ports);
  const nodes = segment.nodes.map(({ id }) => id);

  function oracle(ruleSets: readonly RuleSet[]): (probe: Probe) => boolean {
    const readers = ruleSets.map((rules) => readRules({ rules, pools }));
    return (probe) => {
      const flow = flowOf(probe);
      return readers.every((reader) => reader.egress(flow).allowed && reader.ingress(flow).allowed);
    };
  }

  async function check(world: World): ReturnType<Prover['round']> {
    tellCompiler(compiler, told, world);
    told = world;
    const ruleSets = nodes.map((node) => compiler.ruleSet(node));
    const doors = nodes.map((node, index) => ({
      ...serviceSections(world, node),
      mappings: mappingsOf(world, index, node),
    }));
    const anew = nodes.map((node) => compiledAnew(world, node));
    if (JSON.stringify(anew) !== JSON.stringify(ruleSets)) {
      throw new Error('the compiler says something else when it is told all at once');
    }
    // What earlier policies allowed is still in the connection tables every fourth time: it must have been cut.
    if (rounds++ % 4 !== 3) await forgetConnections(segment);
    const all = ruleSets.map((rules, index) => ({ ...rules, ...doors[index] }));
    const enforcedMs = await enforce(segment, all);
    const oracles: Readonly<Record<string, Oracle>> = {
      model: ({ source, destination, family, protocol, port }) =>
        isOpen(world, { source: source[family], destination: destination[family], protocol, port }),
      query: oracle(ruleSets),
    };
    const direct = await prove(probes, oracles);
    const byDoors = await proveDoors(segment, world, oracles);
    const proof = {
      probes: direct.probes + byDoors.probes,
      passed: direct.passed + byDoors.passed,
      mismatches: [...direct.mismatches, ...byDoors.mismatches],
    };
    return { ...proof, enforcedMs };
  }

  return {
    async round(seed) {
      const dice = diceOf(seed);
      let world = firstWorld(dice, nodes);
      // Through some worlds in between, of which the compiler hears and the nodes don't.
      for (let step = dice.number(12); step > 0; step--) {
        tellCompiler(compiler, told, world);
        told = world;
        world = nextWorld(dice, world);
      }
      return check(world);
    },
    close: () => segment.close(),
  };
}
