/**
 * Which node answers for a public address: one that has an interface to the outside and is heard of, and from which as many of the
 * address's ports as can be lead to a ready instance: of its own, or of a node that it is connected to. It stays, as long as no other
 * reaches more, so that connections aren't moved for nothing; a new one has as many as can be on itself. Pure.
 */
import { createHash } from 'node:crypto';
import type { Id } from '@atoll/schema/ids';

export interface Candidate {
  readonly nodeId: Id<'node'>;
  /** How many ports of the address lead to a ready instance that it reaches. */
  readonly served: number;
  /** The same of instances on itself. */
  readonly near: number;
}

/** The same for all who ask, and spread over the nodes. */
const weight = (address: string, nodeId: string) => createHash('sha256').update(`${address} ${nodeId}`).digest('hex');

/** Null where nobody can: then it stays where it is. */
export function chooseAnnouncer(
  address: string,
  current: Id<'node'> | null,
  candidates: readonly Candidate[],
): Id<'node'> | null {
  const most = Math.max(0, ...candidates.map(({ served }) => served));
  const best = candidates.filter(({ served }) => served === most);
  if (current !== null && best.some(({ nodeId }) => nodeId === current)) return current;
  const sorted = [...best].sort(
    (a, b) => b.near - a.near || (weight(address, a.nodeId) < weight(address, b.nodeId) ? -1 : 1),
  );
  return sorted[0]?.nodeId ?? null;
}
