/** Wires of the simulated runtime: there is nothing to wire. */
import type { Id } from '@atoll/schema/ids';
import type { Wiring } from './wiring.ts';

export function simulatedWiring(): Wiring {
  return {
    async observe() {
      return { isWired: async () => true, has: (_: Id<'instance'>) => false, others: () => [] };
    },
    async wire() {},
    async unwire() {},
    async clear() {},
  };
}
