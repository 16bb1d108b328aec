/** What a tenant says about isolation. */
import { z } from 'zod';
import { port, protocol } from '../deploy/spec.ts';
import { id } from '../ids.ts';
import { labels } from '../text.ts';

/** A range of ports, both ends included. */
export const portRange = z
  .strictObject({ protocol, from: port.describe('First port.'), to: port.describe('Last port, included.') })
  .refine((r) => r.from <= r.to, 'the first port must not be above the last')
  .meta({ 'x-rule': 'from <= to' });

/** Instances that carry all of these labels; none means all instances of the namespace. */
export const peer = z.strictObject({ namespaceId: id('namespace'), labels });

/** Opens `ports` from `from` to `to`. `to` is always in the policy's own namespace; `from` may be in another of the tenant. */
export const policySpec = z.strictObject({
  from: peer.describe('Who may connect: instances of that namespace that carry all the labels.'),
  to: z
    .strictObject({ labels })
    .describe("Where to: instances of the policy's own namespace that carry all the labels."),
  ports: z.array(portRange).min(1).max(32).describe('Ports that are opened.'),
});
export type PolicySpec = z.infer<typeof policySpec>;
