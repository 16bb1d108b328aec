/** What a tenant says about isolation. */
import { z } from 'zod';
import { port, protocols } from '../deploy/spec.ts';
import { id } from '../ids.ts';
import { labels } from '../text.ts';

/** A range of ports, both ends included. */
export const portRange = z
  .strictObject({ protocol: z.enum(protocols), from: port, to: port })
  .refine((r) => r.from <= r.to, 'the first port must not be above the last');

/** Instances that carry all of these labels; none means all instances of the namespace. */
export const peer = z.strictObject({ namespaceId: id('namespace'), labels });

/** Opens `ports` from `from` to `to`. `to` is always in the policy's own namespace; `from` may be in another of the tenant. */
export const policySpec = z.strictObject({
  from: peer,
  to: z.strictObject({ labels }),
  ports: z.array(portRange).min(1).max(32),
});
export type PolicySpec = z.infer<typeof policySpec>;
