/** A stream of random changes of everything that rules follow from, by callers who repeat until they are answered. */
import { type Id, PLATFORM, type Tenant } from '@atoll/schema/ids';
import type { NetworkCommand } from '@atoll/schema/network/commands';
import { newId } from '@atoll/service/ids';
import { expect, vi } from 'vitest';
import { codeOf, type Harness } from '../harness.ts';

export const patient = { timeout: 60_000, interval: 50 };

/** What a repeat under the same key would answer, too. */
const final =
  /^(OK|NOT_FOUND|NAME_TAKEN|ILLEGAL_STATE|INVALID_ARGUMENT|VERSION_CONFLICT|QUOTA_EXCEEDED|BEING_DELETED)$/;

interface Placed {
  readonly instanceId: Id<'instance'>;
  readonly namespaceId: Id<'namespace'>;
  readonly nodeId: Id<'node'>;
}

export async function createChanges(harness: Harness, random: () => number, nodes: readonly Id<'node'>[]) {
  const tenant: Id<'tenant'> = newId('tenant');
  let calls = 0;
  const of = <T>(choices: readonly T[]): T => {
    const chosen = choices[Math.floor(random() * choices.length)];
    if (chosen === undefined) throw new Error('There is nothing to choose from.');
    return chosen;
  };
  /** Takes it out. */
  const out = <T>(choices: T[]): T | undefined => choices.splice(Math.floor(random() * choices.length), 1)[0];

  /** Null where it is refused, for good. Who was asked may be dead: it isn't waited for long. */
  async function insist(command: NetworkCommand, data: object, as: Tenant = tenant): Promise<unknown> {
    const key = `change-${++calls}`;
    const reply = await vi.waitFor(async () => {
      const answered = await harness.call(command, data, { tenant: as, key, patienceMs: 1500 });
      expect(codeOf(answered)).toMatch(final);
      return answered;
    }, patient);
    return reply.ok ? reply.result : null;
  }
  const idIn = async (command: NetworkCommand, field: string, data: object, as?: Tenant): Promise<string[]> => {
    const result = await insist(command, data, as);
    return result === null ? [] : [String((result as { readonly [field: string]: unknown })[field])];
  };

  const environmentId = newId('environment');
  const namespaces = await Promise.all(
    ['a', 'b', 'c'].map(async (name): Promise<Id<'namespace'>> => {
      const namespaceId = newId('namespace');
      const created = { namespaceId, environmentId, name, labels: {} };
      const key = `${environmentId}/${name}`;
      const claim = { op: 'take', kind: 'unique', set: 'namespace-name', key, owner: namespaceId } as const;
      await harness.fact(harness.tenancy, tenant, `namespace:${namespaceId}`, 'NamespaceCreated', created, [claim]);
      await vi.waitFor(async () => {
        const sql = 'select 1 from network.subnet where namespace_id = $1';
        expect(await harness.rows(sql, [namespaceId])).toHaveLength(1);
      }, patient);
      return namespaceId;
    }),
  );
  const placed: Placed[] = [];
  const policies: string[] = [];
  const platform: string[] = [];
  const services: string[] = [];
  let names = 0;
  let suspended = false;

  const labels = () => ({ app: of(['web', 'db']) });
  function peer(): object {
    const kind = of(['INSTANCES', 'INSTANCES', 'ENVIRONMENT', 'SERVICE']);
    if (kind === 'ENVIRONMENT') return { kind, environmentId, labels: labels() };
    if (kind === 'SERVICE' && services.length > 0) return { kind, serviceId: of(services) };
    return { kind: 'INSTANCES', namespaceId: of(namespaces), labels: of([{}, labels()]) };
  }
  const traffic = () => {
    const from = 80 + Math.floor(random() * 5);
    return [{ protocol: 'TCP', from, to: from + Math.floor(random() * 3) }];
  };
  function definition(own: string): object {
    const deny = random() < 0.25;
    const range = { kind: 'CIDR', cidr: '192.0.2.0/24', except: of([[], ['192.0.2.128/25']]) };
    return {
      ...{ action: deny ? 'DENY' : 'ALLOW', priority: of([100, 200]), traffic: traffic(), log: false },
      from: [peer(), ...(random() < 0.3 ? [range] : [])],
      to: [{ kind: 'INSTANCES', namespaceId: own, labels: of([{}, labels()]) }],
    };
  }
  const everybody = () => ({
    ...{ action: of(['ALLOW', 'DENY']), priority: 100, traffic: traffic(), log: false },
    from: [of([{ kind: 'ALL' }, { kind: 'TENANT', tenantId: tenant }])],
    to: [{ kind: 'ALL' }],
  });
  const tell = (type: string, { instanceId, nodeId }: Placed, more: object) =>
    harness.fact(harness.deploy, tenant, `deployment:${newId('deployment')}`, type, {
      ...{ deploymentId: newId('deployment'), instanceId, nodeId, ...more },
    });

  async function stop(one: Placed | undefined): Promise<void> {
    if (one) await harness.stopInstance(tenant, one.namespaceId, one.nodeId, one.instanceId);
  }
  async function place(): Promise<void> {
    const [namespaceId, nodeId] = [of(namespaces), of(nodes)];
    const instanceId = await harness.place(tenant, namespaceId, nodeId, labels());
    placed.push({ instanceId, namespaceId, nodeId });
  }

  const changes: readonly (() => Promise<unknown>)[] = [
    place,
    place,
    place,
    async () => (placed.length > 3 ? stop(out(placed)) : place()),
    async () => {
      if (placed.length > 0) await tell('InstanceReady', of(placed), {});
    },
    async () => {
      if (placed.length === 0) return;
      await tell('InstanceUnready', of(placed), { reason: 'READINESS_FAILED', message: 'Its probe fails.' });
    },
    async () => {
      const own = of(namespaces);
      const data = { namespaceId: own, name: `p-${++names}`, definition: definition(own), schedule: null };
      policies.push(...(await idIn('CreateIsolationPolicy', 'policyId', data)));
    },
    async () => {
      if (policies.length === 0) return;
      const policyId = of(policies);
      const [row] = await harness.rows<{ own: string }>(
        'select namespace_id as own from network.policy where policy_id = $1',
        [policyId],
      );
      if (row) await insist('UpdateIsolationPolicy', { policyId, definition: definition(row.own), schedule: null });
    },
    async () => {
      const policyId = out(policies);
      if (policyId !== undefined) await insist('DeleteIsolationPolicy', { policyId });
    },
    async () => {
      const platformPolicyId = platform.length > 1 ? out(platform) : undefined;
      if (platformPolicyId !== undefined) return insist('DeletePlatformPolicy', { platformPolicyId }, PLATFORM);
      const data = { name: `all-${++names}`, definition: everybody() };
      platform.push(...(await idIn('CreatePlatformPolicy', 'platformPolicyId', data, PLATFORM)));
    },
    () => insist('SetNamespaceIsolation', { namespaceId: of(namespaces), level: of(['NAMESPACE', 'SUBNET', 'RULE']) }),
    async () => {
      const ports = [{ name: 'http', protocol: 'TCP', port: 80, targetPort: 8080 }];
      const spec = { selector: labels(), ports, affinitySeconds: null };
      if (services.length > 2) return insist('UpdateService', { serviceId: of(services), spec });
      const data = { namespaceId: of(namespaces), name: `s-${++names}`, spec };
      services.push(...(await idIn('CreateService', 'serviceId', data)));
      return undefined;
    },
    async () => {
      suspended = !suspended;
      const fact = suspended ? 'TenantSuspended' : 'TenantResumed';
      const data = suspended ? { tenantId: tenant, reason: 'unpaid' } : { tenantId: tenant };
      await harness.fact(harness.tenancy, tenant, `tenant:${tenant}`, fact, data);
    },
  ];

  return { tenant, placed, next: () => of(changes)() };
}
