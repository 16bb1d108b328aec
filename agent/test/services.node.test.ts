/** Services with real packets: virtual addresses, in bare network namespaces that the agent's own code wires and guards. */
import { emptyRuleSet, type RuleEndpoint, type RuleService, type RuleSet } from '@atoll/schema/node/network';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile, endpointAt, fixedId, networkDocument, type Opening } from './fixtures.ts';
import { Lab, type LabNode, type LabPod, open, outcomes, reach, until } from './lab.ts';

const lab = new Lab();
const at = (number: number, subnet: number, host: number) => endpointAt(fixedId('instance', number), subnet, host);
const ends = { client: at(1, 1, 2), a: at(2, 1, 3), b: at(3, 1, 4), c: at(4, 1, 5), alien: at(5, 64, 2) };
const all = Object.values(ends);
const behind = [ends.a, ends.b, ends.c];
/** The client may reach those behind the service at the port that they listen at; so may they each other, and the alien nobody. */
const policy = (protocol: 'TCP' | 'UDP'): Opening => ({
  policyId: fixedId('policy', protocol === 'TCP' ? 1 : 2),
  from: [ends.client.instanceId],
  to: behind.map((end) => end.instanceId),
  protocol,
  ports: { from: 8080, to: 8080 },
});
const openings = [policy('TCP'), policy('UDP')];

const virtual = { ipv4: '10.127.0.1', ipv6: 'fd61:746f:6c6c:ffff:ffff:ffff:ffff:1' };
const unused = { ipv4: '10.127.0.99', ipv6: 'fd61:746f:6c6c:ffff:ffff:ffff:ffff:63' };

function service(targets: readonly RuleEndpoint[], more: Partial<RuleService> = {}): RuleService {
  const to = targets.map(({ ipv4, ipv6 }) => ({ ipv4, ipv6, port: 8080 }));
  return {
    ...{ serviceId: fixedId('service', 1), ...virtual, affinitySeconds: null, draining: [] },
    ports: [
      { protocol: 'TCP', port: 80, targets: to },
      { protocol: 'UDP', port: 53, targets: to },
      { protocol: 'TCP', port: 81, targets: [] },
    ],
    ...more,
  };
}

/** The alien is of another environment. */
function rulesWith(services: readonly RuleService[], of = openings): RuleSet {
  const view = (environment: number, name: string, pods: readonly RuleEndpoint[], seen: readonly RuleService[]) => ({
    environmentId: fixedId('environment', environment),
    namespaces: [
      {
        name,
        instances: pods.map((end) => end.instanceId),
        services: seen.map(({ ipv4, ipv6 }, index) => ({ name: `web-${index}`, ipv4, ipv6, ports: [] })),
      },
    ],
  });
  const views = [view(1, 'shop', [ends.client, ...behind], services), view(2, 'other', [ends.alien], [])];
  return { ...compile(all, of), services: [...services], names: { ...emptyRuleSet.names, views } };
}

let node: LabNode;
let pods: Record<keyof typeof ends, LabPod>;
let generation = 0;
const intent = (rules: RuleSet) => networkDocument(node.id, ++generation, rules);
let current = networkDocument(fixedId('node', 1), 0, emptyRuleSet);
/** As the agent does: in force first, and then what is no longer allowed is cut. */
async function apply(rules: RuleSet): Promise<void> {
  const next = intent(rules);
  await node.rules.ensure(next);
  await node.rules.cut(current, next);
  current = next;
}

beforeAll(async () => {
  node = await lab.node(fixedId('node', 1));
  await apply(rulesWith([service(behind)]));
  const pod = async (name: keyof typeof ends) => [name, await lab.pod(node, ends[name])] as const;
  pods = Object.fromEntries(await Promise.all((Object.keys(ends) as (keyof typeof ends)[]).map(pod))) as Record<
    keyof typeof ends,
    LabPod
  >;
  for (const name of ['a', 'b', 'c'] as const) {
    await pods[name].peer.ask({ do: 'listen', protocol: 'TCP', port: 8080 });
    await pods[name].peer.ask({ do: 'listen', protocol: 'UDP', port: 8080 });
  }
});
afterAll(() => lab.close());

const accepted = async (): Promise<number[]> =>
  Promise.all(
    (['a', 'b', 'c'] as const).map(async (name) => (await pods[name].peer.ask({ do: 'accepted' })) as number),
  );

/** How many of `count` connections each of them got. */
async function spread(from: LabPod, address: string, count: number): Promise<number[]> {
  const before = await accepted();
  for (let done = 0; done < count; done += 50) {
    const batch = Array.from({ length: Math.min(50, count - done) }, () => ({ address, port: 80 }));
    expect(new Set(await outcomes(from, batch))).toEqual(new Set(['CONNECTED']));
  }
  return until('all of them are counted', async () => {
    const got = (await accepted()).map((now, index) => now - (before[index] ?? 0));
    return got.reduce((sum, one) => sum + one) >= count && got;
  });
}

const families = ['ipv4', 'ipv6'] as const;

describe('a virtual address', () => {
  test.each(families)('leads to each of its instances equally often (%s)', async (family) => {
    const got = await spread(pods.client, virtual[family], 300);
    expect(got.reduce((sum, one) => sum + one)).toBe(300);
    // Six standard deviations.
    for (const one of got) expect(Math.abs(one - 100)).toBeLessThan(50);
  });

  test('refuses at once where nothing is behind a port, where there is no such port, and where there is no such service', async () => {
    const begun = Date.now();
    expect(await reach(pods.client, virtual, 81)).toBe('REFUSED REFUSED');
    expect(await reach(pods.client, virtual, 4000)).toBe('REFUSED REFUSED');
    expect(await reach(pods.client, unused, 80)).toBe('REFUSED REFUSED');
    expect(Date.now() - begun).toBeLessThan(1000);
  });

  test('leads nobody of another environment anywhere, and tells them nothing', async () => {
    expect(await reach(pods.alien, virtual, 80)).toBe('REFUSED REFUSED');
    expect(await reach(pods.alien, unused, 80)).toBe('REFUSED REFUSED');
  });

  test('opens nothing that policies don’t: they decide about the instance behind it', async () => {
    await apply(rulesWith([service(behind)], []));
    expect(await reach(pods.client, virtual, 80)).toBe('TIMED_OUT TIMED_OUT');
    await apply(rulesWith([service(behind)]));
    expect(await reach(pods.client, virtual, 80)).toBe(open);
  });

  test('leads an instance to itself', async () => {
    await apply(rulesWith([service([ends.a])]));
    expect(await reach(pods.a, virtual, 80)).toBe(open);
    // To another one behind it only where a policy lets it.
    expect(await reach(pods.b, virtual, 80)).toBe('TIMED_OUT TIMED_OUT');
    await apply(rulesWith([service(behind)]));
  });

  test.each(families)(
    'keeps a client with its instance where it shall, also over a change of the rules (%s)',
    async (family) => {
      await apply(rulesWith([service(behind, { affinitySeconds: 60 })]));
      const first = await spread(pods.client, virtual[family], 20);
      expect(first.filter((one) => one > 0)).toHaveLength(1);
      const place = first.findIndex((one) => one > 0);
      await apply(rulesWith([service(behind, { affinitySeconds: 60 })], openings.slice(0, 1)));
      const again = await spread(pods.client, virtual[family], 20);
      expect(again.findIndex((one) => one > 0)).toBe(place);
      // Its instance goes: it goes on with another one, and stays there.
      const rest = behind.filter((_, index) => index !== place);
      await apply(rulesWith([service(rest, { affinitySeconds: 60 })]));
      const after = await spread(pods.client, virtual[family], 20);
      expect(after[place]).toBe(0);
      expect(after.filter((one) => one > 0)).toHaveLength(1);
      await apply(rulesWith([service(behind)]));
    },
  );

  test('with 100 instances still leads to the three that are there, and to each as often as to any other', async () => {
    const many = Array.from({ length: 97 }, (_, n) => at(100 + n, 9, 2 + n));
    await apply(rulesWith([service([...behind, ...many])]));
    const results = await outcomes(
      pods.client,
      Array.from({ length: 600 }, () => ({ address: virtual.ipv4, port: 80 })),
    );
    const connected = results.filter((one) => one === 'CONNECTED').length;
    // 18 expected; nobody answers for the others.
    expect(connected).toBeGreaterThan(3);
    expect(connected).toBeLessThan(40);
    await apply(rulesWith([service(behind)]));
  });
});

describe('connections by a virtual address', () => {
  const ask = (name: string) => pods.client.peer.ask({ do: 'say', name });
  const dial = (name: string, address: string) => pods.client.peer.ask({ do: 'open', name, address, port: 80 });

  test.each(families)('go on while their instance only drains, and new ones go elsewhere (%s)', async (family) => {
    await apply(rulesWith([service([ends.a])]));
    const name = `kept ${family}`;
    expect(await dial(name, virtual[family])).toBe(true);
    expect(await ask(name)).toBe(true);
    const pair = ({ ipv4, ipv6 }: RuleEndpoint) => ({ ipv4, ipv6 });
    await apply(rulesWith([service([ends.b], { draining: [pair(ends.a)] })]));
    expect(await ask(name)).toBe(true);
    const got = await spread(pods.client, virtual[family], 20);
    expect(got).toEqual([0, 20, 0]);
    expect(await ask(name)).toBe(true);
    // Gone: whoever was connected is told.
    await apply(rulesWith([service([ends.b])]));
    expect(await ask(name)).toBe(false);
    await apply(rulesWith([service(behind)]));
  });

  test.each(families)('of datagrams move on as soon as their instance takes no new ones (%s)', async (family) => {
    await apply(rulesWith([service([ends.a])]));
    const from = ends.client[family];
    const send = (text: string) =>
      pods.client.peer.ask({ do: 'send', address: virtual[family], port: 53, from, fromPort: 5353, text });
    const heard = async (name: 'a' | 'b', text: string) =>
      ((await pods[name].peer.ask({ do: 'received' })) as string[]).includes(text);
    const arrives = async (name: 'a' | 'b', text: string) => {
      for (let tries = 0; tries < 100; tries++) {
        if (await heard(name, text)) return true;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return false;
    };
    await send(`one ${family}`);
    expect(await arrives('a', `one ${family}`)).toBe(true);
    const { ipv4, ipv6 } = ends.a;
    await apply(rulesWith([service([ends.b], { draining: [{ ipv4, ipv6 }] })]));
    await send(`two ${family}`);
    expect(await arrives('b', `two ${family}`)).toBe(true);
    expect(await heard('a', `two ${family}`)).toBe(false);
    await apply(rulesWith([service(behind)]));
  });
});

test('what was made for services is gone with them, and nothing is changed where nothing changed', async () => {
  await apply(rulesWith([service(behind, { affinitySeconds: 60 })]));
  await apply(rulesWith([]));
  const { stdout } = await node.commands.run('ipset', ['save']);
  expect(stdout).not.toContain('timeout');
  expect(await reach(pods.client, virtual, 80)).toBe('REFUSED REFUSED');
  await node.rules.clear();
  const after = await node.commands.run('ip', ['route', 'show', 'table', 'local', 'proto', '97']);
  expect(after.stdout.trim()).toBe('');
  const saved = await node.commands.run('iptables-save', []);
  expect(saved.stdout).not.toContain('atl');
});
