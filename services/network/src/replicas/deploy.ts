/** Facts of the deploy context that this one needs: which instances want an address, and which namespaces are empty. */
import type { ConsumerHandler } from '@atoll/events/consumer';
import type { DeployEvent } from '@atoll/schema/deploy/events';
import type { EventRecord } from '@atoll/schema/envelope';
import type { PoolClient } from 'pg';

type DeployRecord = EventRecord & DeployEvent;
type RecordOf<T extends DeployEvent['type']> = EventRecord & Extract<DeployEvent, { type: T }>;

async function addWanted(tx: PoolClient, record: RecordOf<'InstancePlaced'>) {
  const { instanceId, namespaceId, deploymentId, nodeId, labels, releaseId } = record.data;
  await tx.query(
    `insert into network.deploy_instance
       (instance_id, tenant, namespace_id, deployment_id, node_id, labels, wanted, cause, correlation, traceparent,
         release_id, held_back)
     values ($1, $2, $3, $4, $5, $6, true, $7, $8, $9, $10, exists (
       select from network.deploy_active a where a.deployment_id = $4 and $10 <> all (a.release_ids)
     )) on conflict do nothing`,
    [
      instanceId,
      record.tenant,
      namespaceId,
      deploymentId,
      nodeId,
      JSON.stringify(labels),
      record.id,
      record.correlation,
      record.traceparent,
      releaseId,
    ],
  );
}

/** Which of its instances get connections, those that are ready and those to come. */
async function switchTraffic(tx: PoolClient, record: RecordOf<'TrafficSwitched'>) {
  const { deploymentId, releaseIds } = record.data;
  if (releaseIds === null) await forgetTraffic(tx, deploymentId);
  else
    await tx.query(
      `insert into network.deploy_active (deployment_id, release_ids) values ($1, $2)
       on conflict (deployment_id) do update set release_ids = excluded.release_ids`,
      [deploymentId, releaseIds],
    );
  await tx.query(
    `update network.deploy_instance i set held_back = not i.held_back, cause = $3, correlation = $4, traceparent = $5
     where deployment_id = $1 and wanted and held_back <> coalesce(release_id <> all ($2::text[]), false)`,
    [deploymentId, releaseIds, record.id, record.correlation, record.traceparent],
  );
}

async function forgetTraffic(tx: PoolClient, deploymentId: string) {
  await tx.query('delete from network.deploy_active where deployment_id = $1', [deploymentId]);
}

async function markUnwanted(tx: PoolClient, record: RecordOf<'InstanceStopped' | 'InstanceLost'>) {
  await tx.query(
    `update network.deploy_instance set wanted = false, ready = false, cause = $2, correlation = $3, traceparent = $4
     where instance_id = $1 and wanted`,
    [record.data.instanceId, record.id, record.correlation, record.traceparent],
  );
}

/** Whether it serves. Told to stop it never does so again. */
async function markReady(
  tx: PoolClient,
  record: RecordOf<'InstanceReady' | 'InstanceUnready' | 'InstanceWaiting' | 'InstanceStopRequested'>,
) {
  const ready = record.type === 'InstanceReady';
  const stopping = record.type === 'InstanceStopRequested';
  const { rowCount } = await tx.query(
    `update network.deploy_instance set ready = $2, stopping = stopping or $3, cause = $4, correlation = $5, traceparent = $6
     where instance_id = $1 and wanted and (ready <> $2 or stopping <> $3)`,
    [record.data.instanceId, ready, stopping, record.id, record.correlation, record.traceparent],
  );
  return rowCount !== 0;
}

async function markDrained(tx: PoolClient, { data }: RecordOf<'NamespaceDrained'>) {
  await tx.query('insert into network.deploy_drained (namespace_id) values ($1) on conflict do nothing', [
    data.namespaceId,
  ]);
}

/** True where it changed something here. */
async function applyToReplica(tx: PoolClient, record: DeployRecord): Promise<boolean> {
  switch (record.type) {
    case 'InstancePlaced':
      await addWanted(tx, record);
      return true;
    case 'InstanceStopped':
    case 'InstanceLost':
      await markUnwanted(tx, record);
      return true;
    case 'TrafficSwitched':
      await switchTraffic(tx, record);
      return true;
    case 'DeploymentDeleted':
      await forgetTraffic(tx, record.data.deploymentId);
      return false;
    case 'NamespaceDrained':
      await markDrained(tx, record);
      return true;
    case 'InstanceReady':
    case 'InstanceUnready':
    case 'InstanceWaiting':
    case 'InstanceStopRequested':
      return markReady(tx, record);
    // The namespace's own gate is opened and closed by tenancy's facts; a node's health is known by its reports.
    case 'EnvironmentRulesAdopted':
    case 'EnvironmentRulesDropped':
    case 'ImageProven':
    case 'NamespaceOpened':
    case 'NamespaceClosed':
    case 'NodeRegistered':
    case 'NodeChanged':
    case 'NodeBecameReady':
    case 'NodeBecameUnreachable':
    case 'DeploymentCreated':
    case 'ReleaseCreated':
    case 'RolloutStarted':
    case 'RolloutCompleted':
    case 'RolloutSuperseded':
    case 'RolloutStrategySet':
    case 'RolloutStepReached':
    case 'RolloutStepUndone':
    case 'RolloutPromoted':
    case 'RolloutProgressed':
    case 'RolloutSuspended':
    case 'RolloutResumed':
    case 'RolloutFailed':
    case 'RollbackRefused':
    case 'RolloutPolicySet':
    case 'RolloutBlocked':
    case 'RolloutUnblocked':
    case 'DeploymentScaled':
    case 'DeploymentLabelsSet':
    case 'DeploymentPlacementSet':
    case 'InstanceMoveRequested':
    case 'InstanceMoveCancelled':
    case 'PlacementTermsAdopted':
    case 'PoolCreated':
    case 'PoolChanged':
    case 'PoolDeleted':
    case 'NodeAssigned':
    case 'NodeCordoned':
    case 'NodeUncordoned':
    case 'NodeDrainStarted':
    case 'NodeDrainCancelled':
    case 'NodeDrained':
    case 'NodeLost':
    case 'DeploymentFenced':
    case 'HoldingChanged':
    case 'DeploymentDeletionRequested':
    case 'InstanceStarted':
    case 'BatchStarted':
    case 'BatchItemsBegun':
    case 'BatchItemAccepted':
    case 'BatchItemEnded':
    case 'BatchWaveEnded':
    case 'BatchPaused':
    case 'BatchResumed':
    case 'BatchStopped':
    case 'BatchCancelled':
    case 'BatchCompleted':
      return false;
    default:
      return record satisfies never;
  }
}

/** `onChange` is called after the commit of a batch that changed something. */
export function deployReplica(onChange: () => void): ConsumerHandler {
  let changed = false;
  return {
    kind: 'project',
    async apply(tx, events) {
      changed = false;
      for (const record of events as readonly DeployRecord[]) {
        changed = (await applyToReplica(tx, record)) || changed;
      }
    },
    afterCommit() {
      if (changed) onChange();
    },
  };
}
