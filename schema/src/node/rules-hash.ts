/** The hash of a node's rule set: the same for the service that compiles it and for the agent that applies it. */
import { createHash } from 'node:crypto';
import type { RuleSet } from './network.ts';

/** Keys of objects in one order, so that neither a parser nor a database that reorders them changes the hash. */
function ordered(_key: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** SHA-256, in hex, of the JSON without spaces and with the keys of all objects sorted by code unit. */
export const rulesHash = (rules: RuleSet): string =>
  createHash('sha256').update(JSON.stringify(rules, ordered)).digest('hex');
