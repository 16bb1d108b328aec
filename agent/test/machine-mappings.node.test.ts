/** Public addresses that the machine alone reaches, with real packets: its own connections are led and judged, others are refused. */
import type { RuleEndpoint, RuleMapping, RuleSet } from '@atoll/schema/node/network';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeNames } from '../src/render/names.ts';
import { iptablesRules } from '../src/rules/iptables.ts';
import { commandsIn } from '../src/sandbox/commands.ts';
import { compile, endpointAt, fixedId, networkDocument } from './fixtures.ts';
import { Lab, log, outcomes, type Peer, until } from './lab.ts';
import { type Member, TunnelLab } from './tunnel-lab.ts';

const lab = new Lab();
const segment = new TunnelLab(lab, 'ipv4');
const [near, far, closed] = [
  endpointAt(fixedId('instance', 1), 1, 2),
  endpointAt(fixedId('instance', 2), 2, 2),
  endpointAt(fixedId('instance', 3), 1, 3),
] as const;
/** It stands for what is outside. */
const nobody = endpointAt(fixedId('instance', 9), 9, 9);
const address = '198.18.5.7';
const names = nodeNames(fixedId('node', 1), undefined, undefined, 'machine');
let door: Member;
let house: Member;
let doorRules: Member['rules'];
let machine: Peer;
let generation = 0;

/** Lets the network in to the near and the far instance, and nobody to the closed one. */
function rulesOf(locals: readonly RuleEndpoint[], network: string): RuleSet {
  const compiled = compile(
    [near, far, closed, nobody],
    [
      {
        ...{ policyId: fixedId('policy', 1), from: [nobody.instanceId], to: [near.instanceId, far.instanceId] },
        ...{ protocol: 'TCP', ports: { from: 8443, to: 8443 } },
      },
    ],
    locals,
  );
  const sets = compiled.sets.map((set) =>
    set.ipv4.includes(nobody.ipv4) ? { ...set, kind: 'networks' as const, ipv4: [network], ipv6: [] } : set,
  );
  return { ...compiled, sets };
}

const lead = (number: number, port: number, to: RuleEndpoint): RuleMapping => ({
  ...{ portMappingId: fixedId('portMapping', number), address, protocol: 'TCP', port },
  targets: [{ address: to.ipv4, port: 8443, here: to !== far }],
});

async function apply(network: string): Promise<void> {
  const mappings = [lead(1, 443, near), lead(2, 444, far), lead(3, 445, closed)];
  const remotes = [segment.remotesOf(door), segment.remotesOf(house)] as const;
  const entrances = [{ nodeId: door.id, ipv4: [far.ipv4], ipv6: [] }];
  generation += 1;
  const doors = { ...rulesOf([near, closed], network), mappings, remotes: remotes[0] };
  await doorRules.change(networkDocument(door.id, generation, doors));
  await door.tunnel.ensure(door.underlay, remotes[0]);
  const next = networkDocument(house.id, generation, { ...rulesOf([far], network), entrances, remotes: remotes[1] });
  await house.rules.change(next);
  await house.tunnel.ensure(house.underlay, remotes[1]);
  await house.tunnel.leadBack(next);
}

beforeAll(async () => {
  door = await segment.join(fixedId('node', 1), [near, closed]);
  house = await segment.join(fixedId('node', 2), [far]);
  doorRules = iptablesRules({ commands: door.commands, names, log });
  await apply('128.0.0.0/1');
  for (const [node, end] of [
    [door, near],
    [door, closed],
    [house, far],
  ] as const) {
    const { peer } = await lab.pod(node, end);
    await peer.ask({ do: 'listen', protocol: 'TCP', port: 8443 });
  }
  machine = lab.peer(door.netns);
  // A neighbour that knows the way: as another machine of the network of a developer's.
  await commandsIn(house.netns).run('ip', ['route', 'add', `${address}/32`, 'via', '192.0.2.1']);
});
afterAll(() => lab.close());

const ask = async (port: number, from: { netns: string; peer?: Peer } = { netns: door.netns, peer: machine }) =>
  (await outcomes(from, [{ address, port }]))[0];

test('the machine reaches instances of its own node and of another one, where a policy lets the address in', async () => {
  await until('the tunnel is up', async () => (await ask(444)) === 'CONNECTED');
  expect(await ask(443)).toBe('CONNECTED');
  expect(await ask(445)).toBe('TIMED_OUT');
  await apply('198.51.100.0/24');
  expect([await ask(443), await ask(444)]).toEqual(['TIMED_OUT', 'TIMED_OUT']);
  await apply(`${address}/32`);
  expect([await ask(443), await ask(444)]).toEqual(['CONNECTED', 'CONNECTED']);
});

test('a neighbour that sends there is refused, and a port that leads nowhere refuses the machine, too', async () => {
  expect(await ask(443, { netns: house.netns })).toBe('REFUSED');
  expect(await ask(446)).toBe('REFUSED');
});

test('nothing stays when the node is cleared', async () => {
  await doorRules.clear();
  for (const [command, ...args] of [
    ['iptables-save', '-t', 'nat'],
    ['iptables-save', '-t', 'filter'],
    ['ip', 'route', 'show', 'table', 'local'],
  ] as const) {
    const { stdout } = await door.commands.run(command, args);
    expect(stdout).not.toContain(address);
    if (command === 'iptables-save') expect(stdout).not.toContain(names.prefix);
  }
});
