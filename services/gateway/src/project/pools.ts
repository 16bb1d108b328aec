/** Pools of nodes, and what the operator says of nodes → read models. */
import type { poolEvents } from '@atoll/schema/deploy/pools';
import type { EventsOf } from '@atoll/schema/registry';
import { derive, type Effect, instant, labelList, type Project, patch, put, remove } from './effects.ts';

export type PoolEvent = EventsOf<typeof poolEvents>;

const duty = (id: string, scheduling: string, note = ''): Effect =>
  patch('compute_node', id, { scheduling, scheduling_note: note });

export const projectPools: Project<PoolEvent> = (event, record): readonly Effect[] => {
  switch (event.type) {
    case 'PoolCreated':
    case 'PoolChanged': {
      const { poolId: id, name, revision, terms } = event.data;
      const row = {
        ...{ name, revision, sla_class: terms.slaClass, labels: labelList(terms.labels) },
        ...{ cpu_percent: terms.cpuPercent, memory_percent: terms.memoryPercent },
        ...{ cost_per_hour: terms.costPerHour, weights: terms.weights },
      };
      if (event.type === 'PoolChanged') return [patch('pool', id, row)];
      return [put('pool', id, { id, tenant_id: record.tenant, ...row, created_at: instant(record.time) })];
    }
    case 'PoolDeleted':
      return [remove('pool', event.data.poolId)];
    case 'NodeAssigned': {
      const { nodeId, poolId: pool_id, zone, labels } = event.data;
      return [patch('compute_node', nodeId, { pool_id, zone, labels: labelList(labels) })];
    }
    case 'NodeCordoned':
      return [duty(event.data.nodeId, 'CORDONED', event.data.note)];
    case 'NodeUncordoned':
      return [duty(event.data.nodeId, 'OPEN')];
    case 'NodeDrainStarted': {
      const { nodeId, note, instances } = event.data;
      return [duty(nodeId, 'DRAINING', note), patch('compute_node', nodeId, { drained_from: instances })];
    }
    case 'NodeDrainCancelled':
      return [patch('compute_node', event.data.nodeId, { scheduling: 'CORDONED' })];
    case 'NodeDrained':
      return [
        patch('compute_node', event.data.nodeId, { scheduling: 'DRAINED' }),
        derive('computeNode', event.data.nodeId),
      ];
    // Pools and classes are shown as the plan has them.
    case 'PlacementTermsAdopted':
      return [];
    default:
      return event satisfies never;
  }
};
