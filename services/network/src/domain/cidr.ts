/** A subnet's IPv4 range as a person typed it: what is wrong with it, and what to type instead. */
import { type Rejection, reject } from '@atoll/schema/errors';
import { contains, type Range, rangeAt, rangeText } from './address.ts';

/** Sizes of subnets that may be asked for: 65,536 down to 8 addresses. */
export const shortestPrefix = 16;
export const longestPrefix = 29;

export type ParsedCidr =
  | { readonly ok: true; readonly range: Range }
  | { readonly ok: false; readonly rejection: Rejection };

const field = 'ipv4';
const malformed = (message: string): ParsedCidr => ({ ok: false, rejection: reject('CIDR_MALFORMED', message, field) });
const notAllowed = (message: string): ParsedCidr => ({
  ok: false,
  rejection: reject('CIDR_NOT_ALLOWED', message, field),
});
const decimal = /^(0|[1-9][0-9]{0,2})$/;

/** First fault first. `pool` is the platform's range, out of which all subnets are. */
export function parseSubnetCidr(typed: string, pool: Range): ParsedCidr {
  const shown = JSON.stringify(typed);
  const example = `like ${rangeText({ ...pool, prefix: 24 })}`;
  if (typed.includes(':')) {
    return malformed(`${shown} is no IPv4 range. Give an IPv4 range, ${example}; the IPv6 range is chosen for you.`);
  }
  const parts = typed.split('/');
  const [address = '', prefixText = ''] = parts;
  if (parts.length === 1) return malformed(`${shown} has no prefix length. Give a range, ${example}.`);
  if (parts.length > 2) return malformed(`${shown} has more than one "/". Give a range, ${example}.`);

  const octets = address.split('.');
  const wrong = octets.find((octet) => !decimal.test(octet) || Number(octet) > 255);
  if (octets.length !== 4 || wrong !== undefined) {
    return malformed(
      `${JSON.stringify(address)} is no IPv4 address: it has four numbers from 0 to 255, without leading zeros, ` +
        `with dots between. Give a range, ${example}.`,
    );
  }
  if (!decimal.test(prefixText) || Number(prefixText) > 32) {
    return malformed(`${JSON.stringify(prefixText)} is no prefix length: that is a number from 0 to 32.`);
  }

  const value = octets.reduce((sum, octet) => (sum << 8n) | BigInt(octet), 0n);
  const range = rangeAt(4, value, Number(prefixText));
  if (range.first !== value) {
    return malformed(
      `${typed} has bits set behind its prefix. The range that holds this address is ${rangeText(range)}.`,
    );
  }
  if (range.prefix < shortestPrefix || range.prefix > longestPrefix) {
    return notAllowed(
      `A subnet is a /${shortestPrefix} at the largest and a /${longestPrefix} at the smallest; ${typed} is neither nor between.`,
    );
  }
  if (!contains(pool, range)) {
    return notAllowed(`${typed} is outside of the platform's address pool, ${rangeText(pool)}. Give a range of that.`);
  }
  return { ok: true, range };
}
