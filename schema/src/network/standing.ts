/** How what is in force on the nodes stands to what is wanted: facts about nodes that lag, and the question after policies. */
import { z } from 'zod';
import { id } from '../ids.ts';

/** LATE: nothing newer was reported for too long · REFUSED: the node says that it can't apply its rules. */
export const lagReasons = ['LATE', 'REFUSED'] as const;
const reason = z
  .enum(lagReasons)
  .describe('LATE: not reported in force in time. REFUSED: the node said that it can’t apply it.');
const since = z.iso.datetime().describe('Since when what is wanted is not in force.');
const policy = { policyId: id('policy'), namespaceId: id('namespace'), nodeId: id('node') };

export const standingEvents = {
  NodeRulesLagging: {
    doc: 'A node does not have the rules in force that it should. What it had before stays in force.',
    stream: 'rules',
    version: 1,
    data: z.strictObject({
      nodeId: id('node'),
      generation: z.number().int().min(0).describe('Generation of the rule set that it should have.'),
      appliedGeneration: z
        .number()
        .int()
        .nullable()
        .describe('Generation that it has reported as in force; null: none yet.'),
      reason,
      message: z
        .string()
        .max(4000)
        .nullable()
        .describe('What the node says, with the line that it refuses; null where it says nothing.'),
      since,
    }),
  },
  NodeRulesCaughtUp: {
    doc: 'The node has the rules in force again that it should.',
    stream: 'rules',
    version: 1,
    data: z.strictObject({
      nodeId: id('node'),
      generation: z.number().int().min(0).describe('Generation of the rule set that is in force.'),
    }),
  },
  PolicyLagging: {
    doc: 'An isolation policy is not in force on a node as it should be: what was in force there before still is.',
    stream: 'enforcement',
    version: 1,
    data: z.strictObject({ ...policy, reason, since }),
  },
  PolicyCaughtUp: {
    doc: 'On that node the isolation policy is in force as it should be, or is not needed there any more.',
    stream: 'enforcement',
    version: 1,
    data: z.strictObject(policy),
  },
} as const;

/**
 * ENFORCED: in force on every node that needs it · PENDING: on none yet · PARTIAL: on some · FAILED: a node says that it can't
 * apply it.
 */
export const enforcementStates = ['ENFORCED', 'PENDING', 'PARTIAL', 'FAILED'] as const;
export type EnforcementState = (typeof enforcementStates)[number];
export const nodeEnforcementStates = ['ENFORCED', 'PENDING', 'FAILED'] as const;

export const nodeEnforcement = z.strictObject({
  nodeId: id('node'),
  state: z.enum(nodeEnforcementStates),
  /** Revision and hash that it should have; null: it should have none, and has one yet. */
  revision: z.number().int().nullable(),
  hash: z.string().nullable(),
  /** Revision that is in force there; null: none. */
  appliedRevision: z.number().int().nullable(),
  generation: z.number().int(),
  appliedGeneration: z.number().int().nullable(),
  /** Since when it isn't as it should be; null where it is. */
  missingSince: z.iso.datetime().nullable(),
  /** Since when the newest revision that was ever in force there is; null where none was. */
  enforcedAt: z.iso.datetime().nullable(),
});
export type NodeEnforcement = z.infer<typeof nodeEnforcement>;

export const policyEnforcement = z.strictObject({
  policyId: id('policy'),
  state: z.enum(enforcementStates),
  /** Since when any revision of it was in force anywhere; null where none was. */
  firstEnforcedAt: z.iso.datetime().nullable(),
  /** By node id. */
  nodes: z.array(nodeEnforcement),
});
export type PolicyEnforcement = z.infer<typeof policyEnforcement>;

const platformEnforcement = policyEnforcement.omit({ policyId: true }).extend({
  platformPolicyId: id('platformPolicy'),
});
export type PlatformEnforcement = z.infer<typeof platformEnforcement>;

export const standingCommands = {
  /** Changes nothing, and for the platform alone: how its policies are in force, of those that are there. By policy id. */
  ReadPlatformEnforcement: {
    input: z.strictObject({ platformPolicyIds: z.array(id('platformPolicy')).min(1).max(100) }),
    result: z.strictObject({ policies: z.array(platformEnforcement) }),
  },
  /** Changes nothing: how policies are in force, of those that are there. By policy id. */
  ReadEnforcement: {
    input: z.strictObject({
      of: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('POLICIES'), policyIds: z.array(id('policy')).min(1).max(100) }),
        z.strictObject({ kind: z.literal('NAMESPACE'), namespaceId: id('namespace') }),
      ]),
    }),
    result: z.strictObject({ policies: z.array(policyEnforcement) }),
  },
} as const;
