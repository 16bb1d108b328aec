/** Live questions of the gateway to an agent: answered from the node as it is, stored nowhere. */
import { z } from 'zod';
import { port } from '../deploy/ports.ts';
import { id } from '../ids.ts';

/** Opens a real connection from inside an instance's network namespace. */
export const probeRequest = z.strictObject({
  from: id('instance'),
  address: z.union([z.ipv4(), z.ipv6()]),
  port,
  /** TCP: connect only. HTTP: GET `path` as well. */
  protocol: z.enum(['TCP', 'HTTP']),
  path: z.string().regex(/^\/[\x21-\x7e]{0,511}$/),
  timeoutMs: z.number().int().min(100).max(5000),
});
export type ProbeRequest = z.infer<typeof probeRequest>;

/** CONNECTED: it answered · REFUSED: it was reached and nobody listens · TIMED_OUT: no answer, as when dropped · UNREACHABLE: no way there · NOT_RUNNING: the instance isn't there to ask from. */
export const probeOutcomes = ['CONNECTED', 'REFUSED', 'TIMED_OUT', 'UNREACHABLE', 'NOT_RUNNING'] as const;

export const probeReply = z.strictObject({
  outcome: z.enum(probeOutcomes),
  millis: z.number(),
  httpStatus: z.number().int().nullable(),
  /** First 1,024 bytes of the HTTP answer's body. */
  httpBody: z.string().nullable(),
  /** True where no packet was sent: the simulated runtime answers from the rule set. */
  simulated: z.boolean(),
});
export type ProbeReply = z.infer<typeof probeReply>;
