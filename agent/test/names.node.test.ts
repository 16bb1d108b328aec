/** The name server, asked by real pods: what they may know of, and nothing else. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { emptyRuleSet, type PolicyRule, type RuleNames, type RuleSet } from '@atoll/schema/node/network';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Upstream } from '../src/names/forward.ts';
import { keepNames } from '../src/names/keep.ts';
import { processes } from '../src/names/pid.ts';
import { compile, endpointAt, fixedId, networkDocument } from './fixtures.ts';
import { Lab, type LabNode, type LabPod, log, until } from './lab.ts';
import type { DnsAnswer, PeerCommand } from './tools/peer.ts';

const upstreamProgram = fileURLToPath(new URL('./tools/upstream.ts', import.meta.url));
const lab = new Lab();
const at = (number: number, subnet: number, host: number) => endpointAt(fixedId('instance', number), subnet, host);
// Two in namespaces of one environment, one in another, one that sees nothing.
const ends = { web: at(1, 1, 2), db: at(2, 2, 2), alien: at(3, 64, 2), lone: at(4, 65, 2) };
const all = Object.values(ends);

const servers = { ipv4: '169.254.1.1', ipv6: 'fd00:a701::53' };
const virtual = (n: number) => ({ ipv4: `10.127.0.${n}`, ipv6: `fd61:746f:6c6c:ffff:ffff:ffff:ffff:${n}` });
const http = { name: 'http', protocol: 'TCP', port: 80 } as const;

const view = (environment: number, namespaces: RuleNames['views'][number]['namespaces']) => ({
  environmentId: fixedId('environment', environment),
  namespaces,
});
function rulesWith(more: RuleNames['views'][number]['namespaces'][number]['services'] = []): RuleSet {
  const views = [
    view(1, [
      {
        name: 'shop',
        instances: [ends.web.instanceId],
        services: [{ name: 'api', ...virtual(1), ports: [http] }, ...more],
      },
      { name: 'store', instances: [ends.db.instanceId], services: [{ name: 'db', ...virtual(2), ports: [] }] },
    ]),
    view(2, [
      { name: 'secret', instances: [ends.alien.instanceId], services: [{ name: 'vault', ...virtual(3), ports: [] }] },
    ]),
  ];
  return { ...compile(all, []), names: { ...emptyRuleSet.names, views } };
}

let folder: string;
let node: LabNode;
let pods: Record<keyof typeof ends, LabPod>;
let keeper: ReturnType<typeof keepNames>;
let generation = 0;
const keep = (upstream: Upstream | null = null) =>
  keepNames({ stateDir: folder, netns: node.netns, port: node.names.namesPort, upstream, log });
const document = (rules: RuleSet) => networkDocument(node.id, ++generation, rules);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atoll-names-'));
  node = await lab.node(fixedId('node', 1));
  const first = document(rulesWith());
  await node.rules.ensure(first);
  const pod = async (name: keyof typeof ends) => [name, await lab.pod(node, ends[name])] as const;
  pods = Object.fromEntries(await Promise.all((Object.keys(ends) as (keyof typeof ends)[]).map(pod))) as Record<
    keyof typeof ends,
    LabPod
  >;
  keeper = keep();
  await keeper.ensure(first);
});
afterAll(async () => {
  await keeper.clear();
  await rm(folder, { recursive: true, force: true });
  await lab.close();
});

async function ask(from: LabPod, name: string, more: Partial<Extract<PeerCommand, { do: 'dns' }>> = {}) {
  const command = {
    do: 'dns',
    server: servers.ipv4,
    port: 53,
    name,
    type: 'A',
    transport: 'udp',
    edns: null,
    ...more,
  } as const;
  return (await from.peer.ask(command)) as DnsAnswer;
}
const found = (...data: unknown[]) => ({ rcode: 'NOERROR', data, truncated: false });
const missing = { rcode: 'NXDOMAIN', data: [], truncated: false };

test('no policy shuts the name server: not one that denies everything to everywhere', async () => {
  const everything = ['0.0.0.0/1', '128.0.0.0/1'];
  const everywhere = ['::/1', '8000::/1'];
  const rules = rulesWith();
  const deny = (set: string): PolicyRule => ({
    ...{ policyId: fixedId('policy', 9), action: 'DENY', protocol: null, ports: null, icmp: null, set, log: false },
  });
  const names = { egress: 'e'.repeat(16), ingress: 'f'.repeat(16) } as const;
  const shut: RuleSet = {
    ...rules,
    endpoints: rules.endpoints.map((end) => ({ ...end, ...names })),
    chains: (['egress', 'ingress'] as const).map((direction) => ({
      ...{ name: names[direction], direction, rules: [deny('all'), deny('nets')] },
    })),
    sets: [
      { name: 'all', kind: 'addresses', ipv4: [servers.ipv4], ipv6: [servers.ipv6] },
      { name: 'nets', kind: 'networks', ipv4: everything, ipv6: everywhere },
    ],
  };
  await node.rules.ensure(document(shut));
  for (const transport of ['udp', 'tcp'] as const) {
    for (const server of Object.values(servers)) {
      expect(await ask(pods.web, 'db.store.atoll.internal', { transport, server })).toEqual(found('10.127.0.2'));
    }
  }
  await node.rules.ensure(document(rules));
});

describe('a pod', () => {
  test.each([
    ['udp', servers.ipv4],
    ['tcp', servers.ipv4],
    ['udp', servers.ipv6],
    ['tcp', servers.ipv6],
  ] as const)('finds a service of its environment, by %s at %s', async (transport, server) => {
    expect(await ask(pods.web, 'db.store.atoll.internal', { transport, server })).toEqual(found('10.127.0.2'));
    expect(await ask(pods.web, 'DB.Store.atoll.internal.', { transport, server, type: 'AAAA' })).toEqual(
      found(virtual(2).ipv6),
    );
  });

  test('finds those of its own namespace by their name alone, and not those of others', async () => {
    expect(await ask(pods.web, 'api.atoll.internal')).toEqual(found('10.127.0.1'));
    expect(await ask(pods.db, 'db.atoll.internal')).toEqual(found('10.127.0.2'));
    expect(await ask(pods.db, 'api.atoll.internal')).toEqual(missing);
  });

  test('is told ports and where they are', async () => {
    const answer = await ask(pods.web, '_http._tcp.api.shop.atoll.internal', { type: 'SRV' });
    expect(answer).toEqual(found({ priority: 0, weight: 0, port: 80, target: 'api.shop.atoll.internal' }));
    expect(await ask(pods.web, '_http._udp.api.shop.atoll.internal', { type: 'SRV' })).toEqual(missing);
  });

  test('is told that a name has nothing of a type, or that there is no such name', async () => {
    expect(await ask(pods.web, 'db.store.atoll.internal', { type: 'TXT' })).toEqual(found());
    expect(await ask(pods.web, 'none.store.atoll.internal')).toEqual(missing);
  });

  test('can’t tell what is of another environment from what never was, whatever it asks', async () => {
    for (const type of ['A', 'AAAA', 'SRV', 'TXT'] as const) {
      for (const name of ['vault.secret', 'secret', '_x._tcp.vault.secret']) {
        const theirs = await ask(pods.web, `${name}.atoll.internal`, { type });
        const never = await ask(pods.web, `${name.replace('secret', 'nobody')}.atoll.internal`, { type });
        expect(theirs).toEqual(missing);
        expect(theirs).toEqual(never);
      }
    }
    expect(await ask(pods.alien, 'vault.secret.atoll.internal')).toEqual(found('10.127.0.3'));
    expect(await ask(pods.alien, 'api.shop.atoll.internal')).toEqual(missing);
    expect(await ask(pods.lone, 'api.shop.atoll.internal')).toEqual(missing);
  });

  test('is refused names outside of the zone', async () => {
    for (const name of ['example.com', 'notatoll.internal', 'internal']) {
      expect((await ask(pods.web, name)).rcode).toBe('REFUSED');
    }
  });

  test('is sent to TCP where an answer doesn’t fit, and told more where it has said that there is room', async () => {
    const ports = Array.from({ length: 32 }, (_, n) => ({ name: 'many', protocol: 'TCP', port: 8000 + n }) as const);
    await keeper.ensure(document(rulesWith([{ name: 'wide', ...virtual(4), ports }])));
    const name = '_many._tcp.wide.shop.atoll.internal';
    await until('it is known', async () => (await ask(pods.web, 'wide.atoll.internal')).rcode === 'NOERROR');
    expect(await ask(pods.web, name, { type: 'SRV' })).toMatchObject({ truncated: true, data: [] });
    expect((await ask(pods.web, name, { type: 'SRV', transport: 'tcp' })).data).toHaveLength(32);
    const two = ports.slice(0, 8);
    await keeper.ensure(document(rulesWith([{ name: 'wide', ...virtual(4), ports: two }])));
    await until('it is known', async () => (await ask(pods.web, name, { type: 'SRV', edns: 4096 })).data.length === 8);
    expect(await ask(pods.web, name, { type: 'SRV' })).toMatchObject({ truncated: true });
  });

  test('learns of what is new, and loses what is gone, within a second', async () => {
    await keeper.ensure(document(rulesWith([{ name: 'fresh', ...virtual(5), ports: [] }])));
    await until('it is there', async () => (await ask(pods.web, 'fresh.atoll.internal')).rcode === 'NOERROR', 2000);
    await keeper.ensure(document(rulesWith()));
    await until('it is gone', async () => (await ask(pods.web, 'fresh.atoll.internal')).rcode === 'NXDOMAIN', 2000);
  });
});

test('asking goes on while an agent is replaced by another, and the older server ends', async () => {
  const before = processes.read(join(folder, 'names.pid'));
  const next = keep();
  let done = false;
  const restarted = next.ensure(document(rulesWith())).finally(() => {
    done = true;
  });
  let asked = 0;
  while (!done || asked <= 10) {
    const first = await ask(pods.web, 'api.atoll.internal');
    // A datagram may be lost with the older process; every resolver asks again.
    const answer = first.rcode === 'NONE' ? await ask(pods.web, 'api.atoll.internal') : first;
    expect(answer).toEqual(found('10.127.0.1'));
    asked += 1;
    // At a pod's pace: below what one may ask.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await restarted;
  keeper = next;
  const after = processes.read(join(folder, 'names.pid'));
  expect(after?.pid).not.toBe(before?.pid);
  await until('the older one has ended', async () => before !== null && !processes.isAlive(before));
});

test('one pod that asks without end keeps no other from its answers', async () => {
  const flood = pods.alien.peer.ask({ do: 'flood', server: servers.ipv4, port: 53, count: 20_000 });
  for (let n = 0; n < 20; n++) expect(await ask(pods.web, 'api.atoll.internal')).toEqual(found('10.127.0.1'));
  await flood;
});

describe('with an upstream', () => {
  const upstream = { address: '127.0.0.9', port: 5300 };
  /** What has reached it, in its order. */
  const reached: string[] = [];
  let server: ChildProcess;
  const publicOne = found('203.0.113.5');
  const failed = { rcode: 'SERVFAIL', data: [], truncated: false };

  beforeAll(async () => {
    const args = [`--net=${node.netns}`, '--', process.execPath, upstreamProgram, upstream.address, `${upstream.port}`];
    server = spawn('nsenter', args, { stdio: ['ignore', 'pipe', 'inherit'] });
    if (server.stdout === null) throw new Error('its output is a pipe');
    createInterface({ input: server.stdout }).on('line', (line) => reached.push(line));
    await until('it listens', () => reached.includes('listening'));
    keeper = keep(upstream);
    await keeper.ensure(document(rulesWith()));
    await until('it is asked', async () => (await ask(pods.web, 'first.example')).rcode === 'NOERROR');
  });
  afterAll(() => server.kill('SIGKILL'));

  test.each([
    ['udp', servers.ipv4],
    ['tcp', servers.ipv6],
  ] as const)(
    'names outside of the zone are answered by it, by %s at %s, also to who sees no service',
    async (transport, at) => {
      expect(await ask(pods.web, 'www.example', { transport, server: at })).toEqual(publicOne);
      expect(await ask(pods.lone, 'www.example', { transport, server: at })).toEqual(publicOne);
    },
  );

  test('names of the zone never reach it, known or not', async () => {
    for (const name of ['vault.secret', 'none.store', 'www.example.atoll.internal', 'ATOLL.internal']) {
      const full = name.toLowerCase().endsWith('atoll.internal') ? name : `${name}.atoll.internal`;
      await ask(pods.web, full);
      await ask(pods.web, full, { transport: 'tcp' });
    }
    await ask(pods.web, 'last.example');
    expect(reached).toContain('last.example');
    expect(reached.filter((name) => name.toLowerCase().includes('atoll.internal'))).toEqual([]);
  });

  test('what doesn’t fit in a datagram is asked for again by TCP', async () => {
    expect(await ask(pods.web, 'big.example')).toMatchObject({ truncated: true, data: [] });
    expect((await ask(pods.web, 'big.example', { transport: 'tcp' })).data).toHaveLength(80);
  });

  test('no name outside leads to an address of the platform, or speaks for the zone', async () => {
    for (const [name, type] of [
      ['pod', 'A'],
      ['virtual', 'A'],
      ['six', 'AAAA'],
      ['mapped', 'AAAA'],
      ['metadata', 'A'],
      ['hint', 'HTTPS'],
      ['chain', 'A'],
    ] as const) {
      for (const transport of ['udp', 'tcp'] as const) {
        const answer = await ask(pods.web, `${name}.example`, { type, transport });
        expect({ name, ...answer }).toEqual({ name, ...failed });
      }
    }
    expect((await ask(pods.web, 'openhint.example', { type: 'HTTPS' })).rcode).toBe('NOERROR');
    expect(await ask(pods.web, 'blocklist.example')).toEqual(found('127.0.0.2'));
  });

  test('what answers another question or has another number isn’t taken for the answer', async () => {
    expect(await ask(pods.web, 'late.example')).toEqual(publicOne);
    expect(await ask(pods.web, 'late.example', { transport: 'tcp' })).toEqual(failed);
  });

  test('one that is slow keeps nothing else waiting, and is given up', async () => {
    const slow = ask(pods.db, 'slow.example', { patienceMs: 10_000 });
    expect(await ask(pods.web, 'api.atoll.internal')).toEqual(found('10.127.0.1'));
    expect(await ask(pods.web, 'www.example')).toEqual(publicOne);
    expect(await slow).toEqual(failed);
  });

  test('one that is dead is told at once, and what is the platform’s own is answered', async () => {
    server.kill('SIGKILL');
    await until('it is gone', async () => (await ask(pods.web, 'www.example')).rcode === 'SERVFAIL');
    expect(await ask(pods.web, 'www.example', { transport: 'tcp' })).toEqual(failed);
    expect(await ask(pods.web, 'api.atoll.internal')).toEqual(found('10.127.0.1'));
  });
});
