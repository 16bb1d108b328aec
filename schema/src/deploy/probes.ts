/** How a process is asked how it fares: whether it has started, serves, and still lives. */
import { z } from 'zod';
import { port } from './ports.ts';

/** As it is started, without a shell. */
const probeCommand = z
  .array(z.string().min(1).max(4096))
  .min(1)
  .max(64)
  .describe('The program and its arguments, run inside the container.');

const path = z
  .string()
  .regex(/^\/[\x21-\x7e]{0,511}$/, 'must begin with / and have at most 512 printable characters without spaces')
  .describe('Path of the request.');

const seconds = (min: number, max: number, description: string) =>
  z.number().int().min(min).max(max).meta({ description, 'x-unit': 's' });
const times = (description: string) => z.number().int().min(1).max(100).meta({ description, 'x-unit': 'probe' });

const timing = {
  initialDelaySeconds: seconds(0, 3600, 'How long after the start of its process it is first asked.'),
  periodSeconds: seconds(1, 300, 'How often it is asked.'),
  timeoutSeconds: seconds(1, 60, 'How long an answer may take.'),
  failureThreshold: times('So many failures in a row count.'),
};
const successThreshold = times('So many successes in a row make it ready.');

export const defaultTiming = {
  initialDelaySeconds: 0,
  periodSeconds: 2,
  timeoutSeconds: 1,
  failureThreshold: 3,
} as const;

const requestedTiming = {
  initialDelaySeconds: timing.initialDelaySeconds.default(defaultTiming.initialDelaySeconds),
  periodSeconds: timing.periodSeconds.default(defaultTiming.periodSeconds),
  timeoutSeconds: timing.timeoutSeconds.default(defaultTiming.timeoutSeconds),
  failureThreshold: timing.failureThreshold.default(defaultTiming.failureThreshold),
};

const tcp = { kind: z.literal('TCP').describe('Succeeds once a connection is taken.'), port };
const http = {
  kind: z.literal('HTTP').describe('Succeeds once a GET is answered with a status from 200 to 399.'),
  port,
  path,
};
const exec = {
  kind: z.literal('EXEC').describe('Succeeds once a program in the container ends with exit code 0.'),
  command: probeCommand,
};

/** Of startup and liveness: one success is enough. */
export const probe = z.discriminatedUnion('kind', [
  z.strictObject({ ...tcp, ...timing }),
  z.strictObject({ ...http, ...timing }),
  z.strictObject({ ...exec, ...timing }),
]);
export type Probe = z.infer<typeof probe>;

export const readinessProbe = z.discriminatedUnion('kind', [
  z.strictObject({ ...tcp, ...timing, successThreshold }),
  z.strictObject({ ...http, ...timing, successThreshold }),
  z.strictObject({ ...exec, ...timing, successThreshold }),
]);
export type ReadinessProbe = z.infer<typeof readinessProbe>;

/** As asked for: what is left out is as in `defaultTiming`. */
export const requestedProbe = z.discriminatedUnion('kind', [
  z.strictObject({ ...tcp, ...requestedTiming }),
  z.strictObject({ ...http, ...requestedTiming }),
  z.strictObject({ ...exec, ...requestedTiming }),
]);
const once = successThreshold.default(1);
export const requestedReadiness = z.discriminatedUnion('kind', [
  z.strictObject({ ...tcp, ...requestedTiming, successThreshold: once }),
  z.strictObject({ ...http, ...requestedTiming, successThreshold: once }),
  z.strictObject({ ...exec, ...requestedTiming, successThreshold: once }),
]);

export const probeRoles = ['startup', 'readiness', 'liveness'] as const;
export type ProbeRole = (typeof probeRoles)[number];

const periodV1 = z.number().int().min(1).max(60).meta({ description: 'How often it is asked.', 'x-unit': 's' });
/** What there was before thresholds: one second for an answer, three failures in a row. */
export const readinessProbeV1 = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('TCP').describe('Ready once a connection is taken.'),
    port,
    periodSeconds: periodV1,
  }),
  z.strictObject({
    kind: z.literal('HTTP').describe('Ready once a GET is answered with a status from 200 to 399.'),
    port,
    path,
    periodSeconds: periodV1,
  }),
]);

export const readinessFromV1 = (probe: z.infer<typeof readinessProbeV1> | null): ReadinessProbe | null =>
  probe && { ...defaultTiming, ...probe, successThreshold: 1 };
