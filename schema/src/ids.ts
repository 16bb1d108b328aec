/**
 * The registry of every kind of identifier. An id is a TypeID: a prefix that names its kind, an underscore and a
 * UUIDv7 in 26 characters of Crockford base32 (https://github.com/jetify-com/typeid). It says what it is wherever it
 * is seen, sorts by creation time, and needs no further encoding to be a GraphQL global id.
 */
import { z } from 'zod';

export const idPrefixes = {
  tenant: 'ten',
  member: 'mem',
  serviceAccount: 'sa',
  role: 'role',
  binding: 'rb',
  issuer: 'iss',
  apiKey: 'ak',
  invitation: 'inv',
  environment: 'env',
  plan: 'plan',
  namespace: 'ns',
  deployment: 'dep',
  release: 'rel',
  rollout: 'rol',
  instance: 'ins',
  node: 'node',
  pool: 'pool',
  subnet: 'sub',
  policy: 'pol',
  platformPolicy: 'ppol',
  service: 'svc',
  publicAddress: 'pub',
  portMapping: 'map',
  addressRange: 'rng',
  event: 'evt',
  dataKey: 'key',
  reservation: 'rsv',
  deletion: 'del',
  batch: 'bat',
} as const;

export type IdKind = keyof typeof idPrefixes;
export type Id<K extends IdKind> = `${(typeof idPrefixes)[K]}_${string}`;

/** As texts call them. */
const spoken: Readonly<Record<IdKind, string>> = {
  tenant: 'a tenant',
  member: 'a membership',
  serviceAccount: 'a service account',
  role: "a role of a tenant's own",
  binding: 'a role binding',
  issuer: 'an issuer of tokens',
  apiKey: 'an API key',
  invitation: 'an invitation',
  environment: 'an environment',
  plan: 'a plan',
  namespace: 'a namespace',
  deployment: 'a deployment',
  release: 'a release',
  rollout: 'a rollout',
  instance: 'an instance',
  node: 'a node',
  pool: 'a pool',
  subnet: 'a subnet',
  policy: 'an isolation policy',
  platformPolicy: 'a policy of the platform',
  service: 'a service',
  publicAddress: 'a public address',
  portMapping: 'a port mapping',
  addressRange: 'a range of addresses',
  event: 'an event',
  dataKey: 'a data key',
  reservation: 'a reservation of quota',
  deletion: 'a deletion',
  batch: 'a batch',
};

const suffix = '[0-7][0-9abcdefghjkmnpqrstvwxyz]{25}';

/** A zod schema for the ids of one kind; any other text is refused. */
export function id<K extends IdKind>(kind: K) {
  const prefix = `${idPrefixes[kind]}_`;
  return z
    .templateLiteral(
      [prefix, z.string().regex(new RegExp(`^${suffix}$`))],
      `must be an id as it was told, ${prefix} and 26 letters and digits`,
    )
    .describe(`Id of ${spoken[kind]}.`) as z.ZodType<Id<K>>;
}

const anyId = new RegExp(`^([a-z]+)_${suffix}$`);
const kindOfPrefix = new Map<string, IdKind>(
  Object.entries(idPrefixes).map(([kind, prefix]) => [prefix, kind as IdKind]),
);

/** The kind that an id says it is, or null where the text is no id at all. */
export function idKind(text: string): IdKind | null {
  const prefix = anyId.exec(text)?.[1];
  return prefix === undefined ? null : (kindOfPrefix.get(prefix) ?? null);
}

/** The owner of facts that belong to the platform and to no tenant. */
export const PLATFORM = 'platform';
export type Tenant = Id<'tenant'> | typeof PLATFORM;
export const tenantOrPlatform = z.union([z.literal(PLATFORM), id('tenant')]) as z.ZodType<Tenant>;

const base32 = '0123456789abcdefghjkmnpqrstvwxyz';
/** When it was made, in milliseconds since 1970: the first 48 bits of a UUIDv7, behind two that are always 0. */
export const idTime = (id: string): number =>
  [...id.slice(id.indexOf('_') + 1).slice(0, 10)].reduce((time, digit) => time * 32 + base32.indexOf(digit), 0);
