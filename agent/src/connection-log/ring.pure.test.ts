import type { Id } from '@atoll/schema/ids';
import { describe, expect, it } from 'vitest';
import { fixedId } from '../../test/fixtures.ts';
import type { LoggedPacket } from './line.ts';
import { attemptMs, createConnectionLog, keptMs, mostOfNode, mostOfPolicy } from './ring.ts';

const start = Date.parse('2026-01-01T00:00:00.000Z');
const at = (ms: number) => new Date(start + ms).toISOString();
const packet = (ms: number, more: Partial<LoggedPacket> = {}): LoggedPacket => ({
  ...{ at: at(ms), policyId: fixedId('policy', 1), direction: 'ingress', action: 'ALLOW', family: 'ipv4' },
  ...{ protocol: 'TCP', source: '10.64.1.2', sourcePort: 40_000, destination: '10.64.1.3', destinationPort: 5432 },
  ...more,
});
const db = fixedId('instance', 1);
const ask = (policies: readonly Id<'policy'>[], since: string | null = null, first = 100) => ({
  policies: [...policies],
  since,
  first,
});
const one = fixedId('policy', 1);

describe('the connection log of a node', () => {
  it('tells the newest first, of the policies that are asked about, and that there are more', () => {
    const log = createConnectionLog();
    for (const port of [1, 2, 3]) log.add(packet(port, { sourcePort: port }), db);
    log.add(packet(4, { policyId: fixedId('policy', 2) }), null);
    const { connections, more } = log.read(ask([one], null, 2), start);
    expect(connections.map((each) => [each.sourcePort, each.instanceId])).toEqual([
      [3, db],
      [2, db],
    ]);
    expect(more).toBe(true);
    expect(log.read(ask([one], at(3)), start)).toMatchObject({ connections: [{ sourcePort: 3 }], more: false });
  });

  it('takes packets that are repeated for one attempt, and those much later for another', () => {
    const log = createConnectionLog();
    for (const ms of [0, 1000, 3000]) log.add(packet(ms), db);
    log.add(packet(3001 + attemptMs), db);
    log.add(packet(3002 + attemptMs), db);
    const { connections } = log.read(ask([one]), start);
    expect(connections.map((each) => [each.at, each.packets])).toEqual([
      [at(3001 + attemptMs), 2],
      [at(0), 3],
    ]);
  });

  it('forgets what is a day old', () => {
    const log = createConnectionLog();
    log.add(packet(0, { sourcePort: 1 }), db);
    log.add(packet(1000, { sourcePort: 2 }), db);
    expect(log.read(ask([one]), start + keptMs + 1).connections.map((each) => each.sourcePort)).toEqual([2]);
    expect(log.read(ask([one]), start + keptMs + 1001).connections).toEqual([]);
    expect(log.size()).toBe(0);
  });

  it('is bounded by policy and altogether, and a policy that logs much leaves those alone that log little', () => {
    const log = createConnectionLog();
    for (let n = 0; n < mostOfPolicy + 10; n++) log.add(packet(n, { sourcePort: n }), db);
    expect(log.size()).toBe(mostOfPolicy);
    for (let policy = 2; policy <= 101; policy++) {
      const policyId = fixedId('policy', policy);
      for (let n = 0; n < (policy === 2 ? 3 : 300); n++) log.add(packet(n, { policyId, sourcePort: n }), db);
    }
    expect(log.size()).toBeLessThanOrEqual(mostOfNode);
    expect(log.read(ask([fixedId('policy', 2)]), start).connections).toHaveLength(3);
    expect(log.read(ask([one]), start).connections[0]?.sourcePort).toBe(mostOfPolicy + 9);
  });
});
