/** Addresses are mostly as they should be, and then taken as they are: the same comes out as by reading them. */
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import { expect, test } from 'vitest';
import { digitsOf } from './dispatch.ts';
import { canonicalMember } from './set.ts';

/** With many zeros, so that a middle is left out in every place, and of every length. */
const group = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 0xffff }));
const ipv6 = fc.array(group, { minLength: 8, maxLength: 8 }).map((groups) => new ipaddr.IPv6(groups));
const ipv4 = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 }).map((b) => new ipaddr.IPv4(b));

/** One group of zeros alone is left out: allowed, and not how the kernel says it. */
const shortened = (normal: string) => normal.replace(/(^|:)0(?=:|$)/, (_, before) => (before === '' ? ':' : '::'));
const spellings = (address: ipaddr.IPv4 | ipaddr.IPv6) => {
  const [said, normal] = [address.toString(), address.toNormalizedString()];
  const others = address.kind() === 'ipv6' ? [normal.toUpperCase(), shortened(normal).replace(/:{3,}/, '::')] : [];
  return [said, normal, ...others].filter((text) => ipaddr.isValid(text));
};

test('any spelling of an address becomes the one that the kernel says, whatever follows it', () => {
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), fc.constantFrom('', ',atlabcdefgh', ',tcp:80'), (address, behind) => {
      for (const text of spellings(address)) expect(canonicalMember(text + behind)).toBe(address.toString() + behind);
    }),
    { numRuns: 2000 },
  );
});

test('its digits are those of its bytes', () => {
  fc.assert(
    fc.property(fc.oneof(ipv4, ipv6), (address) => {
      const bytes = address.toByteArray().map((byte) => byte.toString(16).padStart(2, '0'));
      for (const text of spellings(address)) expect(digitsOf(text)).toBe(bytes.join(''));
    }),
    { numRuns: 2000 },
  );
});
