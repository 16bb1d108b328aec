/**
 * Packets a second through the rules of a node with ever more namespaces: datagrams that nobody answers, so that each of them is
 * a first one, and finds its chains on both ways. The same without rules, on a node with as many interfaces and routes, is the floor.
 * As root, in network namespaces of the bench's own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { families, familyFacts } from '@atoll/agent/render/family';
import { defaultTunnelPort, nodeNames, usualBounds } from '@atoll/agent/render/names';
import { routeLines } from '@atoll/agent/render/wiring';
import { iptablesRules } from '@atoll/agent/rules/iptables';
import { routedWiring } from '@atoll/agent/sandbox/wiring';
import { createLogger } from '@atoll/service/log';
import { inTurns } from '../events/in-turns.ts';
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

/** Of these packets all are the first of a connection, and no pod may begin as many. */
const unbounded = { ...usualBounds, newPerSecond: 0 };
const tables = ['filter', 'raw', 'mangle', 'nat'];

async function place(namespaces: number, guarded: boolean): Promise<Place> {
  const node = await makeNamespace();
  const names = nodeNames(benchNode, defaultTunnelPort, unbounded);
  const rules = iptablesRules({ commands: node.commands, names, log });
  const document = worldOf({ namespaces, here: 2, elsewhere: 0, rules: 1 }, 1);
  // Datagrams in the place of TCP: what is measured is the way to the rules.
  const chains = document.rules.chains.map((chain) => ({
    ...chain,
    rules: chain.rules.map((rule) => ({ ...rule, protocol: 'UDP' as const, ports: null })),
  }));
  await rules.ensure({ ...document, rules: { ...document.rules, chains } });
  if (!guarded) {
    const nothing = tables.map((table) => `*${table}\nCOMMIT\n`).join('');
    for (const family of families) await node.commands.run(familyFacts[family].restore, [], nothing);
  }
  const wiring = routedWiring(node.commands, names);
  // One in the middle: neither the first nor the last of its branch.
  const namespace = Math.floor(namespaces / 2);
  // Of all others the node has what it would have of pods: their interfaces, and the ways there.
  const others = document.rules.endpoints.flatMap((end, index) => {
    const device = names.interface(end.instanceId);
    if (Math.floor(index / 2) === namespace) return [];
    return [`link add ${device} type veth`, `link set ${device} up`, ...routeLines(names, end)];
  });
  await node.commands.run('ip', ['-batch', '-'], others.join('\n'));
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
    for (const size of sizes) places.push(await place(size, true));
    for (const size of sizes) places.push(await place(size, false));
    const measures = places.map((one) => () => one.measure(ms));
    await inTurns(1, measures);
    const rates = await inTurns(times, measures);
    const [few = [], , , floorOfFew = []] = rates;
    const what = (size: number) => `packets of a processor's second, ${size} namespaces`;
    return sizes.flatMap((size, at): Row[] => {
      const [ours = [], floor = []] = [rates[at], rates[sizes.length + at]];
      const beside = rounds(what(size), ours, '1/s', { name: 'the same without rules', values: floor });
      if (at === 0) return [beside];
      const first = `${sizes[0]} namespaces`;
      return [
        aimed(rounds(what(size), ours, '1/s', { name: first, values: few }), { atLeast: 0.9 }),
        beside,
        rounds(`${what(size)}, without rules`, floor, '1/s', { name: first, values: floorOfFew }),
      ];
    });
  } finally {
    for (const netns of places.flatMap((one) => one.all)) await netns.remove();
  }
}

export const networkPackets: Suite = {
  name: 'network-packets',
  bed: false,
  run: ({ long }) => run(long ? 40 : 15, long ? 1000 : 400),
};
