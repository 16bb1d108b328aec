/** Puts rules in force, sends every packet that there is, and says where what happened isn't what each oracle says. */
import { families } from '@atoll/agent/render/family';
import type { RuleSet } from '@atoll/schema/node/network';
import { until } from '../../agent/test/lab.ts';
import type { Segment, SegmentNode } from './lab/segment.ts';
import { type Probe, volley } from './lab/volley.ts';

/** Between all parties that aren't the same host, over both families and all protocols. */
export function everyProbe(segment: Segment, ports: readonly number[]): Probe[] {
  const parties = [...segment.pods, ...segment.outside];
  return parties.flatMap((source) =>
    parties.flatMap((destination) =>
      source.netns === destination.netns
        ? []
        : families.flatMap((family) =>
            [
              ...ports.flatMap((port) => (['TCP', 'UDP'] as const).map((protocol) => ({ protocol, port }))),
              { protocol: 'ICMP' as const, port: 1 },
            ].map((what): Probe => ({ source, destination, family, ...what })),
          ),
    ),
  );
}

/** Machines that build something else at the same time take their time. */
export async function untilEnforced(node: SegmentNode, generation: number): Promise<unknown> {
  const { plane, number, agent } = node;
  try {
    return await until(
      `rules of generation ${generation} on node ${number}`,
      () => plane.networkReports.find((report) => (report.applied?.generation ?? 0) >= generation),
      120_000,
    );
  } catch (error) {
    const said = [
      JSON.stringify(plane.networkReports.at(-1)),
      ...agent.lines.filter((line) => !line.includes('Docker')).slice(-30),
    ].join('\n');
    throw new Error(`${error instanceof Error ? error.message : String(error)}; it said last:\n${said}`);
  }
}

/** One rule set for each node, in their order; resolves once all are in force, to how long that took, in ms. */
export async function enforce(segment: Segment, ruleSets: readonly RuleSet[]): Promise<number> {
  await Promise.all(
    segment.nodes.map(({ number, plane }) =>
      until(`node ${number} says where it is reached`, () => plane.networkReports.at(-1)?.underlay, 60_000),
    ),
  );
  const began = performance.now();
  const wanted = segment.nodes.map((node, index) => {
    const rules = ruleSets[index];
    if (rules === undefined) throw new Error('there is a rule set for each node');
    return { node, generation: node.plane.guard({ ...rules, remotes: segment.remotesOf(node) }) };
  });
  // Ways to other nodes included: nothing more is waited for.
  await Promise.all(wanted.map(({ node, generation }) => untilEnforced(node, generation)));
  return performance.now() - began;
}

/** What was allowed is forgotten, as if it had been long ago. */
export async function forgetConnections(segment: Segment): Promise<void> {
  await Promise.all(segment.nodes.map((node) => node.commands.run('conntrack', ['-F'])));
}

export const describeProbe = ({ source, destination, family, protocol, port }: Probe): string =>
  `${protocol} ${family} ${source.name} → ${destination.name}${protocol === 'ICMP' ? '' : ` port ${port}`}`;

/** Whether it may pass, by some source of truth. */
export type Oracle = (probe: Probe) => boolean;

export interface Proof {
  readonly probes: number;
  readonly passed: number;
  readonly mismatches: readonly string[];
}

export interface Prover {
  /** One set of rules, put in force and tried; a seed tells which. */
  round(seed: number): Promise<Proof & { readonly enforcedMs: number }>;
  close(): Promise<void>;
}

/** The first oracle is the one that is waited for. */
export async function prove(probes: readonly Probe[], oracles: Readonly<Record<string, Oracle>>): Promise<Proof> {
  const answers = Object.entries(oracles).map(([name, oracle]) => ({ name, says: probes.map(oracle) }));
  const outcomes = await volley(probes, answers[0]?.says ?? []);
  const mismatches = probes.flatMap((probe, index) => {
    const outcome = outcomes[index];
    const sayings = answers.map(({ name, says }) => ({ name, said: says[index] ? 'passed' : 'blocked' }));
    const wrong = sayings.filter(({ said }) => said !== outcome);
    const told = sayings.map(({ name, said }) => `${name}: ${said}`).join(', ');
    return wrong.length === 0 ? [] : [`${describeProbe(probe)}: packets: ${outcome}, ${told}`];
  });
  return { probes: probes.length, passed: outcomes.filter((outcome) => outcome === 'passed').length, mismatches };
}
