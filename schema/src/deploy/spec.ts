/** What a tenant says about a workload. Shared by commands, events and the node's desired state. */
import { z } from 'zod';
import { labelKey } from '../text.ts';
import { containerPort } from './ports.ts';
import { probe, readinessFromV1, readinessProbe, readinessProbeV1 } from './probes.ts';

/** `host[:port]/repository@sha256:…`; a tag may stand before the digest and is ignored. At most 512 characters. */
export const imagePattern =
  /^(?<registry>[a-z0-9.-]+(?::[0-9]{1,5})?)\/(?<repository>[a-z0-9]+(?:[._/-][a-z0-9]+)*)(?::(?<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?@(?<digest>sha256:[0-9a-f]{64})$/;
export const image = z
  .string()
  .max(512)
  .regex(imagePattern)
  .describe('Image by digest: `host[:port]/repository@sha256:…`. A tag before the digest is ignored.');

/** Of one instance, all of its processes together. */
export const most = { cpuMillis: 256_000, memoryMiB: 4_194_304 };

/** Limits and, at the same time, what is reserved on the node. CPU in thousandths of a core, memory in MiB. */
export const resources = z.strictObject({
  cpuMillis: z
    .number()
    .int()
    .min(10)
    .max(most.cpuMillis)
    .meta({ description: 'Processor time.', 'x-unit': 'millicore' }),
  memoryMiB: z.number().int().min(8).max(most.memoryMiB).meta({ description: 'Memory.', 'x-unit': 'MiB' }),
});
export type Resources = z.infer<typeof resources>;

/** Short enough that the name of its container is one, too. */
export const processName = z
  .string()
  .regex(
    /^[a-z]([a-z0-9-]{0,28}[a-z0-9])?$/,
    'must be 1–30 lower-case letters, digits or hyphens, start with a letter and end with a letter or digit',
  )
  .describe('Name of a process, unique in its pod.');

export const processKinds = ['SERVICE', 'TASK'] as const;
const dependencyConditions = ['STARTED', 'READY', 'COMPLETED'] as const;
export type DependencyCondition = (typeof dependencyConditions)[number];

export const dependsOn = z
  .array(
    z.strictObject({
      process: processName,
      condition: z
        .enum(dependencyConditions)
        .describe(
          'STARTED: it runs, and its startup probe has succeeded. READY: it serves. COMPLETED: the task has ended well.',
        ),
    }),
  )
  .max(16)
  .describe('What must be before it is first started.');

const container = {
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
};

const probes = {
  readiness: readinessProbe.nullable().describe('How readiness is found out; null: as soon as it runs.'),
  liveness: probe.nullable().describe('A process that fails it is ended and started again; null: none.'),
  startup: probe
    .nullable()
    .describe(
      'Until it has succeeded once the others are not asked; a process that fails it is started again; null: none.',
    ),
};

/** One beside the main one: a container of its own, in the same network namespace. */
export const sideProcess = z.strictObject({
  name: processName,
  kind: z
    .enum(processKinds)
    .describe(
      'SERVICE: runs on, and is started again when it ends. TASK: runs until it has ended with exit code 0 once.',
    ),
  ...container,
  ...probes,
  dependsOn,
});
export type Process = z.infer<typeof sideProcess>;

export const MOST_PROCESSES = 16;

/** Everything of a release: images by digest and their configuration. Immutable once recorded. */
export const releaseSpec = z.strictObject({
  name: processName.describe('Name of the main process, of which everything here is but what is in `others`.'),
  ...container,
  ...probes,
  dependsOn,
  others: z
    .array(sideProcess)
    .max(MOST_PROCESSES - 1)
    .describe('The processes beside the main one.'),
});
export type ReleaseSpec = z.infer<typeof releaseSpec>;

/** What there was when a pod was one process. */
export const releaseSpecV1 = z.strictObject({
  ...container,
  readiness: readinessProbeV1.nullable().describe('How readiness is found out; null: as soon as it runs.'),
});

const MAIN = 'main';
/** A pod of nothing but its main process, which depends on nothing. */
export const alone = { name: MAIN, liveness: null, startup: null, dependsOn: [], others: [] };

export const specFromV1 = (spec: z.infer<typeof releaseSpecV1>): ReleaseSpec => ({
  ...spec,
  ...alone,
  readiness: readinessFromV1(spec.readiness),
});

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
