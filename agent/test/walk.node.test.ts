/** Any walk between rule sets: after each step, real packets do what the rule set means, on one host and over two. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createJudge } from '../src/plan/judge.ts';
import { families } from '../src/render/family.ts';
import { compile, endpointAt, fixedId, networkDocument, type Opening, pools } from './fixtures.ts';
import { dropped, Lab, type LabNode, type LabPod, open, outcomes, reach } from './lab.ts';

const lab = new Lab();
const ends = [1, 2, 3, 4].map((number) => endpointAt(fixedId('instance', number), 1, number + 1));
const [a, b, c, d] = ends.map((end) => end.instanceId);
if (!a || !b || !c || !d) throw new Error('there are four');
const ports = [81, 82, 83];

const opening = (number: number, from: Opening['from'], to: Opening['to'], first: number, last: number): Opening => ({
  policyId: fixedId('policy', number),
  from,
  to,
  protocol: 'TCP',
  ports: { from: first, to: last },
});

/** Each is one state; neighbours differ in members, ports, chains, endpoints, or in everything. */
const walk: readonly { readonly openings: readonly Opening[]; readonly local: number }[] = [
  { openings: [], local: 4 },
  { openings: [opening(1, [a], [b], 81, 81)], local: 4 },
  { openings: [opening(1, [a, c], [b], 81, 81)], local: 4 },
  { openings: [opening(1, [a, c], [b], 81, 82), opening(2, [b], [a], 83, 83)], local: 4 },
  { openings: [opening(3, [d], [a, b, c], 81, 83), opening(1, [c], [b], 82, 82)], local: 4 },
  { openings: [opening(3, [d], [a, b, c], 81, 83)], local: 3 },
  { openings: [opening(3, [a, b, c, d], [a, b, c, d], 81, 83)], local: 4 },
  { openings: [], local: 4 },
];

/** Two hosts with a wire between them; a and b live on the first, c and d on the second. */
let node: LabNode;
let hosts: readonly [LabNode, LabNode];
let pods: readonly LabPod[];
let remote: readonly LabPod[];

beforeAll(async () => {
  node = await lab.node(fixedId('node', 1));
  await node.rules.ensure(networkDocument(node.id, 1, compile(ends, [])));
  pods = await Promise.all(ends.map((end) => lab.pod(node, end)));
  hosts = [await lab.node(fixedId('node', 2)), await lab.node(fixedId('node', 3))];
  const [first, second] = hosts;
  await first.commands.run('ip', ['link', 'add', 'up0', 'type', 'veth', 'peer', 'name', 'up0', 'netns', second.netns]);
  for (const host of hosts) {
    const { address } = tunnelOf(host);
    await host.commands.run('ip', ['-batch', '-'], `link set up0 up\naddr add ${address}/24 dev up0`);
    await applyOn(host, 1, []);
  }
  remote = await Promise.all(ends.map((end, index) => lab.pod(index < 2 ? first : second, end)));
  for (const pod of [...pods, ...remote]) {
    for (const port of ports) await pod.peer.ask({ do: 'listen', protocol: 'TCP', port });
  }
});
afterAll(() => lab.close());

const endsOn = (host: LabNode) => (host === hosts[0] ? ends.slice(0, 2) : ends.slice(2));
function tunnelOf(host: LabNode) {
  const last = host === hosts[0] ? 1 : 2;
  return { address: `192.0.2.${last}`, port: host.names.tunnelPort, mac: `02:00:00:00:00:0${last}` };
}

/** As the agent does: the rules first, then the way to the other host. */
async function applyOn(host: LabNode, generation: number, openings: readonly Opening[]): Promise<void> {
  const other = host === hosts[0] ? hosts[1] : hosts[0];
  const there = endsOn(other);
  const addresses = { ipv4: there.map(({ ipv4 }) => ipv4), ipv6: there.map(({ ipv6 }) => ipv6) };
  const remotes = [{ nodeId: other.id, tunnel: tunnelOf(other), ...addresses }];
  const rules = { ...compile(ends, openings, endsOn(host)), remotes };
  await host.rules.ensure(networkDocument(host.id, generation, rules));
  await host.tunnel.ensure({ ...tunnelOf(host), mtu: 1500 }, remotes);
}

/** Who reaches whom on which port, asked of the kernel. */
async function reached(all: readonly LabPod[]): Promise<string[]> {
  const perPod = await Promise.all(
    all.map(async (from, source) => {
      const targets = all.flatMap((to, destination) =>
        source === destination
          ? []
          : families.flatMap((family) => ports.map((port) => ({ destination, address: to.end[family], port, family }))),
      );
      const results = await outcomes(from, targets);
      return targets.flatMap(({ destination, port, family }, index) =>
        results[index] === 'CONNECTED' ? [`${source} → ${destination} ${family} ${port}`] : [],
      );
    }),
  );
  return perPod.flat();
}

/** The same, asked of the rule set. */
function meant(rules: ReturnType<typeof compile>): string[] {
  const judge = createJudge({ rules, pools });
  return ends.flatMap((from, source) =>
    ends.flatMap((to, destination) =>
      source === destination
        ? []
        : families.flatMap((family) =>
            ports.flatMap((port) =>
              // Who isn't an endpoint of the node has no way in or out, whatever the rules of the other end are.
              judge.isEndpoint(family, from[family]) &&
              judge.isEndpoint(family, to[family]) &&
              judge.allows({ family, protocol: 'TCP', source: from[family], destination: to[family], port })
                ? [`${source} → ${destination} ${family} ${port}`]
                : [],
            ),
          ),
    ),
  );
}

test.each(walk.map((state, index) => [index, state] as const))(
  'on one host, state %i',
  async (index, { openings, local }) => {
    const rules = compile(ends, openings, ends.slice(0, local));
    await node.rules.ensure(networkDocument(node.id, index + 2, rules));
    expect(await reached(pods)).toEqual(meant(rules));
  },
);

test('over two hosts, a packet needs the egress rules of its source and the ingress rules of its destination', async () => {
  const [first, second] = hosts;
  const policy = [opening(1, [a], [c], 81, 81)];
  const [, , far] = remote;
  const [near] = remote;
  if (!near || !far) throw new Error('there are four');
  await applyOn(first, 2, policy);
  expect(await reach(near, far.end, 81)).toBe(dropped);
  await applyOn(second, 2, policy);
  expect(await reach(near, far.end, 81)).toBe(open);
  expect(await reached(remote)).toEqual(meant(compile(ends, policy)));
  await applyOn(first, 3, []);
  expect(await reach(near, far.end, 81)).toBe(dropped);
});
