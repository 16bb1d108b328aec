/** How often the rules of policies have decided: asked of the agents of the nodes that have them. */
import { z } from 'zod';
import { id } from '../ids.ts';
import { icmpTypes, ruleActions, ruleProtocols } from '../node/network.ts';

export const ruleFlow = z.strictObject({
  nodeId: id('node'),
  direction: z.enum(['ingress', 'egress']),
  action: z.enum(ruleActions),
  protocol: z.enum(ruleProtocols).nullable(),
  ports: z.strictObject({ from: z.number().int(), to: z.number().int() }).nullable(),
  icmp: z.enum(icmpTypes).nullable(),
  packets: z.number().int().min(0),
  bytes: z.number().int().min(0),
  /** From when on it is counted, and when it was read. */
  since: z.iso.datetime(),
  at: z.iso.datetime(),
});
export type RuleFlow = z.infer<typeof ruleFlow>;

export const policyFlows = z.strictObject({
  policyId: id('policy'),
  rules: z.array(ruleFlow),
  /** Nodes that have it and didn't answer, or not with all of it. */
  missing: z.array(id('node')),
});
export type PolicyFlows = z.infer<typeof policyFlows>;

const platformFlows = policyFlows.omit({ policyId: true }).extend({ platformPolicyId: id('platformPolicy') });
export type PlatformFlows = z.infer<typeof platformFlows>;

export const flowCommands = {
  /** Changes nothing, and for the platform alone. Of its policies that are there; by policy id. */
  ReadPlatformFlows: {
    input: z.strictObject({ platformPolicyIds: z.array(id('platformPolicy')).min(1).max(100) }),
    result: z.strictObject({ policies: z.array(platformFlows) }),
  },
  /** Changes nothing. Of policies that are there; by policy id. */
  ReadFlows: {
    input: z.strictObject({ policyIds: z.array(id('policy')).min(1).max(100) }),
    result: z.strictObject({ policies: z.array(policyFlows) }),
  },
} as const;
