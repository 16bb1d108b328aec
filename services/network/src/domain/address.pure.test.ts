import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addressText,
  addressValue,
  contains,
  type Family,
  lastOf,
  overlaps,
  parseRange,
  rangeAt,
  rangeText,
} from './address.ts';

describe('addresses', () => {
  it('are numbers and back, in both families', () => {
    expect(addressValue('10.64.0.1')).toBe(0x0a400001n);
    expect(addressText(6, addressValue('FD61:746F:6C6C:0:0:0:0:2'))).toBe('fd61:746f:6c6c::2');
    const value = (bits: number) => fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n });
    const back = (family: Family) => (v: bigint) => {
      expect(addressValue(addressText(family, v))).toBe(v);
    };
    fc.assert(fc.property(value(32), back(4)));
    fc.assert(fc.property(value(128), back(6)));
  });

  it('ranges begin where no bit is set behind the prefix', () => {
    expect(rangeText(rangeAt(4, addressValue('10.64.9.77'), 24))).toBe('10.64.9.0/24');
    expect(rangeText(parseRange('fd61:746f:6c6c::/48'))).toBe('fd61:746f:6c6c::/48');
    expect(addressText(4, lastOf(parseRange('10.64.0.0/10')))).toBe('10.127.255.255');
  });

  it('ranges know what they hold and touch', () => {
    const pool = parseRange('10.64.0.0/10');
    expect(contains(pool, parseRange('10.127.255.0/24'))).toBe(true);
    expect(contains(pool, parseRange('10.128.0.0/24'))).toBe(false);
    expect(contains(pool, parseRange('10.0.0.0/8'))).toBe(false);
    expect(overlaps(parseRange('10.64.0.0/16'), parseRange('10.64.3.0/24'))).toBe(true);
    expect(overlaps(parseRange('10.64.0.0/24'), parseRange('10.64.1.0/24'))).toBe(false);
    expect(overlaps(parseRange('10.64.0.0/24'), parseRange('fd61::/64'))).toBe(false);
  });
});
