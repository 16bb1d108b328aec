/**
 * Quotas: what is counted, at which levels, and how it is reserved. A quota is held by holders (a deployment, a subnet, a
 * namespace). What a holder holds counts in its namespace, in that one's environment and in the tenant.
 *
 * The ledger is tenancy's. Whoever owns a kind of holder reserves there before it lets one grow (`ReserveQuota`), commits
 * its own events before the reservation's `useBefore`, and tells by them what is held now. Nothing has to be reserved to
 * hold less.
 */
import { z } from 'zod';
import { type Context, contexts } from '../contexts.ts';
import { id } from '../ids.ts';

interface Measure {
  /** As texts call it, with its number before it. */
  readonly unit: string;
  readonly doc: string;
  /** Whose holders hold it. */
  readonly owner: Context;
}

/** Everything that a quota can limit. A new measure is a row here, and a holder that tells it. */
export const quotaMeasures = {
  cpuMillis: { unit: 'thousandths of a core', doc: 'Processor time of all instances together.', owner: 'deploy' },
  memoryMiB: { unit: 'MiB of memory', doc: 'Memory of all instances together.', owner: 'deploy' },
  storageMiB: { unit: 'MiB of storage', doc: 'Storage of all volumes together.', owner: 'deploy' },
  instances: { unit: 'instances', doc: 'Instances, those of a running rollout included.', owner: 'deploy' },
  namespaces: { unit: 'namespaces', doc: 'Namespaces, those that are being deleted included.', owner: 'tenancy' },
  subnets: { unit: 'subnets', doc: 'Subnets of namespaces.', owner: 'network' },
  publicIps: { unit: 'public addresses', doc: 'Addresses that can be reached from outside.', owner: 'network' },
  ports: { unit: 'public ports', doc: 'Ports of public addresses.', owner: 'network' },
} as const satisfies Readonly<Record<string, Measure>>;

export type QuotaMeasure = keyof typeof quotaMeasures;
const isMeasure = (name: string): name is QuotaMeasure => Object.hasOwn(quotaMeasures, name);
export const measureNames: readonly QuotaMeasure[] = Object.keys(quotaMeasures).filter(isMeasure);

export const quotaLevels = ['tenant', 'environment', 'namespace'] as const;
export type QuotaLevel = (typeof quotaLevels)[number];

const count = z.number().int().min(0).max(2_147_483_647);

const perMeasure = <T extends z.ZodType>(value: (name: QuotaMeasure) => T) => ({
  cpuMillis: value('cpuMillis'),
  memoryMiB: value('memoryMiB'),
  storageMiB: value('storageMiB'),
  instances: value('instances'),
  namespaces: value('namespaces'),
  subnets: value('subnets'),
  publicIps: value('publicIps'),
  ports: value('ports'),
});
const described = <T extends z.ZodType>(value: T) =>
  perMeasure((name) => value.meta({ description: quotaMeasures[name].doc, 'x-unit': quotaMeasures[name].unit }));

/** What is held, or reserved, by measure; what is left out is nothing. */
export const quotaAmounts = z.strictObject(described(count.optional()));
export type QuotaAmounts = { readonly [M in QuotaMeasure]?: number | undefined };

/** At most so much; null where the level has no limit of its own. */
export const quotaLimits = z.strictObject(described(count.nullable().optional()));
export type QuotaLimits = { readonly [M in QuotaMeasure]?: number | null | undefined };

export const quotaHolder = z.union([
  id('deployment'),
  id('subnet'),
  id('namespace'),
  id('publicAddress'),
  id('portMapping'),
]);
export type QuotaHolder = z.infer<typeof quotaHolder>;

const holderId = z
  .string()
  .regex(/^[a-z]+_[0-9a-z]{26}$/)
  .describe('Who holds it: a deployment, a subnet.');
/** What texts and the API call a holder beside its id. */
const holderName = z.string().min(1).max(63).describe('What the holder is called.');
const reservationId = id('reservation');
const until = z.iso.datetime();
const place = { holderId, namespaceId: id('namespace'), environmentId: id('environment') };

export const quotaEvents = {
  QuotaSet: {
    doc: 'A tenant has limited an environment or a namespace of its own, or has taken such a limit back.',
    stream: 'quota',
    version: 1,
    data: z.strictObject({
      environmentId: id('environment'),
      namespaceId: id('namespace').nullable().describe('The namespace that is limited; null: the environment.'),
      limits: quotaLimits.describe('All limits of its own from now on. What is null or missing has none.'),
    }),
  },
  QuotaReserved: {
    doc: 'A service is about to let a holder grow: there is room for it at all levels, and it is kept for a while.',
    stream: 'holding',
    version: 1,
    data: z.strictObject({
      ...place,
      name: holderName,
      owner: z.enum(contexts).describe('The context whose holder it is.'),
      reservationId,
      amounts: quotaAmounts.describe('What the holder may come to hold, all in all.'),
      until: until.describe('From then on it is looked after: it ends unless its owner has made use of it.'),
      useBefore: until.describe(
        "Its owner makes use of it before, by the clock of the owner's database, or not at all.",
      ),
    }),
  },
  QuotaCommitted: {
    doc: 'What a holder holds has changed, by the word of the service that owns it.',
    stream: 'holding',
    version: 1,
    data: z.strictObject({
      ...place,
      name: holderName,
      owner: z.enum(contexts).describe('The context whose holder it is.'),
      amounts: quotaAmounts.describe('What it holds now. Nothing: it is gone.'),
      told: z.number().int().min(0).describe("Version of the holder's stream in its own context."),
      reservationId: reservationId.nullable().describe('The reservation that was made use of; null for none.'),
    }),
  },
  QuotaReservationEnded: {
    doc: 'A reservation is given back without having been used.',
    stream: 'holding',
    version: 1,
    data: z.strictObject({
      ...place,
      reservationId,
      reason: z
        .enum(['RELEASED', 'EXPIRED'])
        .describe('RELEASED: its owner gave it back. EXPIRED: its owner never made use of it.'),
    }),
  },
  QuotaDifferenceFound: {
    doc: 'The ledger says that a holder holds something else than the service that owns it. Found by comparing the two.',
    stream: 'holding',
    version: 1,
    data: z.strictObject({
      ...place,
      name: holderName,
      owner: z.enum(contexts).describe('The context whose holder it is.'),
      recorded: quotaAmounts.describe('What the ledger says.'),
      actual: quotaAmounts.describe('What its owner says.'),
    }),
  },
  QuotaDifferenceEnded: {
    doc: 'The ledger and the owner of a holder say the same again.',
    stream: 'holding',
    version: 1,
    data: z.strictObject({
      ...place,
      healed: z.boolean().describe('The holder was gone, and what was kept for it was let go of.'),
    }),
  },
} as const;

export const quotaCommands = {
  /**
   * Keeps room for a holder of the caller's, at all levels. `amounts` is all that it may come to hold, not what is added;
   * measures that it already holds as much of cost nothing. The answer's `useBefore` goes into the commit that makes use
   * of it, as a claim `before`. Refused with QUOTA_EXCEEDED, which says who holds what.
   */
  ReserveQuota: {
    input: z.strictObject({
      holderId: quotaHolder,
      name: holderName,
      owner: z.enum(contexts),
      namespaceId: id('namespace'),
      amounts: quotaAmounts,
      /** How long it is kept at least. Its owner has two thirds of it. */
      ttlSeconds: z.number().int().min(3).max(600).default(60),
    }),
    result: z.strictObject({ reservationId, useBefore: until }),
  },
  /** Gives a reservation back that won't be used. One that has ended already is no fault. */
  ReleaseQuota: {
    input: z.strictObject({ holderId: quotaHolder, reservationId }),
    result: z.strictObject({}),
  },
  /** Limits an environment, or a namespace in it. What is left out stays as it is; null takes a limit back. */
  SetQuota: {
    input: z.strictObject({
      environmentId: id('environment').nullable().default(null),
      namespaceId: id('namespace').nullable().default(null),
      limits: quotaLimits,
    }),
    /** One of the two. */
    result: z.strictObject({ environmentId: id('environment').nullable(), namespaceId: id('namespace').nullable() }),
  },
} as const;

const page = 500;

/** Asked of an owner: what its holders hold, as it stands in its own streams. */
export const holdingsRequest = z.union([
  z.strictObject({ holders: z.array(z.string().max(64)).min(1).max(page) }),
  /** Those with an id after that, in order; the empty text begins. */
  z.strictObject({ after: z.string().max(64) }),
]);
export type HoldingsRequest = z.infer<typeof holdingsRequest>;

export const holding = z.object({
  holderId,
  tenant: id('tenant'),
  namespaceId: id('namespace'),
  name: z.string(),
  amounts: quotaAmounts,
  /** Version of its stream that says so. */
  told: z.number().int().min(0),
});
export type Holding = z.infer<typeof holding>;

export const holdingsReply = z.object({
  /** The clock of the owner's database, read before its streams were. */
  time: z.iso.datetime(),
  /** Holders that hold nothing, or aren't there, are left out. */
  holdings: z.array(holding).max(page),
  /** Where the next page begins; null on the last one, and where holders were named. */
  next: z.string().nullable(),
});
export type HoldingsReply = z.infer<typeof holdingsReply>;
export const HOLDINGS_PAGE = page;
