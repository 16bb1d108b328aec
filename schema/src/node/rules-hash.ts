/**
 * The hash of a node's rule set: the same for the service that compiles it and for the agent that applies it.
 *
 * It is a sum over the parts, modulo 2^256, so that a change costs the parts that it touches and not the whole: each part of
 * a list, and what is no list, counts by the SHA-256 of itself, a set by its name, its kind and the sum over its members. Order is no part of it:
 * all lists are sorted. It tells whether a document is the one that was compiled, against mistakes; it is no signature.
 */
import { hash } from 'node:crypto';
import { type AddressSet, emptyRuleSet, type RuleSet } from './network.ts';

const modulus = 1n << 256n;
const sha256 = (text: string): bigint => BigInt(`0x${hash('sha256', text, 'hex')}`);

/** A sum of digests. */
export type Sum = bigint;
export const noSum: Sum = 0n;
export const plus = (sum: Sum, digest: bigint): Sum => (sum + digest) % modulus;
export const minus = (sum: Sum, digest: bigint): Sum => (sum - digest + modulus) % modulus;
export const hashOf = (sum: Sum): string => sum.toString(16).padStart(64, '0');

/** JSON without spaces, with the keys of all objects sorted by code unit: neither a parser nor a database changes it. */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${fields.map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`).join(',')}}`;
}

/** Of an address or a network of a set. */
export const memberDigest = (member: string): bigint => sha256(member);
export const setDigest = ({ name, kind }: Pick<AddressSet, 'name' | 'kind'>, members: Sum): bigint =>
  sha256(canonicalJson(['sets', name, kind, hashOf(members)]));
/** Of a part of any other list. */
export const partDigest = (list: string, part: unknown): bigint => sha256(canonicalJson([list, part]));

export const membersSum = (set: Pick<AddressSet, 'ipv4' | 'ipv6'>): Sum =>
  [...set.ipv4, ...set.ipv6].reduce((sum, member) => plus(sum, memberDigest(member)), noSum);

/** Of a whole rule set. */
export function rulesSum(rules: RuleSet): Sum {
  let sum = noSum;
  for (const [list, parts] of Object.entries(rules)) {
    if (list === 'sets') continue;
    for (const part of Array.isArray(parts) ? parts : [parts]) sum = plus(sum, partDigest(list, part));
  }
  for (const set of rules.sets) sum = plus(sum, setDigest(set, membersSum(set)));
  return sum;
}
export const emptySum: Sum = rulesSum(emptyRuleSet);

export const rulesHash = (rules: RuleSet): string => hashOf(rulesSum(rules));
