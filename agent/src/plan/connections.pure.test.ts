import type { PolicyRule } from '@atoll/schema/node/network';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compile, endpointAt, fixedId, networkDocument, type Opening } from '../../test/fixtures.ts';
import { families } from '../render/family.ts';
import { parseConnections } from '../rules/conntrack.ts';
import { type Connection, forbiddenConnections } from './connections.ts';
import { createJudge } from './judge.ts';

const node = fixedId('node', 1);
const ends = [1, 2, 3].map((number) => endpointAt(fixedId('instance', number), 1, number + 1));
const document = (openings: readonly Opening[], local = ends) =>
  networkDocument(node, 1, compile(ends, openings, local));

const openings = fc
  .array(
    fc.record({
      from: fc.subarray(ends),
      to: fc.subarray(ends),
      first: fc.integer({ min: 1, max: 4 }),
      width: fc.integer({ min: 0, max: 2 }),
    }),
    { maxLength: 4 },
  )
  .map((all) =>
    all.map(
      ({ from, to, first, width }, index): Opening => ({
        policyId: fixedId('policy', index),
        from: from.map((end) => end.instanceId),
        to: to.map((end) => end.instanceId),
        protocol: 'TCP',
        ports: { from: first, to: first + width },
      }),
    ),
  );
const tcp = { protocol: 'tcp', protocolNumber: 6, icmpType: null } as const;
const everyConnection: Connection[] = families.flatMap((family) =>
  ends.flatMap((source) =>
    ends.flatMap((destination) =>
      source === destination
        ? []
        : [1, 2, 3, 4, 5, 6].map((port) => ({
            family,
            ...tcp,
            source: source[family],
            destination: destination[family],
            ports: { source: 40_000, destination: port },
            answers: { address: destination[family], port },
          })),
    ),
  ),
);
const noAddress = new Set<string>();
const allowedBy = (of: ReturnType<typeof document>) => {
  const judge = createJudge(of);
  return (connection: Connection) =>
    judge.allows({
      family: connection.family,
      protocol: 'TCP',
      source: connection.source,
      destination: connection.destination,
      port: connection.ports?.destination ?? 0,
    });
};

const anything = (rule: PolicyRule): PolicyRule => ({ ...rule, protocol: null, ports: null });

describe('connections after a change of rules', () => {
  test('of those that were allowed, exactly the forbidden ones are found, whatever the change', () => {
    fc.assert(
      fc.property(openings, openings, (before, after) => {
        const [previous, next] = [document(before), document(after)];
        const open = everyConnection.filter(allowedBy(previous));
        const cut = forbiddenConnections(previous, next)?.(open, noAddress) ?? [];
        expect(cut).toEqual(open.filter((connection) => !allowedBy(next)(connection)));
      }),
      { numRuns: 300 },
    );
  });

  test('where nothing was taken away, nobody looks', () => {
    const [a, b] = [ends[0], ends[1]];
    if (!a || !b) throw new Error('there are three');
    const less: Opening = {
      policyId: fixedId('policy', 1),
      from: [a.instanceId],
      to: [b.instanceId],
      protocol: 'TCP',
      ports: { from: 1, to: 1 },
    };
    const more: Opening = { ...less, policyId: fixedId('policy', 2), ports: { from: 2, to: 2 } };
    expect(forbiddenConnections(document([less]), document([less]))).toBeNull();
    expect(forbiddenConnections(document([less]), document([less, more]))).toBeNull();
    expect(forbiddenConnections(document([less, more]), document([less]))).not.toBeNull();
  });

  test('where it is not known what was allowed, all is judged', () => {
    expect(forbiddenConnections(null, document([]))?.(everyConnection, noAddress)).toEqual(everyConnection);
  });

  test("the node's own connections stay, except to an address that is gone", () => {
    const probe: Connection = {
      family: 'ipv4',
      ...tcp,
      source: '169.254.1.1',
      destination: ends[0]?.ipv4 ?? '',
      ports: { source: 1, destination: 80 },
      answers: { address: ends[0]?.ipv4 ?? '', port: 80 },
    };
    const own = new Set(['169.254.1.1']);
    expect(forbiddenConnections(null, document([]))?.([probe], own)).toEqual([]);
    expect(forbiddenConnections(document([]), document([], ends.slice(1)))?.([probe], own)).toEqual([probe]);
  });

  test('those from outside of the platform are judged as any other', () => {
    const source = '203.0.113.9';
    const destination = ends[0]?.ipv4 ?? '';
    const connection: Connection = {
      family: 'ipv4',
      ...tcp,
      source,
      destination,
      ports: { source: 1, destination: 80 },
      answers: { address: destination, port: 80 },
    };
    expect(forbiddenConnections(null, document([]))?.([connection], noAddress)).toEqual([connection]);
  });

  test('an echo, and what is of no protocol that rules name, go on where they are allowed, whatever else is taken away', () => {
    const [a, b] = ends;
    if (!a || !b) throw new Error('there are three');
    const both: Opening = {
      policyId: fixedId('policy', 1),
      from: [a.instanceId],
      to: [b.instanceId],
      protocol: 'TCP',
      ports: { from: 1, to: 1 },
    };
    const rules = document([both]);
    const everything = {
      ...rules,
      rules: {
        ...rules.rules,
        chains: rules.rules.chains.map((chain) => ({ ...chain, rules: chain.rules.map(anything) })),
      },
    };
    const between = { family: 'ipv4', source: a.ipv4, destination: b.ipv4, ports: null } as const;
    const answers = { address: b.ipv4, port: null };
    const echo: Connection = { ...between, answers, protocol: 'icmp', protocolNumber: 1, icmpType: 8 };
    const tunnel: Connection = { ...between, answers, protocol: 'gre', protocolNumber: 47, icmpType: null };
    expect(forbiddenConnections(null, everything)?.([echo, tunnel], noAddress)).toEqual([]);
    expect(forbiddenConnections(null, rules)?.([echo, tunnel], noAddress)).toEqual([echo, tunnel]);
  });

  test("conntrack's lines are read in the direction of the first packet", () => {
    const text = `tcp      6 431999 ESTABLISHED src=10.64.1.2 dst=10.64.1.3 sport=41000 dport=80 src=10.64.1.3 dst=10.64.1.2 sport=80 dport=41000 [ASSURED] mark=0 use=1
tcp      6 100 ESTABLISHED src=10.64.1.2 dst=10.96.0.1 sport=41000 dport=80 src=10.64.1.3 dst=10.64.1.2 sport=8080 dport=41000 [ASSURED] mark=0 use=1
unknown  47 599 src=10.64.1.2 dst=10.64.1.3 [UNREPLIED] src=10.64.1.3 dst=10.64.1.2 mark=0 use=1
icmp     1 29 src=10.64.1.2 dst=10.64.1.3 type=8 code=0 id=7 src=10.64.1.3 dst=10.64.1.2 type=0 code=0 id=7 mark=0 use=1
`;
    const bare = { ports: null, answers: { address: '10.64.1.3', port: null } };
    const between = { family: 'ipv4', source: '10.64.1.2', destination: '10.64.1.3' } as const;
    const web = { ...between, ...tcp, ports: { source: 41_000, destination: 80 } };
    expect(parseConnections(text, 'ipv4')).toEqual([
      { ...web, answers: { address: '10.64.1.3', port: 80 } },
      { ...web, destination: '10.96.0.1', answers: { address: '10.64.1.3', port: 8080 } },
      { ...between, ...bare, protocol: 'unknown', protocolNumber: 47, icmpType: null },
      { ...between, ...bare, protocol: 'icmp', protocolNumber: 1, icmpType: 8 },
    ]);
  });
});
