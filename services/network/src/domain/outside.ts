/** CIDRs of policies as a person typed them: what is wrong with them, and what to type instead. */
import { type Rejection, reject } from '@atoll/schema/errors';
import ipaddr from 'ipaddr.js';
import { addressValue, contains, parseRange, type Range, rangeText } from './address.ts';

type Parsed = { readonly ok: true; readonly range: Range } | { readonly ok: false; readonly rejection: Rejection };

const example = 'Give a range like 203.0.113.0/24 or 2001:db8::/32';

function parse(typed: string, field: string): Parsed {
  const malformed = (message: string): Parsed => ({ ok: false, rejection: reject('CIDR_MALFORMED', message, field) });
  const shown = JSON.stringify(typed);
  const [address = '', prefix] = typed.split('/');
  if (ipaddr.IPv6.isValid(address) && ipaddr.IPv6.parse(address).isIPv4MappedAddress()) {
    return malformed(`${shown} is IPv4 in the clothes of IPv6. ${example}.`);
  }
  const family = ipaddr.IPv4.isValidFourPartDecimal(address) ? 4 : ipaddr.IPv6.isValid(address) ? 6 : null;
  if (family === null || address.includes('%')) return malformed(`${shown} is no range of addresses. ${example}.`);
  const bits = family === 4 ? 32 : 128;
  if (prefix === undefined)
    return malformed(`${shown} has no prefix length. For this one address, give ${address}/${bits}.`);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(prefix) || Number(prefix) > bits || typed.split('/').length > 2) {
    return malformed(`${shown} has no prefix length that there is: that is a number from 0 to ${bits}. ${example}.`);
  }
  const range = parseRange(typed);
  if (addressValue(address) !== range.first) {
    return malformed(
      `${typed} has bits set behind its prefix. The range that holds this address is ${rangeText(range)}.`,
    );
  }
  return { ok: true, range };
}

export type Outside =
  | { readonly ok: true; readonly cidr: string; readonly except: string[] }
  | { readonly ok: false; readonly rejection: Rejection };

/** In canonical form; `field` is the path of the peer. First fault first. */
export function parseOutside(
  { cidr, except }: { readonly cidr: string; readonly except: readonly string[] },
  field: string,
  pools: readonly Range[],
): Outside {
  const notAllowed = (message: string, at: string) =>
    ({ ok: false, rejection: reject('CIDR_NOT_ALLOWED', message, `${field}.${at}`) }) as const;
  const whole = parse(cidr, `${field}.cidr`);
  if (!whole.ok) return whole;
  const pool = pools.find((one) => contains(one, whole.range));
  if (pool) {
    return notAllowed(
      `${cidr} is within the platform's own addresses, ${rangeText(pool)}: instances are named by what they are, for their ` +
        'addresses change hands. Name them by namespace and labels, by environment or by service.',
      'cidr',
    );
  }
  const left: Range[] = [];
  for (const [index, typed] of except.entries()) {
    const part = parse(typed, `${field}.except.${index}`);
    if (!part.ok) return part;
    const at = `except.${index}`;
    if (!contains(whole.range, part.range)) {
      return notAllowed(`${typed} isn't within ${cidr}, of which it is to be left out. Leave it away.`, at);
    }
    if (contains(part.range, whole.range)) return notAllowed(`Without ${typed} nothing is left of ${cidr}.`, at);
    left.push(part.range);
  }
  return { ok: true, cidr: rangeText(whole.range), except: left.map(rangeText) };
}
