/**
 * Packets a second through the rules of a node with ever more namespaces: datagrams that nobody answers, so that each of them is
 * a first one, and finds its chains on both ways. As root, in network namespaces of the bench's own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { nodeNames } from '@atoll/agent/render/names';
import { iptablesRules } from '@atoll/agent/rules/iptables';
import { routedWiring } from '@atoll/agent/sandbox/wiring';
import { createLogger } from '@atoll/service/log';
import { makeNamespace, type Namespace } from '../network/netns.ts';
import { addressesOf, benchNode, instanceOf, worldOf } from '../network/world.ts';
import { aimed, type Row, rounds } from '../results.ts';
import type { Suite } from './suite.ts';

const log = createLogger('bench');
log.level = 'warn';
const sizes = [10, 100, 1000] as const;
const flood = fileURLToPath(new URL('../network/flood.ts', import.meta.url));

interface Place {
  readonly all: readonly Namespace[];
  /** Packets that arrived in a second of the sender's processor time. */
  measure(ms: number): Promise<number>;
}

async function place(namespaces: number): Promise<Place> {
  const node = await makeNamespace();
  const names = nodeNames(benchNode);
  const rules = iptablesRules({ commands: node.commands, names, log });
  const document = worldOf({ namespaces, here: 2, elsewhere: 0, rules: 1 }, 1);
  // Datagrams in the place of TCP: what is measured is the way to the rules.
  const chains = document.rules.chains.map((chain) => ({
    ...chain,
    rules: chain.rules.map((rule) => ({ ...rule, protocol: 'UDP' as const, ports: null })),
  }));
  await rules.ensure({ ...document, rules: { ...document.rules, chains } });
  const wiring = routedWiring(node.commands, names);
  // One in the middle: neither the first nor the last of its branch.
  const namespace = Math.floor(namespaces / 2);
  const pods = [await makeNamespace(), await makeNamespace()];
  for (const [member, pod] of pods.entries()) {
    const end = { instanceId: instanceOf(namespace, member), ...addressesOf(namespace, member) };
    await wiring.wire(end, pod.path);
  }
  const [from, to] = pods;
  if (from === undefined || to === undefined) throw new Error('there are two');
  const arrived = async () => {
    const { stdout } = await to.commands.run('ip', ['-j', '-s', 'link', 'show', 'dev', 'eth0']);
    const [link] = JSON.parse(stdout) as { stats64: { rx: { packets: number } } }[];
    return link?.stats64.rx.packets ?? 0;
  };
  return {
    all: [node, ...pods],
    async measure(ms) {
      const before = await arrived();
      const sender = spawn(
        'nsenter',
        [`--net=${from.path}`, '--', process.execPath, flood, addressesOf(namespace, 1).ipv4, String(ms)],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      let said = '';
      sender.stdout.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
      await once(sender, 'exit');
      const { cpuSeconds, sent } = JSON.parse(said) as { cpuSeconds: number; sent: number };
      const received = (await arrived()) - before;
      if (received < sent * 0.9) throw new Error(`of ${sent} packets ${received} arrived`);
      return received / cpuSeconds;
    },
  };
}

async function run(times: number, ms: number): Promise<Row[]> {
  const places: Place[] = [];
  try {
    for (const size of sizes) places.push(await place(size));
    const rates = sizes.map((): number[] => []);
    for (let round = -1; round < times; round++) {
      for (const index of round % 2 === 0 ? [0, 1, 2] : [2, 1, 0]) {
        const rate = await places[index]?.measure(ms);
        if (round >= 0 && rate !== undefined) rates[index]?.push(rate);
      }
    }
    const [few = [], ...more] = rates;
    return more.map((values, index) =>
      aimed(
        rounds(`packets of a processor's second, ${sizes[index + 1]} namespaces`, values, '1/s', {
          name: `${sizes[0]} namespaces`,
          values: few,
        }),
        { atLeast: 0.9 },
      ),
    );
  } finally {
    for (const netns of places.flatMap((one) => one.all)) await netns.remove();
  }
}

export const networkPackets: Suite = {
  name: 'network-packets',
  bed: false,
  run: ({ long }) => run(long ? 20 : 7, long ? 2000 : 700),
};
