/**
 * How a rule logs what it decides about: the same match once more before it, which hands the head of the packet to whoever reads the
 * node's netlink group, and decides nothing.
 *
 * What is logged is bounded twice, in the kernel, so that a flood costs no more than the rules that drop it: by rule, so that one
 * that is flooded leaves room for the others; and by endpoint, whatever the number of its rules. Of what is left out the count
 * remains: the rule that decides counts everything.
 */
import type { PolicyRule } from '@atoll/schema/node/network';
import type { RuleBody } from './chain.ts';
import type { Direction } from './dispatch.ts';
import type { NodeNames } from './names.ts';

const perRule = { rate: '10/second', burst: '100' } as const;
const perEndpoint = { rate: '50/second', burst: '200' } as const;
/** Bytes of a packet: its headers, and hardly anything of what is said. */
const headBytes = '128';

/** The endpoint that is guarded: the source of what goes out, the destination of what comes in. */
const ownEnd = { egress: 'srcip', ingress: 'dstip' } as const;

export const logNote = (policyId: string) => `log:${policyId}`;

const marks = { egress: 'e', ingress: 'i', ALLOW: 'A', DENY: 'D' } as const;
/** Says whose decision it was: 43 characters of 63 at most. */
export const logPrefix = (names: NodeNames, direction: Direction, { action, policyId }: PolicyRule) =>
  [names.prefix, marks[direction], marks[action], policyId].join(':');

export interface LogMark {
  readonly direction: Direction;
  readonly action: PolicyRule['action'];
  readonly policyId: PolicyRule['policyId'];
}

const pattern = /^(atl[a-z2-7]{4}):([ei]):([AD]):((?:pol|ppol|ns)_[0-9a-z]{26})$/;

/** Null: it isn't this node's. */
export function readLogPrefix(names: Pick<NodeNames, 'prefix'>, prefix: string): LogMark | null {
  const [, node, direction, action, policyId] = pattern.exec(prefix) ?? [];
  if (node !== names.prefix) return null;
  return {
    direction: direction === marks.egress ? 'egress' : 'ingress',
    action: action === marks.ALLOW ? 'ALLOW' : 'DENY',
    policyId: policyId as LogMark['policyId'],
  };
}

export function logBody(names: NodeNames, direction: Direction, rule: PolicyRule, match: readonly string[]): RuleBody {
  const { prefix, logGroup } = names;
  const name = `${prefix}${marks[direction]}`;
  return {
    match: [
      ...match,
      ...['-m', 'limit', '--limit', perRule.rate, '--limit-burst', perRule.burst],
      ...['-m', 'hashlimit', '--hashlimit-upto', perEndpoint.rate, '--hashlimit-burst', perEndpoint.burst],
      ...['--hashlimit-mode', ownEnd[direction], '--hashlimit-name', name],
    ],
    target: [
      ...['-j', 'NFLOG', '--nflog-prefix', logPrefix(names, direction, rule)],
      ...['--nflog-group', `${logGroup}`, '--nflog-size', headBytes],
    ],
    note: logNote(rule.policyId),
  };
}
