/**
 * Plans and entitlements. A plan is what the operator offers: limits, capabilities, an API budget, pools and classes of
 * service. A tenant has one plan and, above it, overrides of its own; what comes of both is told whole in each of its
 * events, so that whoever follows them needs no plan to know what holds. Streams: `plan:<id>`, `entitlements:<tenant>`.
 */
import { z } from 'zod';
import { capabilities, isCapability } from '../capabilities.ts';
import { type Id, id } from '../ids.ts';
import { name } from '../text.ts';

const most = 1_000_000_000;
const atMost = (what: string, unit: string) =>
  z.number().int().min(0).max(most).meta({ description: what, 'x-unit': unit });

/** Everything that a plan bounds, by the name that it has in the API. */
export const planLimits = z.strictObject({
  namespaces: atMost('Namespaces at the same time.', 'namespace'),
  instances: atMost('Instances at the same time, those of a running rollout included.', 'instance'),
  cpuMillis: atMost('Processor time of all instances together.', 'millicore'),
  memoryMiB: atMost('Memory of all instances together.', 'MiB'),
  storageMiB: atMost('Storage of all volumes together.', 'MiB'),
  subnets: atMost('Subnets at the same time.', 'subnet'),
  publicIps: atMost('Public addresses at the same time.', 'address'),
  ports: atMost('Public ports at the same time.', 'port'),
});
export type PlanLimits = z.infer<typeof planLimits>;
export type LimitName = keyof PlanLimits;
export const limitNames = planLimits.keyof().options;

const capability = z
  .string()
  .refine(isCapability, `must be one of: ${capabilities.join(', ')}`)
  .describe('Name of a capability.');
/** In events it is any name: the registry of a later version may lack one that was sold once. */
const capabilityName = z.string().min(1).max(63).describe('Name of a capability.');
export const slaClasses = ['BEST_EFFORT', 'STANDARD', 'GUARANTEED'] as const;

const pointsPerMinute = z
  .number()
  .int()
  .min(1)
  .max(most)
  .meta({ description: 'What requests to the API may cost per minute.', 'x-unit': 'point' });
const pools = z
  .array(name)
  .max(50)
  .describe('Pools of nodes that its instances may be placed in; any where it is empty.');
const classes = z
  .array(z.enum(slaClasses))
  .min(1)
  .max(slaClasses.length)
  .describe('Classes of service that it may ask for.');

/** What a plan gives, and what a tenant has in the end. */
export const planTerms = z.strictObject({
  limits: planLimits.describe('What may be held at most.'),
  capabilities: z.array(capabilityName).max(200).describe('What of the platform is there, sorted by name.'),
  pointsPerMinute,
  pools,
  slaClasses: classes,
});
export type PlanTerms = z.infer<typeof planTerms>;

/** Of what is given, not of what was written: the log's own readers refuse nothing that is in it. */
const distinct = <S extends z.ZodType<readonly unknown[]>>(list: S) =>
  list.refine((values) => new Set(values).size === values.length, 'names one twice');
const capabilityList = distinct(z.array(capability).max(200));
const poolList = distinct(pools);
const classList = distinct(classes);
/** As the operator gives them: what is left out gets the platform's default, or stays as it is. */
export const termsInput = z.strictObject({
  limits: planLimits.partial().optional(),
  capabilities: capabilityList.optional(),
  pointsPerMinute: pointsPerMinute.optional(),
  pools: poolList.optional(),
  slaClasses: classList.optional(),
});
export type TermsInput = z.infer<typeof termsInput>;

/** What a tenant has beside its plan: single limits, capabilities more or fewer, another budget. */
export const overrides = z.strictObject({
  limits: planLimits.partial().describe("Limits that hold in place of the plan's."),
  grant: z.array(capabilityName).max(200).describe('Capabilities beyond those of the plan.'),
  deny: z.array(capabilityName).max(200).describe('Capabilities of the plan that it has not.'),
  pointsPerMinute: pointsPerMinute.nullable().describe("In place of the plan's; null where the plan's holds."),
  pools: pools.nullable().describe("In place of the plan's; null where the plan's hold."),
  slaClasses: classes.nullable().describe("In place of the plan's; null where the plan's hold."),
});
export type Overrides = z.infer<typeof overrides>;

export const noOverrides: Overrides = {
  limits: {},
  grant: [],
  deny: [],
  pointsPerMinute: null,
  pools: null,
  slaClasses: null,
};

/** The plan of whoever was given no other: always there, never retired. */
export const DEFAULT_PLAN: Id<'plan'> = 'plan_00000000000000000000000000';
export const DEFAULT_PLAN_NAME = 'default';

/** What the default plan gives until the operator changes it: all capabilities, and the limits of a first tenant. */
export const defaultTerms: PlanTerms = {
  limits: {
    namespaces: 50,
    instances: 500,
    cpuMillis: 64_000,
    memoryMiB: 131_072,
    storageMiB: 1_048_576,
    subnets: 200,
    publicIps: 20,
    ports: 1_000,
  },
  capabilities: [...capabilities],
  pointsPerMinute: 20_000_000,
  pools: [],
  slaClasses: [...slaClasses],
};

/** Single limits in place of others. */
export function withLimits(limits: PlanLimits, given: TermsInput['limits'] = {}): PlanLimits {
  const changed = { ...limits };
  for (const name of limitNames) changed[name] = given[name] ?? limits[name];
  return changed;
}

/** What comes of a plan's terms and a tenant's overrides. Pure; sorted, so that equal intent is equal. */
export function effectiveTerms(plan: PlanTerms, over: Overrides): PlanTerms {
  const has = new Set([...plan.capabilities, ...over.grant]);
  for (const denied of over.deny) has.delete(denied);
  return {
    limits: withLimits(plan.limits, over.limits),
    capabilities: [...has].sort(),
    pointsPerMinute: over.pointsPerMinute ?? plan.pointsPerMinute,
    pools: over.pools ?? plan.pools,
    slaClasses: over.slaClasses ?? plan.slaClasses,
  };
}

const planState = {
  planId: id('plan'),
  name,
  revision: z.number().int().min(1).describe('Counts its changes, from 1.'),
  terms: planTerms.describe('What it gives.'),
};

export const planEvents = {
  PlanCreated: {
    doc: 'The operator offers one more plan.',
    stream: 'plan',
    version: 1,
    data: z.strictObject(planState),
  },
  PlanChanged: {
    doc: 'A plan gives something else from now on. Its tenants follow, each with an EntitlementsChanged of its own.',
    stream: 'plan',
    version: 1,
    data: z.strictObject(planState),
  },
  PlanRetired: {
    doc: 'No tenant can be given the plan any more; those that have it keep it.',
    stream: 'plan',
    version: 1,
    data: z.strictObject({ planId: id('plan') }),
  },
  EntitlementsChanged: {
    doc: 'What the tenant may hold and use, from now on: all of it, as it comes of its plan and its overrides.',
    stream: 'entitlements',
    version: 1,
    data: z.strictObject({
      tenantId: id('tenant'),
      planId: id('plan'),
      planName: name,
      planRevision: z.number().int().min(0).describe('Of the plan that this comes of.'),
      overrides: overrides.describe('What it has beside its plan.'),
      effective: planTerms.describe('The plan with the overrides put in: what holds.'),
    }),
  },
} as const;

/** The tenant's other commands are sent under the tenant that is meant, those about plans under the platform. */
export const planCommands = {
  CreatePlan: {
    input: z.strictObject({ name, terms: termsInput.default({}) }),
    result: z.strictObject({ planId: id('plan') }),
  },
  ChangePlan: {
    input: z.strictObject({
      planId: id('plan'),
      name: name.optional(),
      terms: termsInput.default({}),
      /** Take away what is in use, and go below what is held: what is there stays, nothing new is admitted. */
      despiteUse: z.boolean().default(false),
    }),
    result: z.strictObject({ planId: id('plan') }),
  },
  RetirePlan: {
    input: z.strictObject({ planId: id('plan') }),
    result: z.strictObject({ planId: id('plan') }),
  },
  SetTenantPlan: {
    input: z.strictObject({ planId: id('plan'), despiteUse: z.boolean().default(false) }),
    result: z.strictObject({ tenantId: id('tenant') }),
  },
  /** The whole of the tenant's overrides: what is left out is the plan's again. */
  OverrideEntitlements: {
    input: z.strictObject({
      limits: planLimits.partial().default({}),
      grant: capabilityList.default([]),
      deny: capabilityList.default([]),
      pointsPerMinute: pointsPerMinute.nullable().default(null),
      pools: poolList.nullable().default(null),
      slaClasses: classList.nullable().default(null),
      despiteUse: z.boolean().default(false),
    }),
    result: z.strictObject({ tenantId: id('tenant') }),
  },
} as const;
