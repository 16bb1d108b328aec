/**
 * The newest connections that rules have decided about: a ring for each policy, and all of them share a bounded room alike, so that
 * whoever logs much doesn't push out what others log. Pure.
 */
import type { Id } from '@atoll/schema/ids';
import type { ConnectionLogRequest, LoggedConnection } from '@atoll/schema/node/connection-log';
import type { LoggedPacket } from './line.ts';

export const mostOfPolicy = 1000;
export const mostOfNode = 20_000;
/** What is older is forgotten. */
export const keptMs = 24 * 3_600_000;
/** A packet that comes so long after the one before is another attempt's. */
export const attemptMs = 60_000;

export interface ConnectionLog {
  /** `instanceId`: the endpoint that was guarded. */
  add(packet: LoggedPacket, instanceId: Id<'instance'> | null): void;
  /** `now`: in milliseconds since 1970. */
  read(
    request: ConnectionLogRequest,
    now: number,
  ): { readonly connections: LoggedConnection[]; readonly more: boolean };
  /** How many there are. */
  size(): number;
}

interface Kept {
  readonly key: string;
  readonly began: number;
  last: number;
  connection: LoggedConnection;
}

/** Packets of one attempt differ in nothing but their time. */
const attemptOf = ({ at: _, ...packet }: LoggedPacket) => JSON.stringify(packet);

function createRing() {
  /** In the order in which they came. */
  const all = new Set<Kept>();
  /** By attempt, the newest. */
  const newest = new Map<string, Kept>();
  function drop(kept: Kept): void {
    all.delete(kept);
    if (newest.get(kept.key) === kept) newest.delete(kept.key);
  }
  return {
    all,
    add(packet: LoggedPacket, instanceId: Id<'instance'> | null): void {
      const key = attemptOf(packet);
      const at = Date.parse(packet.at);
      const same = newest.get(key);
      if (same !== undefined && at - same.last <= attemptMs) {
        same.last = Math.max(same.last, at);
        same.connection = { ...same.connection, packets: same.connection.packets + 1 };
        return;
      }
      const kept = { key, began: at, last: at, connection: { ...packet, instanceId, packets: 1 } };
      all.add(kept);
      newest.set(key, kept);
    },
    trim(most: number): void {
      for (const kept of all) {
        if (all.size <= most) return;
        drop(kept);
      }
    },
    forget(before: number): void {
      for (const kept of all) {
        if (kept.began >= before) return;
        drop(kept);
      }
    },
  };
}

export function createConnectionLog(): ConnectionLog {
  const rings = new Map<string, ReturnType<typeof createRing>>();
  const mostEach = () => Math.max(1, Math.min(mostOfPolicy, Math.floor(mostOfNode / Math.max(1, rings.size))));

  function ringOf(policyId: string) {
    const known = rings.get(policyId);
    if (known !== undefined) return known;
    const ring = createRing();
    rings.set(policyId, ring);
    for (const other of rings.values()) other.trim(mostEach());
    const [first] = rings.keys();
    if (rings.size > mostOfNode && first !== undefined) rings.delete(first);
    return ring;
  }

  return {
    add(packet, instanceId) {
      const ring = ringOf(packet.policyId);
      ring.add(packet, instanceId);
      ring.trim(mostEach());
    },
    read({ policies, since, first }, now) {
      for (const [policyId, ring] of rings) {
        ring.forget(now - keptMs);
        if (ring.all.size === 0) rings.delete(policyId);
      }
      const after = since === null ? Number.NEGATIVE_INFINITY : Date.parse(since);
      const found = [...new Set(policies)]
        .flatMap((policyId) => [...(rings.get(policyId)?.all ?? [])])
        .filter(({ began }) => began >= after)
        .sort((a, b) => b.began - a.began);
      return { connections: found.slice(0, first).map(({ connection }) => connection), more: found.length > first };
    },
    size: () => [...rings.values()].reduce((sum, ring) => sum + ring.all.size, 0),
  };
}
