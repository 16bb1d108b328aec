/** Ranges and addresses as a person typed them: what is wrong with them, and what to type instead. First fault first. */
import { type Rejection, reject } from '@atoll/schema/errors';
import ipaddr from 'ipaddr.js';
import { addressText, addressValue, contains, type Family, type Range, rangeAt, rangeText } from './address.ts';

/**
 * Sizes of subnets that may be asked for. IPv4: 65,536 addresses down to 8. IPv6: down to as many as the largest of IPv4, since
 * an instance has the same place in both.
 */
export const subnetPrefixes = { 4: { shortest: 16, longest: 29 }, 6: { shortest: 56, longest: 112 } } as const;
/** What is taken where nobody asks for a size. */
export const usualPrefix = { 4: 24, 6: 64 } as const;

export type ParsedCidr =
  | { readonly ok: true; readonly range: Range }
  | { readonly ok: false; readonly rejection: Rejection };

const bits = { 4: 32, 6: 128 } as const;
const decimal = /^(0|[1-9][0-9]{0,2})$/;
export const familyName = { 4: 'IPv4', 6: 'IPv6' } as const;

/** Why the text is no address of the family; null where it is one. */
function addressFault(family: Family, text: string): string | null {
  if (family === 4) {
    const octets = text.split('.');
    const wrong = octets.find((octet) => !decimal.test(octet) || Number(octet) > 255);
    if (octets.length === 4 && wrong === undefined) return null;
    return `${JSON.stringify(text)} is no IPv4 address: it has four numbers from 0 to 255, without leading zeros, with dots between.`;
  }
  if (!text.includes('%') && ipaddr.IPv6.isValid(text)) return null;
  return `${JSON.stringify(text)} is no IPv6 address: it has eight groups of up to four hex digits with colons between, of which "::" may stand for zeros.`;
}

/** A range of the family, in whatever size. `example` is one that would do. */
export function parseCidr(typed: string, family: Family, field: string, example: string): ParsedCidr {
  const malformed = (message: string): ParsedCidr => ({
    ok: false,
    rejection: reject('CIDR_MALFORMED', message, field),
  });
  const shown = JSON.stringify(typed);
  const give = `Give a range, like ${example}.`;
  if (typed.includes(':') !== (family === 6)) {
    return malformed(
      `${shown} is no ${familyName[family]} range. Give an ${familyName[family]} range, like ${example}.`,
    );
  }
  const parts = typed.split('/');
  const [address = '', prefixText = ''] = parts;
  if (parts.length === 1) return malformed(`${shown} has no prefix length. ${give}`);
  if (parts.length > 2) return malformed(`${shown} has more than one "/". ${give}`);
  const fault = addressFault(family, address);
  if (fault !== null) return malformed(`${fault} ${give}`);
  if (!decimal.test(prefixText) || Number(prefixText) > bits[family]) {
    return malformed(`${JSON.stringify(prefixText)} is no prefix length: that is a number from 0 to ${bits[family]}.`);
  }
  const value = addressValue(address);
  const range = rangeAt(family, value, Number(prefixText));
  if (range.first !== value) {
    return malformed(
      `${typed} has bits set behind its prefix. The range that holds this address is ${rangeText(range)}.`,
    );
  }
  return { ok: true, range };
}

/** As text, with commas. */
export const listed = (ranges: readonly Range[]) => ranges.map(rangeText).join(', ');

/** A subnet's range. `pools` are the platform's ranges of the family, out of which all subnets are. */
export function parseSubnetCidr(typed: string, family: Family, pools: readonly Range[]): ParsedCidr {
  const field = family === 4 ? 'ipv4' : 'ipv6';
  const [first] = pools;
  const example = first ? rangeText({ ...first, prefix: usualPrefix[family] }) : 'one of a pool';
  const parsed = parseCidr(typed, family, field, example);
  if (!parsed.ok) return parsed;
  const { range } = parsed;
  const { shortest, longest } = subnetPrefixes[family];
  const notAllowed = (message: string): ParsedCidr => ({
    ok: false,
    rejection: reject('CIDR_NOT_ALLOWED', message, field),
  });
  if (range.prefix < shortest || range.prefix > longest) {
    return notAllowed(
      `A subnet is a /${shortest} at the largest and a /${longest} at the smallest; ${typed} is neither nor between.`,
    );
  }
  if (!pools.some((pool) => contains(pool, range))) {
    return notAllowed(`${typed} is outside of the platform's address pool, ${listed(pools)}. Give a range of that.`);
  }
  return { ok: true, range };
}

/** Why no subnet can have that size; null where it can, and where none is given. */
export function prefixFault(family: Family, prefix: number | null): Rejection | null {
  const { shortest, longest } = subnetPrefixes[family];
  if (prefix === null || (prefix >= shortest && prefix <= longest)) return null;
  return reject(
    'CIDR_NOT_ALLOWED',
    `A subnet's ${familyName[family]} range is a /${shortest} at the largest and a /${longest} at the smallest; /${prefix} is neither nor between.`,
    family === 4 ? 'ipv4PrefixLength' : 'ipv6PrefixLength',
  );
}

/** One address of either family, in canonical form. */
export function parseAddress(
  typed: string,
  field: string,
):
  | { readonly ok: true; readonly family: Family; readonly text: string }
  | { readonly ok: false; readonly rejection: Rejection } {
  const family: Family = typed.includes(':') ? 6 : 4;
  const fault = addressFault(family, typed);
  if (fault !== null) return { ok: false, rejection: reject('CIDR_MALFORMED', fault, field) };
  return { ok: true, family, text: addressText(family, addressValue(typed)) };
}
