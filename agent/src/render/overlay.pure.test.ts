import type { RemoteNode } from '@atoll/schema/node/network';
import { describe, expect, test } from 'vitest';
import { compile, fixedId, pools } from '../../test/fixtures.ts';
import { planTunnel } from '../plan/tunnel.ts';
import { families } from './family.ts';
import { nodeNames, tunnelMac } from './names.ts';
import { renderOverlay } from './overlay.ts';
import { absent, nextHopOf, smallestUnderlay, type TunnelState, tunnelMtu, wantedTunnel } from './tunnel.ts';

const names = nodeNames(fixedId('node', 0));
const own = { address: '192.0.2.1', port: 9789, mac: '02:00:00:00:00:01', mtu: 1500 };
const remote = (number: number): RemoteNode => ({
  nodeId: fixedId('node', number),
  tunnel: {
    address: `198.51.100.${number % 250}`,
    port: 9789,
    mac: `02:00:00:00:${(number >> 8).toString(16).padStart(2, '0')}:${(number & 255).toString(16).padStart(2, '0')}`,
  },
  ipv4: [`10.65.${number >> 8}.${number & 255}`],
  ipv6: [`fd61:746f:6c6c:2::${number.toString(16)}`],
});
const remotes = (count: number) => Array.from({ length: count }, (_, index) => remote(index + 2));

describe('rules of the tunnel', () => {
  test.each([0, 1, 16, 17, 500])(
    'with %i other nodes a packet passes a bounded number of them, and ends in a drop',
    (count) => {
      const rules = { ...compile([], []), remotes: remotes(count) };
      for (const family of families) {
        const { tables, sets } = renderOverlay(names, { pools, rules }, family);
        const chains = (tables.filter?.chains ?? []).filter(({ name }) => name.includes('arrive'));
        expect(chains.length).toBeGreaterThan(0);
        for (const chain of chains) {
          expect(chain.rules.length).toBeLessThanOrEqual(3 + Math.max(16, count / 8));
          expect(chain.rules.at(-1)?.text).toMatch(/-j DROP$/);
          expect(chain.rules.map(({ text }) => text).join('\n')).not.toContain('ACCEPT');
        }
        const asked = chains.flatMap((chain) => chain.rules.filter(({ text }) => text.includes('--mac-source')));
        expect(asked).toHaveLength(count);
        for (const { text } of asked) {
          const set = / --match-set (\S+) src/.exec(text)?.[1];
          expect(sets.find((one) => one.name === set)?.members).toHaveLength(1);
        }
      }
    },
  );

  test('a node that comes or goes changes the rules of its own group only', () => {
    const chainsOf = (count: number) =>
      new Map(
        renderOverlay(
          names,
          { pools, rules: { ...compile([], []), remotes: remotes(count) } },
          'ipv4',
        ).tables.filter?.chains.map((chain) => [chain.name, chain.rules.at(-1)?.hash]),
      );
    const [before, after] = [chainsOf(100), chainsOf(101)];
    expect([...after].filter(([name, hash]) => before.get(name) !== hash)).toHaveLength(1);
  });
});

describe('the tunnel', () => {
  test('is planned from nothing to everything, and from everything to nothing by its device alone', () => {
    const wanted = wantedTunnel(own, remotes(3));
    const plan = planTunnel(names, own, wanted, absent);
    expect(plan.link).toHaveLength(1);
    expect([plan.ip.length, plan.bridge.length]).toEqual([3 + 6, 3]);
    expect(planTunnel(names, own, wanted, wanted)).toEqual({ link: [], isNew: false, ip: [], bridge: [] });
    expect(planTunnel(names, own, wantedTunnel(own, []), wanted).link).toEqual([`link del ${names.tunnel}`]);
    expect(planTunnel(names, null, absent, absent).link).toEqual([]);
  });

  test('changes one route where one endpoint moved, and makes the device anew only for what it can not change', () => {
    const wanted = wantedTunnel(own, remotes(3));
    const [first, second] = remotes(3);
    if (!first || !second) throw new Error('there are three');
    const moved = [
      { ...first, ipv4: [] },
      { ...second, ipv4: [...second.ipv4, ...first.ipv4] },
      ...remotes(3).slice(2),
    ];
    const plan = planTunnel(names, own, wantedTunnel(own, moved), wanted);
    expect(plan.ip).toHaveLength(1);
    expect(plan.ip[0]).toMatch(/^route replace /);
    const at = (change: Partial<typeof own>): TunnelState => wantedTunnel({ ...own, ...change }, remotes(3));
    const replan = (change: Partial<typeof own>) => planTunnel(names, { ...own, ...change }, at(change), wanted);
    expect(replan({ mtu: 1400 })).toMatchObject({ isNew: false, link: [`link set ${names.tunnel} mtu 1350`] });
    expect(replan({ mac: '02:00:00:00:00:aa' })).toMatchObject({ isNew: false });
    expect(replan({ address: '192.0.2.9' })).toMatchObject({ isNew: true });
    expect(replan({ port: 9790 })).toMatchObject({ isNew: true });
  });

  test('leaves out nodes of the other family', () => {
    const six = { ...remote(9), tunnel: { ...remote(9).tunnel, address: 'fd00::9' } };
    expect(wantedTunnel(own, [six]).link).toBeNull();
    expect([...wantedTunnel(own, [six, remote(3)]).neighbours.values()]).toEqual([remote(3).tunnel.mac]);
  });

  test('leaves pods room for IPv6 in the smallest network underneath that is taken', () => {
    for (const address of ['192.0.2.1', 'fd00::1'])
      expect(tunnelMtu({ address, mtu: smallestUnderlay(address) })).toBe(1280);
  });

  test('hardware addresses are locally administered and of one host, and next hops are as different as they are', () => {
    const all = new Set(Array.from({ length: 256 }, (_, first) => tunnelMac(new Uint8Array([first, 1, 2, 3, 4, 5]))));
    expect(all.size).toBe(64);
    for (const mac of all) expect(mac).toMatch(/^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
    expect(new Set([...all].map(nextHopOf)).size).toBe(64);
    expect(nextHopOf('02:00:00:00:00:02')).toBe('fe80::ff:fe00:2');
  });
});
