import { describe, expect, it } from 'vitest';
import { parseRange, rangeText } from './address.ts';
import { parseSubnetCidr } from './cidr.ts';

const pool = parseRange('10.64.0.0/10');

describe('a range that somebody typed', () => {
  it.each(['10.64.0.0/16', '10.64.9.0/24', '10.127.255.248/29'])('%s is taken as it is', (typed) => {
    const parsed = parseSubnetCidr(typed, 4, [pool]);
    expect(parsed.ok && rangeText(parsed.range)).toBe(typed);
  });

  it.each([
    ['', 'CIDR_MALFORMED', 'has no prefix length'],
    ['10.64.9.0', 'CIDR_MALFORMED', 'has no prefix length. Give a range, like 10.64.0.0/24'],
    ['10.64.9.0/24/1', 'CIDR_MALFORMED', 'more than one "/"'],
    ['fd61:746f:6c6c:3::/64', 'CIDR_MALFORMED', 'is no IPv4 range. Give an IPv4 range'],
    ['10.64.9/24', 'CIDR_MALFORMED', '"10.64.9" is no IPv4 address'],
    ['10.64.9.256/24', 'CIDR_MALFORMED', 'numbers from 0 to 255'],
    ['10.64.09.0/24', 'CIDR_MALFORMED', 'without leading zeros'],
    ['0x0a.64.9.0/24', 'CIDR_MALFORMED', 'is no IPv4 address'],
    [' 10.64.9.0/24', 'CIDR_MALFORMED', 'is no IPv4 address'],
    ['banana/24', 'CIDR_MALFORMED', 'is no IPv4 address'],
    ['10.64.9.0/', 'CIDR_MALFORMED', 'is no prefix length'],
    ['10.64.9.0/33', 'CIDR_MALFORMED', 'a number from 0 to 32'],
    ['10.64.9.0/-1', 'CIDR_MALFORMED', 'is no prefix length'],
    ['10.64.9.5/24', 'CIDR_MALFORMED', 'The range that holds this address is 10.64.9.0/24.'],
    ['10.64.0.0/8', 'CIDR_MALFORMED', 'The range that holds this address is 10.0.0.0/8.'],
    ['10.64.0.0/15', 'CIDR_NOT_ALLOWED', 'a /16 at the largest and a /29 at the smallest'],
    ['10.64.0.0/30', 'CIDR_NOT_ALLOWED', 'a /16 at the largest and a /29 at the smallest'],
    ['10.128.0.0/24', 'CIDR_NOT_ALLOWED', "outside of the platform's address pool, 10.64.0.0/10"],
    ['192.168.0.0/24', 'CIDR_NOT_ALLOWED', "outside of the platform's address pool"],
  ])('%j is refused with %s: %s', (typed, code, text) => {
    const parsed = parseSubnetCidr(typed, 4, [pool]);
    expect(parsed).toMatchObject({ ok: false, rejection: { code, field: 'ipv4' } });
    expect(parsed.ok ? '' : parsed.rejection.message).toContain(text);
  });

  it.each([
    ['10.64.9.0/24', 'CIDR_MALFORMED', 'is no IPv6 range'],
    ['fd61:746f:6c6c::', 'CIDR_MALFORMED', 'has no prefix length. Give a range, like fd61:746f:6c6c::/64'],
    ['fd61:746f:6c6c:::/64', 'CIDR_MALFORMED', 'is no IPv6 address'],
    ['fe80::1%eth0/64', 'CIDR_MALFORMED', 'is no IPv6 address'],
    ['fd61:746f:6c6c::/129', 'CIDR_MALFORMED', 'a number from 0 to 128'],
    ['fd61:746f:6c6c:1::1/64', 'CIDR_MALFORMED', 'The range that holds this address is fd61:746f:6c6c:1::/64.'],
    ['fd61:746f:6c6c::/48', 'CIDR_NOT_ALLOWED', 'a /56 at the largest and a /112 at the smallest'],
    ['fd61:746f:6c6c::/120', 'CIDR_NOT_ALLOWED', 'a /56 at the largest and a /112 at the smallest'],
    ['fd99::/64', 'CIDR_NOT_ALLOWED', "outside of the platform's address pool, fd61:746f:6c6c::/48"],
  ])('of IPv6: %j is refused with %s: %s', (typed, code, text) => {
    const parsed = parseSubnetCidr(typed, 6, [parseRange('fd61:746f:6c6c::/48')]);
    expect(parsed).toMatchObject({ ok: false, rejection: { code, field: 'ipv6' } });
    expect(parsed.ok ? '' : parsed.rejection.message).toContain(text);
  });

  it('of IPv6 is taken in any spelling, and is one of several pools', () => {
    const pools = ['fd00::/48', 'fd61:746f:6c6c::/48'].map(parseRange);
    const parsed = parseSubnetCidr('FD61:746F:6c6c:0003:0::/64', 6, pools);
    expect(parsed.ok && rangeText(parsed.range)).toBe('fd61:746f:6c6c:3::/64');
  });
});
