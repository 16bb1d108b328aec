/**
 * Rules of a node into the kernel, in network namespaces of the bench's own: what the agent needs for a change, beside a bare
 * restore of the very lines that it wrote. As root.
 */
import { shareNetwork } from '@atoll/agent/plan/shared';
import { nodeNames } from '@atoll/agent/render/names';
import { iptablesRules } from '@atoll/agent/rules/iptables';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import { createLogger } from '@atoll/service/log';
import { makeNamespace, type Namespace, recording, replay } from '../network/netns.ts';
import { addressesOf, benchNode, type Shape, worldOf } from '../network/world.ts';
import { aimed, beside, type Row, rounds } from '../results.ts';
import type { Suite } from './suite.ts';

const log = createLogger('bench');
log.level = 'warn';
/** 10 rules a namespace, 5 of each direction. */
const shape: Shape = { namespaces: 1000, here: 2, elsewhere: 8, rules: 5 };
const quick: Shape = { ...shape, namespaces: 200 };

/** A node with its rules, and a bare one with the same lines. */
async function twins(first: DesiredNetwork) {
  const [ours, bare] = [await makeNamespace(), await makeNamespace()];
  const recorded = recording(ours.commands);
  const rules = iptablesRules({ commands: recorded.commands, names: nodeNames(benchNode), log });
  const begun = performance.now();
  await rules.ensure(first);
  const fullMs = performance.now() - begun;
  const written = recorded.take();
  const bareMs = await replay(bare.commands, written, false);
  let last = first;
  return {
    fullMs,
    bareMs,
    bare,
    async change(next: DesiredNetwork): Promise<{ ours: number; bare: number }> {
      const shared = shareNetwork(last, next);
      const started = performance.now();
      await rules.change(shared);
      const took = performance.now() - started;
      last = shared;
      return { ours: took, bare: await replay(bare.commands, recorded.take(), true) };
    },
    async remove() {
      await ours.remove();
      await bare.remove();
    },
  };
}

/** The same content as one rule for each pair of endpoints, without sets: IPv4 alone. */
async function pairsMs(of: Shape, netns: Namespace): Promise<number> {
  const lines: string[] = [];
  for (let namespace = 0; namespace < of.namespaces; namespace++) {
    for (let index = 0; index < of.rules; index++) {
      for (let here = 0; here < of.here; here++) {
        for (let other = 0; other < of.here + of.elsewhere; other++) {
          const [a, b] = [addressesOf(namespace, here).ipv4, addressesOf(namespace, other).ipv4];
          const port = `${1000 + index * 10}:${1004 + index * 10}`;
          lines.push(`-A pairs -s ${a} -d ${b} -p tcp -m tcp --dport ${port} -j RETURN`);
          lines.push(`-A pairs -s ${b} -d ${a} -p tcp -m tcp --dport ${port} -j RETURN`);
        }
      }
    }
  }
  const begun = performance.now();
  const text = ['*filter', ':pairs - [0:0]', ...lines, 'COMMIT', ''].join('\n');
  await netns.commands.run('iptables-restore', ['--noflush'], text);
  return performance.now() - begun;
}

async function changes(of: Shape, times: number): Promise<Row[]> {
  const node = await twins(worldOf(of, 1));
  const [one, members, full]: [{ ours: number; bare: number }[], { ours: number; bare: number }[], Row[]] = [
    [],
    [],
    [],
  ];
  try {
    full.push(
      aimed(beside(`all rules of ${of.namespaces} namespaces × 10`, node.fullMs, 'ms', 'bare restore', node.bareMs), {
        atMost: 1.3,
      }),
    );
    // The first ones warm up: a node's agent runs for days.
    for (let round = 0; round < times + 3; round++) {
      const measured = await node.change(worldOf(of, round + 2, new Map([[round + 5, 3000 + round]])));
      if (round >= 3) one.push(measured);
    }
    const many = Array.from({ length: 50_000 }, (_, index) => index);
    const some = (round: number) =>
      Array.from({ length: 200 }, (_, index) => ((index + round * 200) % 10_000) + 50_000);
    for (let round = 0; round < times + 2; round++) {
      const extra = [
        { name: 'changing', members: some(round).map((member) => member % 65_536) },
        { name: 'many', members: many },
      ];
      const measured = await node.change(worldOf(of, 1000 + round, new Map(), extra));
      if (round >= 2) members.push(measured);
    }
    const pairs = await pairsMs(of, node.bare);
    full.push(
      aimed(beside('one rule for each pair, IPv4 alone', pairs, 'ms', 'bare restore of both families', node.bareMs), {
        atLeast: 5,
      }),
    );
  } finally {
    await node.remove();
  }
  const row = (metric: string, all: typeof one, otherName: string, atMost: number) =>
    aimed(
      rounds(
        metric,
        all.map((each) => each.ours),
        'ms',
        { name: otherName, values: all.map((each) => each.bare) },
      ),
      { atMost },
    );
  return [
    ...full,
    row(`one policy's rules, beside ${of.namespaces * 10}`, one, 'bare restore of the changed lines', 1.5),
    row('200 members, beside 50,000', members, 'bare ipset restore of the same', 2),
  ];
}

export const networkRules: Suite = {
  name: 'network-rules',
  bed: false,
  run: ({ long }) => changes(long ? shape : quick, long ? 40 : 10),
};
