import type { Id } from '@atoll/schema/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressesAt, capacityOf, hostOf, nextAddresses, type SubnetUse } from './addresses.ts';

const subnetId: Id<'subnet'> = 'sub_01h455vb4pex5vsknk084sn02q';
const small = { subnetId, ipv4: '10.64.9.0/29', ipv6: 'fd61:746f:6c6c:9::/64' };
const never = { highest: 0, resting: [] };
const rest = (host: number, releasedAt: number, confirmed = true) => ({ host, releasedAt, confirmed });
const ipv4Of = (subnet: SubnetUse, count: number) => nextAddresses([subnet], count).map((pair) => pair.ipv4);

describe('the next addresses', () => {
  it('leave out the network, the first address and the broadcast', () => {
    expect(nextAddresses([{ ...small, ...never }], 100)).toEqual(
      [2, 3, 4, 5, 6].map((host) => ({ subnetId, ipv4: `10.64.9.${host}`, ipv6: `fd61:746f:6c6c:9::${host}` })),
    );
    expect(capacityOf([small])).toBe(5);
  });

  it('go on behind the highest that was ever used, though lower ones were given back', () => {
    const use = { ...small, highest: 4, resting: [rest(2, 10)] };
    expect(ipv4Of(use, 1)).toEqual(['10.64.9.5']);
  });

  it('that were given back come last, the longest at rest first', () => {
    const resting = [rest(2, 30), rest(4, 10), rest(3, 20)];
    expect(ipv4Of({ ...small, highest: 5, resting }, 9)).toEqual(['10.64.9.6', '10.64.9.4', '10.64.9.3', '10.64.9.2']);
  });

  it('are not those that a node’s rules may still contain', () => {
    const resting = [rest(2, 30), rest(4, 10, false)];
    expect(ipv4Of({ ...small, highest: 6, resting }, 9)).toEqual(['10.64.9.2']);
  });

  it('of a /16 are found at once', () => {
    const large = { subnetId, ipv4: '10.65.0.0/16', ipv6: 'fd61:746f:6c6c:a::/64', highest: 65_533, resting: [] };
    expect(nextAddresses([large], 9)).toEqual([addressesAt(large, 65_534)]);
    expect(hostOf('10.65.255.254', large.ipv4)).toBe(65_534);
  });
});

/** A life of a subnet: the one who gives addresses and the one who gives them back, one after the other. */
describe('over any life of a subnet', () => {
  const steps = fc.array(fc.record({ give: fc.boolean(), which: fc.nat() }), { maxLength: 120 });

  it('no address has two holders, all are used before one is used again, and a full subnet says so', () => {
    fc.assert(
      fc.property(steps, (life) => {
        const held = new Map<number, number>();
        const resting = new Map<number, number>();
        let highest = 0;
        life.forEach(({ give, which }, position) => {
          if (give) {
            const use = {
              ...small,
              highest,
              resting: [...resting].map(([host, releasedAt]) => rest(host, releasedAt)),
            };
            const [next] = nextAddresses([use], 1);
            if (next === undefined) {
              expect(held.size).toBe(5);
              return;
            }
            const host = hostOf(next.ipv4, small.ipv4);
            expect(held.has(host)).toBe(false);
            // What was given back is used again only when nothing else is left.
            if (resting.has(host)) {
              expect(highest).toBe(6);
              expect(resting.get(host)).toBe(Math.min(...resting.values()));
            }
            held.set(host, position);
            resting.delete(host);
            highest = Math.max(highest, host);
          } else if (held.size > 0) {
            const host = [...held.keys()][which % held.size];
            if (host === undefined) return;
            held.delete(host);
            resting.set(host, position);
          }
        });
      }),
      { numRuns: 300 },
    );
  });
});
