import type { PolicyRule } from '@atoll/schema/node/network';
import { describe, expect, it } from 'vitest';
import { fixedId } from '../../test/fixtures.ts';
import { logPrefix } from '../render/log.ts';
import { nodeNames } from '../render/names.ts';
import { readLine } from './line.ts';
import { readerOf } from './ulogd.ts';

const names = nodeNames(fixedId('node', 1));
const rule: PolicyRule = {
  ...{ policyId: fixedId('policy', 1), protocol: null, ports: null, icmp: null, set: 's', log: true },
  action: 'DENY',
};
/** As ulogd 2.0.8 writes it, what isn't used left out. */
const written = (more: object = {}) =>
  JSON.stringify({
    timestamp: '2026-11-23T21:38:55.227547',
    'oob.prefix': logPrefix(names, 'egress', rule),
    'oob.time.sec': 1795469935,
    'oob.time.usec': 227547,
    'oob.family': 10,
    'ip.protocol': 17,
    src_port: 43364,
    dest_port: 53,
    src_ip: 'fd61:746f:6c6c:1:0:0:0:2',
    dest_ip: '2001:db8::1',
    ...more,
  });
const now = () => new Date('2026-01-01T00:00:00.000Z');
const read = (line: string) => readLine(names, line, now);

describe('a line of ulogd', () => {
  it('says who decided what about which packet', () => {
    expect(read(written())).toEqual({
      ...{ at: '2026-11-23T21:38:55.227Z', policyId: rule.policyId, direction: 'egress', action: 'DENY' },
      ...{ family: 'ipv6', protocol: 'UDP', source: 'fd61:746f:6c6c:1::2', sourcePort: 43364 },
      ...{ destination: '2001:db8::1', destinationPort: 53 },
    });
  });
  it('has no ports where the protocol has none, and the time of now where it has none', () => {
    const line = written({ 'ip.protocol': 58, 'oob.time.sec': undefined });
    expect(read(line)).toMatchObject({ protocol: 'ICMP', sourcePort: null, destinationPort: null });
    expect(read(line)?.at).toBe(now().toISOString());
    expect(read(written({ 'ip.protocol': 132 }))).toMatchObject({ protocol: 'OTHER', sourcePort: null });
  });
  it.each([
    ['no JSON', '{"oob.prefix": '],
    ['no packet', '[]'],
    ['another node of the host', written({ 'oob.prefix': logPrefix(nodeNames(fixedId('node', 2)), 'egress', rule) })],
    ['somebody else', written({ 'oob.prefix': 'fw-drop ' })],
    ['a policy that is none', written({ 'oob.prefix': `${names.prefix}:e:A:pol_1` })],
    ['an address that is none', written({ src_ip: '1.2.3' })],
  ])('is left alone where it is of %s', (_what, line) => {
    expect(read(line)).toBeNull();
  });
});

it("the reader of a group is found in the kernel's table, and no other group's", () => {
  const table = '    4  1234     0 2 65535    100  1\n 4711 29460     0 2 65535    100  1\n';
  expect([4711, 4, 47].map((group) => readerOf(group, table))).toEqual([29460, 1234, null]);
});
