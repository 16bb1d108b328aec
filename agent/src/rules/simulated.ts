/** Rules of the simulated runtime: checked as for the kernel, and enforced on nothing, since nothing runs. */
import { families } from '../render/family.ts';
import { type RuleIntent, RuleSetInvalid } from '../render/intent.ts';
import type { NodeNames } from '../render/names.ts';
import { renderRules } from '../render/rules.ts';
import { type RuleBackend, RuleSetRejected } from './backend.ts';

export function simulatedRules(names: NodeNames): RuleBackend {
  const since = new Date().toISOString();
  async function check(intent: RuleIntent): Promise<void> {
    try {
      for (const family of families) renderRules(names, intent, family);
    } catch (error) {
      if (error instanceof RuleSetInvalid) throw new RuleSetRejected(error.message, { cause: error });
      throw error;
    }
  }
  return {
    async ensure(intent) {
      await check(intent);
      return 'read back';
    },
    look: async () => ({ at: performance.now(), isFresh: () => true }),
    change: check,
    hold: async () => false,
    async cut() {},
    /** Nothing is sent, so nothing is decided. */
    async counters() {
      return { since, at: new Date().toISOString(), counters: [], truncated: false };
    },
    leftOut: async () => 0,
    async clear() {},
  };
}
