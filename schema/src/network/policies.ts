/** What is decided about connections: isolation policies of tenants, as they are created, changed and turned on and off. */
import { z } from 'zod';
import { type Id, id } from '../ids.ts';
import { name } from '../text.ts';
import { type PolicyDefinition, type PolicySpec, policyDefinition, policySchedule, policySpec } from './spec.ts';

const policy = { policyId: id('policy'), namespaceId: id('namespace') };
const createdRevision = z.literal(1).describe('Revision of the policy, from 1.');
const updatedRevision = z.number().int().min(2).describe('Revision of the policy, from 1.');

const told = {
  definition: policyDefinition.describe('What it decides.'),
  schedule: policySchedule.nullable().describe('When it decides; null: always.'),
  active: z.boolean().describe('Whether it decides now; its schedule changes that.'),
  nextChangeAt: z.iso.datetime().nullable().describe('When its schedule turns it on or off next; null: never.'),
};

const createdV1 = z.strictObject({ ...policy, name, revision: createdRevision, spec: policySpec });
const updatedV1 = z.strictObject({ ...policy, revision: updatedRevision, spec: policySpec });

/** A policy of the first kind opens ports between instances, always. */
export const definitionOfSpec = (namespaceId: Id<'namespace'>, { from, to, ports }: PolicySpec): PolicyDefinition => ({
  action: 'ALLOW',
  priority: 500,
  from: [{ kind: 'INSTANCES', ...from }],
  to: [{ kind: 'INSTANCES', namespaceId, ...to }],
  traffic: ports.map((range) => ({ ...range })),
  log: false,
});

function fromV1<T extends { readonly namespaceId: Id<'namespace'>; readonly spec: PolicySpec }>({ spec, ...rest }: T) {
  const definition = definitionOfSpec(rest.namespaceId, spec);
  return { ...rest, definition, schedule: null, active: true, nextChangeAt: null };
}

/** Of a policy, as it is now. `about`: the place that it tells of; null where it is the policy's own namespace. */
export const policyWarning = z.strictObject({
  code: z.enum(['SELECTS_NOTHING', 'SHADOWED']),
  message: z.string().max(4000),
  about: z
    .union([id('namespace'), id('environment'), id('service')])
    .nullable()
    .default(null),
});
export type PolicyWarning = z.infer<typeof policyWarning>;

export const policyWarningCommands = {
  /** Changes nothing. Of policies that are there; by policy id. */
  ReadPolicyWarnings: {
    input: z.strictObject({ policyIds: z.array(id('policy')).min(1).max(100) }),
    result: z.strictObject({
      policies: z.array(z.strictObject({ policyId: id('policy'), warnings: z.array(policyWarning) })),
    }),
  },
} as const;

export const isolationPolicyEvents = {
  IsolationPolicyCreated: {
    doc: 'A tenant decides about connections of its instances: lets through what was shut, or shuts what was open.',
    stream: 'policy',
    version: 2,
    data: z.strictObject({ ...policy, name, revision: createdRevision, ...told }),
    upcasters: { 1: (data: unknown) => fromV1(createdV1.parse(data)) },
  },
  IsolationPolicyUpdated: {
    doc: 'The policy decides something else from now on.',
    stream: 'policy',
    version: 2,
    data: z.strictObject({ ...policy, revision: updatedRevision, ...told }),
    upcasters: { 1: (data: unknown) => fromV1(updatedV1.parse(data)) },
  },
  PolicyActivated: {
    doc: 'The schedule of the policy has turned it on: it decides again, as a revision of its own.',
    stream: 'policy',
    version: 1,
    data: z.strictObject({ ...policy, revision: updatedRevision, nextChangeAt: told.nextChangeAt }),
  },
  PolicyDeactivated: {
    doc: 'The schedule of the policy has turned it off: it decides nothing until it is turned on again.',
    stream: 'policy',
    version: 1,
    data: z.strictObject({ ...policy, nextChangeAt: told.nextChangeAt }),
  },
} as const;
