import { describe, expect, it } from 'vitest';
import { parseRange, rangeText } from './address.ts';
import { parseSubnetCidr } from './cidr.ts';

const pool = parseRange('10.64.0.0/10');

describe('a range that somebody typed', () => {
  it.each(['10.64.0.0/16', '10.64.9.0/24', '10.127.255.248/29'])('%s is taken as it is', (typed) => {
    const parsed = parseSubnetCidr(typed, pool);
    expect(parsed.ok && rangeText(parsed.range)).toBe(typed);
  });

  it.each([
    ['', 'CIDR_MALFORMED', 'has no prefix length'],
    ['10.64.9.0', 'CIDR_MALFORMED', 'has no prefix length. Give a range, like 10.64.0.0/24'],
    ['10.64.9.0/24/1', 'CIDR_MALFORMED', 'more than one "/"'],
    ['fd61:746f:6c6c:3::/64', 'CIDR_MALFORMED', 'the IPv6 range is chosen for you'],
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
    const parsed = parseSubnetCidr(typed, pool);
    expect(parsed).toMatchObject({ ok: false, rejection: { code, field: 'ipv4' } });
    expect(parsed.ok ? '' : parsed.rejection.message).toContain(text);
  });
});
