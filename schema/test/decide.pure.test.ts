/**
 * The walk over compiled rules, against a model that is written apart from it: numbers instead of texts, a matrix of facts instead
 * of chains, decided by folding over all rules from the last to the first.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Direction, type Flow, type Ruled, readRules, type Traffic } from '../src/node/decide.ts';
import type { DesiredNetwork, PolicyRule } from '../src/node/network.ts';

const suffix = (n: number) => `01h455vb4pex5vsknk0${String(n).padStart(7, '0')}`;
const pools: DesiredNetwork['pools'] = { ipv4: ['10.64.0.0/24'], ipv6: ['fd61::/64'], services: [], reserved: [] };
/** Addresses by number: 0–15 are endpoints, 16–23 others of the pool, 24–47 outside. */
const text = {
  ipv4: (n: number) => (n < 24 ? `10.64.0.${n + 2}` : `203.0.113.${n}`),
  ipv6: (n: number) => (n < 24 ? `fd61::${(n + 2).toString(16)}` : `2001:db8::${n.toString(16)}`),
};
const inPool = (n: number) => n < 24;

interface ModelRule {
  readonly action: 'ALLOW' | 'DENY';
  readonly what: 'ANY' | 'TCP' | 'UDP' | 'PING' | 'ICMP';
  readonly low: number;
  readonly high: number;
  /** Members, by number; of networks: all numbers from..to outside, and whatever of the pool they may seem to say. */
  readonly peers: ReadonlySet<number>;
  readonly networks: boolean;
}

const port = fc.integer({ min: 1, max: 9 });
const modelRule: fc.Arbitrary<ModelRule> = fc
  .record({
    action: fc.constantFrom('ALLOW', 'DENY'),
    what: fc.constantFrom('ANY', 'TCP', 'UDP', 'PING', 'ICMP'),
    ends: fc.tuple(port, port),
    peers: fc.uniqueArray(fc.integer({ min: 0, max: 47 }), { maxLength: 20 }),
    networks: fc.boolean(),
  })
  .map(({ ends, peers, ...rule }) => ({
    ...rule,
    low: Math.min(...ends),
    high: Math.max(...ends),
    peers: new Set(peers),
  }));
const modelChain = fc.array(modelRule, { maxLength: 6 });

/** The independent model: who comes first overrules who comes later, so the last word belongs to the first rule. */
function modelAllows(chain: readonly ModelRule[] | null, peer: number, asked: Traffic): boolean {
  let answer = false;
  for (const rule of (chain ?? []).toReversed()) {
    const speaks: Record<ModelRule['what'], boolean> = {
      ANY: true,
      TCP: asked.protocol === 'TCP' && asked.port >= rule.low && asked.port <= rule.high,
      UDP: asked.protocol === 'UDP' && asked.port >= rule.low && asked.port <= rule.high,
      PING: asked.protocol === 'ICMP' && asked.icmp === 'ECHO_REQUEST',
      ICMP: asked.protocol === 'ICMP',
    };
    const about = rule.peers.has(peer) && !(rule.networks && inPool(peer));
    if (about && speaks[rule.what]) answer = rule.action === 'ALLOW';
  }
  return answer;
}

const spoken = (rule: ModelRule): Pick<PolicyRule, 'protocol' | 'ports' | 'icmp'> => {
  if (rule.what === 'ANY') return { protocol: null, ports: null, icmp: null };
  if (rule.what === 'PING') return { protocol: 'ICMP', ports: null, icmp: 'ECHO_REQUEST' };
  if (rule.what === 'ICMP') return { protocol: 'ICMP', ports: null, icmp: null };
  return { protocol: rule.what, ports: { from: rule.low, to: rule.high }, icmp: null };
};

type Chains = readonly (readonly ModelRule[])[];

/** Endpoint n has ingress chain n and egress chain n + 1, modulo; the last of the list stands for none. */
function ruleSetOf(ingress: Chains, egress: Chains): Ruled['rules'] {
  const sets: Ruled['rules']['sets'] = [];
  const lists = { ingress, egress };
  const directions = ['ingress', 'egress'] as const;
  const nameOf = (direction: Direction, n: number) =>
    `${direction === 'ingress' ? 'a' : 'b'}${n.toString(16).padStart(15, '0')}`;
  const chains = directions.flatMap((direction) =>
    lists[direction].map((list, n) => ({
      name: nameOf(direction, n),
      direction,
      rules: list.map((rule, at): PolicyRule => {
        const set = `${direction === 'ingress' ? 'i' : 'e'}${n}r${at}`;
        const members = [...rule.peers];
        const of = (family: 'ipv4' | 'ipv6') =>
          members.map((m) => (rule.networks ? `${text[family](m)}/${family === 'ipv4' ? 32 : 128}` : text[family](m)));
        sets.push({ name: set, kind: rule.networks ? 'networks' : 'addresses', ipv4: of('ipv4'), ipv6: of('ipv6') });
        return { policyId: `pol_${suffix(at)}`, action: rule.action, ...spoken(rule), set, log: false };
      }),
    })),
  );
  const at = (direction: Direction, n: number) => (n < lists[direction].length ? nameOf(direction, n) : null);
  const endpoints = Array.from({ length: 16 }, (_, n) => ({
    instanceId: `ins_${suffix(n)}` as const,
    ipv4: text.ipv4(n),
    ipv6: text.ipv6(n),
    ingress: at('ingress', n % (ingress.length + 1)),
    egress: at('egress', (n + 1) % (egress.length + 1)),
  }));
  return { endpoints, chains, sets };
}

const traffics: readonly Traffic[] = [
  ...[1, 4, 9, 10].flatMap((number) => [
    { protocol: 'TCP' as const, port: number },
    { protocol: 'UDP' as const, port: number },
  ]),
  { protocol: 'ICMP', icmp: 'ECHO_REQUEST' },
  { protocol: 'ICMP', icmp: null },
];

describe('reading a rule set', () => {
  it('says what an independent model says, for every pair, protocol, port and family', () => {
    fc.assert(
      fc.property(fc.array(modelChain, { maxLength: 3 }), fc.array(modelChain, { maxLength: 3 }), (ingress, egress) => {
        const reader = readRules({ rules: ruleSetOf(ingress, egress), pools });
        for (const family of ['ipv4', 'ipv6'] as const) {
          for (const asked of traffics) {
            for (const [a, b] of [...pairs()]) {
              const flow: Flow = { ...asked, family, source: text[family](a), destination: text[family](b) };
              const out = a < 16 ? modelAllows(egress[(a + 1) % (egress.length + 1)] ?? null, b, asked) : true;
              const into = b < 16 ? modelAllows(ingress[b % (ingress.length + 1)] ?? null, a, asked) : true;
              expect(reader.egress(flow).allowed, JSON.stringify(flow)).toBe(out);
              expect(reader.ingress(flow).allowed, JSON.stringify(flow)).toBe(into);
            }
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('names the first rule that matches, and its place', () => {
    fc.assert(
      fc.property(modelChain, (chain) => {
        const rules = ruleSetOf([chain], []);
        const reader = readRules({ rules, pools });
        const end = rules.endpoints[0];
        if (!end) throw new Error('There is one.');
        for (const asked of traffics) {
          for (const peer of [0, 3, 17, 30]) {
            const verdict = reader.atEnd('ingress', end, text.ipv4(peer), { ...asked, family: 'ipv4' });
            const first = chain.findIndex((_, at) =>
              modelAllows([{ ...chain[at], action: 'ALLOW' } as ModelRule], peer, asked),
            );
            if (first < 0) expect(verdict).toEqual({ kind: 'none', allowed: false });
            else expect(verdict).toMatchObject({ kind: 'rule', index: first, rule: rules.chains[0]?.rules[first] });
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('knows an address however it is spelled', () => {
    const rules = ruleSetOf([], []);
    const reader = readRules({ rules, pools });
    expect(reader.endpoint('ipv6', 'FD61:0:0:0::0002')?.instanceId).toBe(`ins_${suffix(0)}`);
    expect(reader.isInside('ipv6', 'fd61:0::ffff')).toBe(true);
    expect(reader.isInside('ipv4', '10.64.1.0')).toBe(false);
  });
});

function* pairs(): Generator<readonly [number, number]> {
  for (const a of [0, 1, 2, 5, 17, 30]) for (const b of [0, 1, 3, 4, 18, 40]) yield [a, b];
}
