/** One pod at its bound: it gets no more connections, and its neighbours get theirs. With real connections, of both families. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { families } from '../src/render/family.ts';
import { nodeNames, type PodBounds } from '../src/render/names.ts';
import { compile, endpointAt, fixedId, networkDocument, type Opening } from './fixtures.ts';
import { dropped, Lab, type LabNode, type LabPod, open, outcomes, reach, until } from './lab.ts';

const lab = new Lab();
afterAll(() => lab.close());

const servers = [1, 2].map((host) => endpointAt(fixedId('instance', host), 1, host + 1));
const clients = [3, 4, 5, 6, 7].map((host) => endpointAt(fixedId('instance', host), 1, host + 1));
const all = [...servers, ...clients];
const opening = (port: number): Opening => ({
  policyId: fixedId('policy', port),
  from: clients.map((end) => end.instanceId),
  to: servers.map((end) => end.instanceId),
  protocol: 'TCP',
  ports: { from: port, to: port },
});
let generation = 0;
const document = (node: LabNode, ...ports: readonly number[]) =>
  networkDocument(node.id, ++generation, compile(all, ports.map(opening)));

/** Two servers, a greedy client and some others. */
async function place(number: number, bounds: PodBounds, backend: 'nft' | 'legacy', few = true) {
  const id = fixedId('node', number);
  const node = await lab.node(id, undefined, null, nodeNames(id, undefined, bounds));
  // The agent writes where others do.
  for (const program of ['iptables', 'ip6tables']) {
    await node.commands.run(`${program}-${backend}`, ['-A', 'INPUT', '-i', 'eth9', '-j', 'ACCEPT']);
  }
  await node.rules.ensure(document(node, 80));
  const pods = await Promise.all(all.slice(0, few ? 4 : all.length).map((end) => lab.pod(node, end)));
  const [first, second, greedy, ...others] = pods;
  if (first === undefined || second === undefined || greedy === undefined) throw new Error('they are there');
  for (const server of [first, second]) await server.peer.ask({ do: 'listen', protocol: 'TCP', port: 80 });
  return { node, first, second, greedy, others };
}

async function openTo(from: LabPod, to: LabPod, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    for (const family of families) {
      const name = `${n} ${to.end[family]}`;
      expect(await from.peer.ask({ do: 'open', name, address: to.end[family], port: 80 })).toBe(true);
    }
  }
}

/** Until so many connections to the server are open, in each family: what ends does so in its own time. */
async function untilOpen(node: LabNode, to: LabPod, count: number): Promise<void> {
  await until(`${count} connections`, async () => {
    const lists = await Promise.all(
      families.map(async (family) => {
        const { stdout } = await node.commands.run('conntrack', ['-L', '-f', family, '-d', to.end[family]]);
        return stdout.split('\n').filter((line) => line !== '' && !/TIME_WAIT|CLOSE /.test(line)).length;
      }),
    );
    return lists.every((length) => length === count);
  });
}

describe.each(['nft', 'legacy'] as const)('with %s, a pod', (backend) => {
  let at: Awaited<ReturnType<typeof place>>;
  beforeAll(async () => {
    at = await place(backend === 'nft' ? 1 : 2, { connections: 3, newPerSecond: 0 }, backend);
  });

  test('that has as many connections open as it may gets no further one; its neighbours do', async () => {
    const { node, greedy, first, second, others } = at;
    await openTo(greedy, first, 2);
    // What is over counts no more.
    for (let n = 0; n < 3; n++) {
      expect(await reach(greedy, first.end, 80)).toBe(open);
      await untilOpen(node, first, 2);
    }
    await openTo(greedy, second, 1);
    expect(await reach(greedy, first.end, 80)).toBe(dropped);
    expect(await reach(greedy, second.end, 80)).toBe(dropped);
    for (const other of others.slice(0, 1)) expect(await reach(other, first.end, 80)).toBe(open);
    // What it has goes on.
    for (const family of families) {
      expect(await greedy.peer.ask({ do: 'say', name: `0 ${first.end[family]}` })).toBe(true);
    }
  });

  test('is not counted anew by a change of policies', async () => {
    const { node, greedy, first, others } = at;
    await node.rules.change(document(node, 80, 81));
    expect(await reach(greedy, first.end, 80)).toBe(dropped);
    await node.rules.ensure(document(node, 80));
    expect(await reach(greedy, first.end, 80)).toBe(dropped);
    expect(await Promise.all(others.slice(0, 1).map((other) => reach(other, first.end, 80)))).toEqual([open]);
  });
});

test('a pod to which four times as many are open gets no further one, and another one does', async () => {
  const { node, greedy, first, second, others } = await place(4, { connections: 1, newPerSecond: 0 }, 'nft', false);
  const last = others.at(-1) ?? greedy;
  for (const client of [greedy, ...others.slice(0, 3)]) await openTo(client, first, 1);
  await untilOpen(node, first, 4);
  expect(await reach(last, first.end, 80)).toBe(dropped);
  expect(await reach(last, second.end, 80)).toBe(open);
});

test('a pod begins no more connections in a second than it may; its neighbours do', async () => {
  const newPerSecond = 5;
  const { greedy, first, others } = await place(3, { connections: 0, newPerSecond }, 'nft');
  const began = performance.now();
  const targets = Array.from({ length: 60 }, () => ({ address: first.end.ipv4, port: 80 }));
  const came = (await outcomes(greedy, targets)).filter((outcome) => outcome === 'CONNECTED').length;
  const seconds = (performance.now() - began) / 1000;
  expect(came).toBeGreaterThanOrEqual(newPerSecond * 2);
  expect(came).toBeLessThanOrEqual(newPerSecond * (2 + seconds) + 1);
  for (const other of others) expect(await reach(other, first.end, 80)).toBe(open);
});
