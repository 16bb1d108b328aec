/**
 * Rules of a node into the kernel, in network namespaces of the bench's own: what the agent needs for a change, beside a bare
 * restore of the very lines that it writes. As root; both take turns in who is first, with the same lines: what is written was
 * recorded in a third place before. Alone on a machine, or ahead of others (`chrt --rr 1 npm run bench -- network-rules`).
 */
import { shareNetwork } from '@atoll/agent/plan/shared';
import { type Family, families, familyFacts } from '@atoll/agent/render/family';
import { nodeNames } from '@atoll/agent/render/names';
import { iptablesRules } from '@atoll/agent/rules/iptables';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import { exec } from '@atoll/service/exec';
import { newId } from '@atoll/service/ids';
import { createLogger } from '@atoll/service/log';
import { type Cost, costOf } from '../network/cost.ts';
import { makeNamespace, type Namespace, recording, replay, type Written } from '../network/netns.ts';
import { addressesOf, benchNode, type Shape, worldOf } from '../network/world.ts';
import { aimed, beside, type Row, rounds } from '../results.ts';
import type { Suite } from './suite.ts';

const log = createLogger('bench');
log.level = 'warn';
/** 10 rules a namespace, 5 of each direction. */
const shape: Shape = { namespaces: 1000, here: 2, elsewhere: 8, rules: 5 };

/** A node's rules in a namespace. Nodes have names of their own for everything: none finds in memory what was made for another. */
function agentIn(netns: Namespace, node = benchNode) {
  const recorded = recording(netns.commands);
  return {
    rules: iptablesRules({ commands: recorded.commands, names: nodeNames(node), log }),
    take: recorded.take,
  };
}

/** Each of them is made of as much as possible of the one before, as an agent has it. */
function sharedSteps(steps: readonly DesiredNetwork[]): DesiredNetwork[] {
  let last: DesiredNetwork | null = null;
  return steps.map((step) => {
    last = shareNetwork(last, step);
    return last;
  });
}

interface Pair {
  readonly ours: Cost;
  readonly bare: Cost;
  /** Reading all of it back, which is done beside changes. */
  readonly look: Cost;
}

const nothing: Cost = { ms: 0, cpuMs: 0 };

/** All steps, in namespaces that are thrown away: the first from nothing, the others as changes. */
async function measure(steps: readonly DesiredNetwork[], oursFirst: boolean): Promise<Pair[]> {
  const [scratch, ours, bare] = [await makeNamespace(), await makeNamespace(), await makeNamespace()];
  try {
    const scribe = agentIn(scratch, newId('node'));
    const lines: (readonly Written[])[] = [];
    for (const [index, step] of sharedSteps(steps).entries()) {
      await (index === 0 ? scribe.rules.ensure(step) : scribe.rules.change(step));
      lines.push(scribe.take());
    }
    const agent = agentIn(ours);
    const pairs: Pair[] = [];
    for (const [index, step] of sharedSteps(steps).entries()) {
      const work = {
        ours: () => (index === 0 ? agent.rules.ensure(step) : agent.rules.change(step)),
        bare: () => replay(bare.commands, lines[index] ?? []),
      };
      const mine = index % 2 === (oursFirst ? 0 : 1) ? await costOf(work.ours) : null;
      const other = await costOf(work.bare);
      const spent = mine ?? (await costOf(work.ours));
      const look = index === 0 ? await costOf(() => agent.rules.look()) : nothing;
      pairs.push({ ours: spent, bare: other, look });
    }
    return pairs;
  } finally {
    for (const netns of [scratch, ours, bare]) await netns.remove();
  }
}

/** The same content as one rule for each pair of addresses, without sets, in one chain of each family. */
async function pairs(of: Shape): Promise<Cost> {
  const text = (family: Family) => {
    const lines: string[] = [];
    for (let namespace = 0; namespace < of.namespaces; namespace++) {
      for (let index = 0; index < of.rules; index++) {
        for (let here = 0; here < of.here; here++) {
          for (let other = 0; other < of.here + of.elsewhere; other++) {
            const [a, b] = [addressesOf(namespace, here)[family], addressesOf(namespace, other)[family]];
            const port = `${1000 + index * 10}:${1004 + index * 10}`;
            lines.push(`-A pairs -s ${a} -d ${b} -p tcp -m tcp --dport ${port} -j RETURN`);
            lines.push(`-A pairs -s ${b} -d ${a} -p tcp -m tcp --dport ${port} -j RETURN`);
          }
        }
      }
    }
    return ['*filter', ':pairs - [0:0]', ...lines, 'COMMIT', ''].join('\n');
  };
  const written = families.map((family) => ({
    ...{ command: familyFacts[family].restore, args: ['--noflush'], input: text(family) },
  }));
  const netns = await makeNamespace();
  try {
    // Longer than an agent would wait: these are the peer's.
    const run = ({ command, args, input }: Written) =>
      exec('nsenter', [`--net=${netns.path}`, '--', command, ...args], { input, timeoutMs: 600_000 });
    return await costOf(() => Promise.all(written.map(run)));
  } finally {
    await netns.remove();
  }
}

const sumOf = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** By time, and by the processors' time over all rounds, which neither who else runs nor the ticks of the kernel distort. */
function rowsOf(metric: string, all: readonly Pair[], otherName: string, atMost: number): Row[] {
  const sum = (values: readonly number[]) => sumOf(values) / values.length;
  const wall = rounds(
    metric,
    all.map(({ ours }) => ours.ms),
    'ms',
    { name: otherName, values: all.map(({ bare }) => bare.ms) },
  );
  const [ours, bare] = [sum(all.map((pair) => pair.ours.cpuMs)), sum(all.map((pair) => pair.bare.cpuMs))];
  return [aimed(wall, { atMost }), beside(`${metric}: processor time`, ours, 'ms', otherName, bare)];
}

async function run(changes: number, starts: number): Promise<Row[]> {
  const one = await measure(
    // The first ones warm up: a node's agent runs for days.
    [
      worldOf(shape, 1),
      ...Array.from({ length: changes + 4 }, (_, n) => worldOf(shape, n + 2, new Map([[n * 7, 3000 + n]]))),
    ],
    true,
  );
  const many = Array.from({ length: 50_000 }, (_, index) => index);
  const some = (round: number) => Array.from({ length: 200 }, (_, index) => ((index + round * 200) % 10_000) + 50_000);
  const small: Shape = { ...shape, namespaces: 100 };
  const members = await measure(
    Array.from({ length: changes + 5 }, (_, n) =>
      worldOf(small, n + 1, new Map(), [
        { name: 'changing', members: some(n).map((member) => member % 65_536) },
        { name: 'many', members: many },
      ]),
    ),
    false,
  );
  const full: Pair[] = [];
  const perPair: Cost[] = [];
  for (let round = 0; round < starts; round++) {
    full.push(...(await measure([worldOf(shape, 1)], round % 2 === 0)));
    perPair.push(await pairs(shape));
  }
  const restored = full.map(({ bare }) => bare.ms);
  return [
    ...rowsOf(
      `one policy's rules, beside ${shape.namespaces * 10}`,
      one.slice(5),
      'bare restore of the changed lines',
      1.5,
    ),
    ...rowsOf('200 members, beside 50,000', members.slice(5), 'bare ipset restore of the same', 2),
    ...rowsOf(`all rules of ${shape.namespaces} namespaces × 10`, full, 'bare restore', 1.3),
    rounds(
      'the same, read back beside changes',
      full.map(({ look }) => look.ms),
      'ms',
    ),
    aimed(
      rounds(
        'one rule for each pair of addresses',
        perPair.map(({ ms }) => ms),
        'ms',
        { name: 'bare restore of chains and sets', values: restored },
      ),
      { atLeast: 5 },
    ),
    beside(
      'the same: processor time',
      sumOf(perPair.map(({ cpuMs }) => cpuMs)) / perPair.length,
      'ms',
      'bare restore of chains and sets',
      sumOf(full.map(({ bare }) => bare.cpuMs)) / full.length,
    ),
  ];
}

export const networkRules: Suite = {
  name: 'network-rules',
  bed: false,
  run: ({ long }) => run(long ? 60 : 10, long ? 7 : 1),
};
