/** What a tenant says about a workload. Shared by commands, events and the node's desired state. */
import { z } from 'zod';
import { labelKey } from '../text.ts';

/** `host[:port]/repository@sha256:…`; a tag may stand before the digest and is ignored. At most 512 characters. */
export const imagePattern =
  /^(?<registry>[a-z0-9.-]+(?::[0-9]{1,5})?)\/(?<repository>[a-z0-9]+(?:[._/-][a-z0-9]+)*)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?@(?<digest>sha256:[0-9a-f]{64})$/;
export const image = z
  .string()
  .max(512)
  .regex(imagePattern)
  .describe('Image by digest: `host[:port]/repository@sha256:…`. A tag before the digest is ignored.');

export const protocols = ['TCP', 'UDP'] as const;
export const port = z.number().int().min(1).max(65535).describe('Port number.');
export const protocol = z.enum(protocols).describe('Transport protocol.');

export const containerPort = z.strictObject({ port, protocol });

/** Limits and, at the same time, what is reserved on the node. CPU in thousandths of a core, memory in MiB. */
export const resources = z.strictObject({
  cpuMillis: z.number().int().min(10).max(256_000).meta({ description: 'Processor time.', 'x-unit': 'millicore' }),
  memoryMiB: z.number().int().min(8).max(4_194_304).meta({ description: 'Memory.', 'x-unit': 'MiB' }),
});
export type Resources = z.infer<typeof resources>;

const periodSeconds = z.number().int().min(1).max(60).meta({ description: 'How often it is asked.', 'x-unit': 's' });
const tcpKind = z.literal('TCP').describe('Ready once a connection is taken.');
const httpKind = z.literal('HTTP').describe('Ready once a GET is answered with a status from 200 to 399.');

/** When a started process counts as ready. Without one: as soon as it runs. Asked every `periodSeconds`. */
export const readinessProbe = z.discriminatedUnion('kind', [
  z.strictObject({ kind: tcpKind, port, periodSeconds }),
  z.strictObject({
    kind: httpKind,
    port,
    path: z
      .string()
      .regex(/^\/[\x21-\x7e]{0,511}$/, 'must begin with / and have at most 512 printable characters without spaces')
      .describe('Path of the request.'),
    periodSeconds,
  }),
]);
export type ReadinessProbe = z.infer<typeof readinessProbe>;

/** Everything of a release: the image by digest and its configuration. Immutable once recorded. */
export const releaseSpec = z.strictObject({
  image,
  command: z
    .array(z.string().max(4096))
    .max(64)
    .nullable()
    .describe("Arguments of the process; null for the image's own."),
  env: z
    .record(
      z
        .string()
        .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'a name has 1–128 letters, digits or underscores, and no digit first'),
      z.string().max(4096),
    )
    .describe('Environment variables by name.'),
  ports: z.array(containerPort).max(32).describe('Ports that the process listens on.'),
  resources: resources.describe('Limits of one instance, and what is reserved for it on its node.'),
  readiness: readinessProbe.nullable().describe('How readiness is found out; null: as soon as it runs.'),
});
export type ReleaseSpec = z.infer<typeof releaseSpec>;

/** Rolling upgrade, in instances. Not both zero. */
export const rollingStrategy = z
  .strictObject({
    maxSurge: z
      .number()
      .int()
      .min(0)
      .max(100)
      .meta({ description: 'Instances above the replicas.', 'x-unit': 'instance' }),
    maxUnavailable: z
      .number()
      .int()
      .min(0)
      .max(100)
      .meta({ description: 'Replicas that need not be ready meanwhile.', 'x-unit': 'instance' }),
  })
  .refine((s) => s.maxSurge + s.maxUnavailable > 0, 'maxSurge and maxUnavailable must not both be 0')
  .meta({ description: 'Bounds of a rolling upgrade.', 'x-rule': 'maxSurge + maxUnavailable > 0' });
export type RollingStrategy = z.infer<typeof rollingStrategy>;

export const replicas = z
  .number()
  .int()
  .min(0)
  .max(1000)
  .meta({ description: 'Instances wanted.', 'x-unit': 'instance' });
export { labelKey };
