/**
 * Live question to an agent: how often the rules of some policies have decided on its node.
 *
 * Counted is what was decided: the packets that came before there was a connection. Of what is allowed that is the first packet
 * of each connection (and those of its sender's that follow before the first answer), of what is denied every packet. What
 * belongs to an established connection isn't counted.
 */
import { z } from 'zod';
import { id } from '../ids.ts';
import { icmpTypes, ruleActions, rulePolicyId, ruleProtocols } from './network.ts';

export const countersRequest = z.strictObject({ policies: z.array(rulePolicyId).min(1).max(100) });
export type CountersRequest = z.infer<typeof countersRequest>;

/** One rule of a policy on one node, over all endpoints that it holds for. Which rule it is: everything but the counts. */
export const ruleCounter = z.strictObject({
  policyId: rulePolicyId,
  direction: z.enum(['ingress', 'egress']),
  action: z.enum(ruleActions),
  protocol: z.enum(ruleProtocols).nullable(),
  ports: z.strictObject({ from: z.number().int(), to: z.number().int() }).nullable(),
  icmp: z.enum(icmpTypes).nullable(),
  /** Name of the set of the other end's addresses, as in the rule set. */
  set: z.string(),
  packets: z.number().int().min(0),
  bytes: z.number().int().min(0),
});
export type RuleCounter = z.infer<typeof ruleCounter>;

/** Counts only rise while `since` is the same. Rules that decided nothing yet are there, with 0. */
export const countersReply = z.strictObject({
  nodeId: id('node'),
  /** From when on it is counted: when the node was set up or booted, or lost its count. */
  since: z.iso.datetime(),
  /** When it was read. */
  at: z.iso.datetime(),
  counters: z.array(ruleCounter).max(10_000),
  /** There were more than fit. */
  truncated: z.boolean(),
});
export type CountersReply = z.infer<typeof countersReply>;
