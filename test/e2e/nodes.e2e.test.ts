/**
 * The whole platform with three nodes: what policies say by the public API is what packets between containers of different nodes
 * do, also when an agent and the network service are killed; and nothing of it stays behind.
 */
import { commandsIn } from '@atoll/agent/sandbox/commands';
import type { Id } from '@atoll/schema/ids';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Lab, outcomes } from '../../agent/test/lab.ts';
import { type Cluster, openCluster, type RealParty } from '../isolation/platform/cluster.ts';
import { resolvConf, resolved } from '../isolation/platform/inside.ts';
import { openTrial, type Trial } from '../isolation/platform/trial.ts';
import { diceOf, seedOf } from '../isolation/random.ts';
import { compared, type HostState, hostState, namespacesNaming, ownNames, variableOf } from '../platform/host.ts';
import { until } from '../platform/waiting.ts';

const seed = seedOf('policies by the API');
const lab = new Lab();
let before: HostState;
let cluster: Cluster;
let trial: Trial;
beforeAll(async () => {
  before = await hostState();
  cluster = await openCluster();
  trial = openTrial(cluster);
});
afterAll(async () => {
  await lab.close();
  await cluster?.close().catch(() => {});
});

const agents = ['agent-1', 'agent-2', 'agent-3'] as const;
const variable = (name: string, key: string): string =>
  variableOf(cluster.platform.pidOf(name), key) ?? expect.fail(`${name} has no ${key}`);
const nodesOf = (parties: readonly RealParty[]) => new Set(parties.map(({ endpoint }) => endpoint.nodeId));

test('random policies by mutations: packets, `reachability` and the model agree about every connection', async () => {
  expect(nodesOf(cluster.parties).size).toBe(3);
  const proof = await trial.round(diceOf(seed));
  expect(proof.mismatches, `seed ${seed}, round 0`).toEqual([]);
  expect(proof.probes).toBeGreaterThan(200);
  expect(proof.passed).toBeGreaterThan(0);
});

test('so they do with an agent and the network service killed in the middle of the changes, once both are back', async () => {
  const { platform } = cluster;
  const proof = await trial.round(diceOf(seed + 1), async () => {
    await Promise.all([platform.killAndAwait('agent-2'), platform.killAndAwait('network')]);
  });
  expect(proof.mismatches, `seed ${seed}, round 1`).toEqual([]);
});

test('in a container names are found, and of others none', async () => {
  const firsts = [...Map.groupBy(cluster.parties, ({ space }) => space).values()].flatMap(([first]) => first ?? []);
  expect(firsts).toHaveLength(3);
  for (const party of firsts) {
    const said = await resolvConf(party);
    expect(said).toMatch(/^nameserver 169\.254\.1\.1$/m);
    expect(said).toMatch(/^nameserver fd00:a701::53$/m);
    const { ipv4, ipv6 } = party.space.exposed;
    await until(`${party.name} finds its service`, 60_000, async () => {
      const found = [...(await resolved(party, 'web'))].sort();
      return JSON.stringify(found) === JSON.stringify([ipv4, ipv6].sort());
    });
    // Of an environment that it isn't in, of another tenant, and of nobody.
    const others = ['shop', 'back', 'alien', 'nobody'].filter((name) => name !== party.space.name);
    for (const name of others) expect(await resolved(party, `web.${name}`), name).toEqual([]);
  }
});

test("from a container the cloud's metadata and the node's own ports are closed, which the node itself reaches", async () => {
  const [netns, own] = [variable('agent-2', 'ATOLL_NODE_NETNS'), variable('agent-2', 'ATOLL_NODE_ADDRESS')];
  const metadata = '169.254.169.254';
  const port = 9000;
  // As a cloud has it: an address that every machine reaches.
  await commandsIn(netns).run('ip', ['addr', 'add', `${metadata}/32`, 'dev', 'lo']);
  await lab.peer(netns).ask({ do: 'listen', protocol: 'TCP', port });
  const party = cluster.parties.find(({ endpoint }) => endpoint.nodeId === variable('agent-2', 'ATOLL_NODE_ID'));
  if (party === undefined) throw new Error('there is an instance on the second node');
  const open = [metadata, own].map((address) => ({ address, port }));
  expect(await outcomes({ netns }, open)).toEqual(['CONNECTED', 'CONNECTED']);
  const gateways = ['169.254.1.1', 'fd00:a701::53'].map((address) => ({ address, port }));
  expect(new Set(await outcomes(party, [...open, ...gateways]))).toEqual(new Set(['TIMED_OUT']));
});

test('it is left as it was found', async () => {
  const short = /atoll-[0-9a-f]{8}/.exec(variable('agent-2', 'ATOLL_NODE_NETNS'))?.[0] ?? '';
  expect((await namespacesNaming(short)).length).toBeGreaterThanOrEqual(3);
  const nodes = agents.map((agent) => variable(agent, 'ATOLL_NODE_ID') as Id<'node'>);
  const own = ownNames(nodes, short.replace('atoll-', ''));
  await cluster.close();
  expect(await namespacesNaming(short)).toEqual([]);
  const host = compared(before, await hostState(), own);
  expect(host.after).toEqual(host.before);
});
