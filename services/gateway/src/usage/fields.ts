/** `Instance.usage`, `Instance.usageHistory` and `Deployment.usage`: as nodes have sampled it. */
import type { Id } from '@atoll/schema/ids';
import { usageKeptMs } from '@atoll/schema/node/usage';
import type { NatsConnection } from '@atoll/service/nats';
import { isOfTenant } from '../live/questions.ts';
import type { LiveResolver } from '../live/resolvers.ts';
import { sinceOf } from '../logs/input.ts';
import type { LogTargets } from '../logs/targets.ts';
import { askUsage, type InstanceUsage } from './loader.ts';

const shown = ({ samples, cpuLimitMillis, memoryLimitBytes }: InstanceUsage) =>
  samples.map((sample) => ({ ...sample, cpuLimitMillis, memoryLimitBytes }));

export const instanceUsage: LiveResolver = {
  needs: ['id', 'node_id'],
  async resolve(row, _args, { usage }) {
    const told = await usage.load({ instanceId: row.id as Id<'instance'>, nodeId: row.node_id as Id<'node'> });
    return told === null ? null : (shown(told).at(-1) ?? null);
  },
};

export const createUsageHistory = (nc: NatsConnection): LiveResolver => ({
  needs: ['id', 'node_id'],
  async resolve(row, args) {
    const instanceId = row.id as Id<'instance'>;
    const since = sinceOf(args) ?? new Date(Date.now() - usageKeptMs).toISOString();
    const told = await askUsage(nc, row.node_id as Id<'node'>, [instanceId], since);
    return told.filter((one) => one.instanceId === instanceId).flatMap(shown);
  },
});

const sum = (values: readonly number[]) => values.reduce((all, value) => all + value, 0);

export const createDeploymentUsage = (targets: Pick<LogTargets, 'deployment'>): LiveResolver => ({
  needs: ['id'],
  async resolve(row, _args, { viewer, usage }) {
    const instances = isOfTenant(viewer) ? ((await targets.deployment(viewer.tenant, String(row.id))) ?? []) : [];
    const told = await usage.loadMany(instances);
    const samples = told.flatMap((one) => (one === null || one instanceof Error ? [] : one.samples.slice(-1)));
    return {
      instances: samples.length,
      missing: instances.length - samples.length,
      cpuMillis: sum(samples.map(({ cpuMillis }) => cpuMillis)),
      memoryBytes: sum(samples.map(({ memoryBytes }) => memoryBytes)),
      receivedBytesPerSecond: sum(samples.map(({ receivedBytes, seconds }) => receivedBytes / seconds)),
      sentBytesPerSecond: sum(samples.map(({ sentBytes, seconds }) => sentBytes / seconds)),
    };
  },
});
