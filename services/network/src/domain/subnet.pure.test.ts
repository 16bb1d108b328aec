import { given } from '@atoll/events/given';
import { describe, expect, it } from 'vitest';
import { type SubnetEvent, subnet } from './subnet.ts';

const subnetId = 'sub_01h455vb4pex5vsknk084sn02q';
const other = 'sub_01h455vb4pex5vsknk084sn02r';
const namespaceId = 'ns_01h455vb4pex5vsknk084sn02q';
const ranges = { subnetId, namespaceId, ipv4: '10.64.3.0/24', ipv6: 'fd61:746f:6c6c:3::/64' } as const;
const outOf = ['rng_01h455vb4pex5vsknk084sn02q', 'rng_01h455vb4pex5vsknk084sn02r'] as const;
const useBefore = '2100-01-01T00:00:00.000Z';
const allocated: SubnetEvent = { type: 'SubnetAllocated', data: ranges };
const released: SubnetEvent = { type: 'SubnetReleased', data: ranges };

describe('a subnet', () => {
  it('needs its namespace open and its reservation kept, and takes both of its ranges', () => {
    expect(given(subnet, []).when({ kind: 'allocate', useBefore, outOf, ...ranges })).toEqual({
      ok: true,
      events: [allocated],
      claims: [
        { op: 'require', set: 'namespace-open', key: namespaceId },
        { op: 'before', set: 'reservation', key: useBefore },
        ...outOf.map((key) => ({ op: 'require', set: 'range-open', key })),
        { op: 'take', kind: 'range', set: 'ipv4', range: ranges.ipv4, owner: subnetId },
        { op: 'take', kind: 'range', set: 'ipv6', range: ranges.ipv6, owner: subnetId },
        { op: 'take', kind: 'unique', set: 'subnet-open', key: subnetId, owner: subnetId },
      ],
    });
  });

  it('gives both back', () => {
    expect(given(subnet, [allocated]).when({ kind: 'release' })).toEqual({
      ok: true,
      events: [released],
      claims: [
        { op: 'release', kind: 'range', set: 'ipv4', key: ranges.ipv4, owner: subnetId },
        { op: 'release', kind: 'range', set: 'ipv6', key: ranges.ipv6, owner: subnetId },
        { op: 'release', kind: 'unique', set: 'subnet-open', key: subnetId, owner: subnetId },
      ],
    });
  });

  it('that is closed gives no address any more, and gives its ranges back later', () => {
    const closed: SubnetEvent = { type: 'SubnetClosed', data: { subnetId, namespaceId } };
    expect(given(subnet, [allocated]).when({ kind: 'close', other })).toEqual({
      ok: true,
      events: [closed],
      claims: [
        { op: 'require', set: 'subnet-open', key: other },
        { op: 'release', kind: 'unique', set: 'subnet-open', key: subnetId, owner: subnetId },
      ],
    });
    expect(given(subnet, [allocated, closed]).when({ kind: 'close', other })).toMatchObject({ ok: true, events: [] });
    expect(given(subnet, [allocated, closed]).when({ kind: 'release' })).toMatchObject({
      ok: true,
      events: [released],
    });
    expect(given(subnet, [allocated]).when({ kind: 'close', other: null })).toMatchObject({
      ok: false,
      rejection: { code: 'ILLEGAL_STATE' },
    });
    expect(given(subnet, []).when({ kind: 'close', other })).toMatchObject({
      ok: false,
      rejection: { code: 'NOT_FOUND' },
    });
  });

  it('is released once', () => {
    expect(given(subnet, [allocated, released]).when({ kind: 'release' })).toEqual({
      ok: true,
      events: [],
      claims: [],
    });
  });

  it('is allocated once', () => {
    const again = { kind: 'allocate', useBefore, outOf, ...ranges } as const;
    for (const history of [[allocated], [allocated, released]]) {
      expect(given(subnet, history).when(again)).toMatchObject({ ok: false, rejection: { code: 'ILLEGAL_STATE' } });
    }
  });

  it('that never was can’t be released', () => {
    expect(given(subnet, []).when({ kind: 'release' })).toMatchObject({ ok: false, rejection: { code: 'NOT_FOUND' } });
  });
});
