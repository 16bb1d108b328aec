/** Every event that Atoll knows, by context. */
import type { Context } from '../src/contexts.ts';
import { deployEvents } from '../src/deploy/events.ts';
import { networkEvents } from '../src/network/events.ts';
import type { EventRegistry } from '../src/registry.ts';
import { tenancyEvents } from '../src/tenancy/events.ts';

export const registries: Readonly<Record<Context, EventRegistry>> = {
  tenancy: tenancyEvents,
  deploy: deployEvents,
  network: networkEvents,
};
