/** Reads what the matrix of a namespace is made of: as of one moment. */
import { transaction } from '@atoll/events/database/transaction';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkInput } from '@atoll/schema/network/commands';
import type { ReachabilityMap } from '@atoll/schema/network/reachability';
import type { Pool } from 'pg';
import { snapshot, type Told } from './ask.ts';
import { type MappedEnd, reachabilityMatrix } from './matrix.ts';
import { endsOfNamespace, type NodeRules, type RulesOf, readStandings } from './read.ts';

/** Bounds of one question. */
const maxInstances = 5000;
const maxNodes = 100;

const noSuch = reject('NOT_FOUND', 'There is no such namespace of yours.', 'namespaceId');
const tooLarge = reject(
  'INVALID_ARGUMENT',
  `The namespace is too large for one answer: it may have ${maxInstances} instances on ${maxNodes} nodes. Ask for its instances one by one.`,
  'namespaceId',
);

export async function askMatrix(
  { pool, rulesOf }: { readonly pool: Pool; readonly rulesOf: RulesOf },
  tenant: Id<'tenant'>,
  { namespaceId, traffic }: NetworkInput<'MapReachability'>,
): Promise<Told<ReachabilityMap>> {
  return await transaction(
    pool,
    async (tx) => {
      const { rowCount } = await tx.query('select from network.namespace where namespace_id = $1 and tenant = $2', [
        namespaceId,
        tenant,
      ]);
      if (rowCount === 0) return { ok: false, rejection: noSuch };
      const found = await endsOfNamespace(tx, tenant, namespaceId, maxInstances + 1);
      const nodeIds = [...new Set(found.map(({ nodeId }) => nodeId))];
      if (found.length > maxInstances || nodeIds.length > maxNodes) return { ok: false, rejection: tooLarge };
      const nodes = new Map<Id<'node'>, NodeRules>();
      for (const nodeId of nodeIds) nodes.set(nodeId, await rulesOf(tx, nodeId));
      const ends = found.flatMap((end): MappedEnd[] => {
        const node = nodes.get(end.nodeId);
        return node ? [{ ...end, node }] : [];
      });
      const standings = await readStandings(tx, nodeIds);
      return { ok: true, told: { ...reachabilityMatrix(ends, traffic), nodes: standings } };
    },
    snapshot,
  );
}
