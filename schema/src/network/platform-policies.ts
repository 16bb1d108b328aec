/** What the operator decides about connections, before all tenants. */
import { z } from 'zod';
import { id } from '../ids.ts';
import { name } from '../text.ts';
import { platformDefinition, typedPlatformDefinition } from './spec.ts';

const platformPolicyId = id('platformPolicy');
const definition = platformDefinition.describe('What it decides.');
const revision = z.number().int().min(1).describe('Revision of the policy, from 1.');
const receipt = z.strictObject({
  platformPolicyId,
  revision,
  nodeId: id('node'),
  generation: z.number().int().min(1).describe("Generation of the node's rule set: rises with each change."),
  hash: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .describe('SHA-256, in hex, of the compiled rules of this policy on this node.'),
  enforcedAt: z.iso.datetime().describe("Since when they are in force, by the node's clock."),
});
const told = z.strictObject({ platformPolicyId, name, revision, definition });

export const platformPolicyEvents = {
  PlatformPolicyCreated: {
    doc: 'The operator decides about connections, before the policies of all tenants.',
    stream: 'platformPolicy',
    version: 1,
    data: told,
  },
  PlatformPolicyUpdated: {
    doc: 'The policy of the platform has another name, or decides something else, from now on.',
    stream: 'platformPolicy',
    version: 1,
    data: told,
  },
  PlatformPolicyDeleted: {
    doc: 'The policy of the platform decides nothing any more; its name is free.',
    stream: 'platformPolicy',
    version: 1,
    data: z.strictObject({ platformPolicyId, name }),
  },
  PlatformPolicyEnforced: {
    doc: 'A receipt: on this node, this revision of the policy of the platform is in force.',
    stream: 'platformPolicy',
    version: 1,
    data: receipt,
  },
} as const;

const result = z.strictObject({ platformPolicyId });

/** Of the operator alone. */
export const platformPolicyCommands = {
  CreatePlatformPolicy: { input: z.strictObject({ name, definition: typedPlatformDefinition }), result },
  UpdatePlatformPolicy: {
    input: z.strictObject({ platformPolicyId, name, definition: typedPlatformDefinition }),
    result,
  },
  DeletePlatformPolicy: { input: z.strictObject({ platformPolicyId }), result },
} as const;
