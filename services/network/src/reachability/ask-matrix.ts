/** Reads what the matrix of a namespace is made of: as of one moment. */
import { transaction } from '@atoll/events/database/transaction';
import { reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkInput } from '@atoll/schema/network/commands';
import type { ReachabilityMap } from '@atoll/schema/network/reachability';
import type { Pool } from 'pg';
import { snapshot, type Told } from './ask.ts';
import { type MappedEnd, reachabilityMatrix } from './matrix.ts';
import { endsOfNamespaces, type NodeRules, type RulesOf, readStandings } from './read.ts';

/** Bounds of one question. */
const maxInstances = 5000;
const maxNodes = 100;

const noSuch = (field: string) => reject('NOT_FOUND', 'There is no such namespace of yours.', field);
const tooLarge = reject(
  'INVALID_ARGUMENT',
  `It is too much for one answer: there may be ${maxInstances} instances on ${maxNodes} nodes. Leave out other namespaces, or ask for instances one by one.`,
  'namespaceId',
);

export async function askMatrix(
  { pool, rulesOf }: { readonly pool: Pool; readonly rulesOf: RulesOf },
  tenant: Id<'tenant'>,
  { namespaceId, others, traffic, fromGroup, toGroup }: NetworkInput<'MapReachability'>,
): Promise<Told<ReachabilityMap>> {
  return await transaction(
    pool,
    async (tx) => {
      const asked = [...new Set([namespaceId, ...others])];
      const { rows } = await tx.query<{ id: string }>(
        'select namespace_id as id from network.namespace where namespace_id = any($1) and tenant = $2',
        [asked, tenant],
      );
      const there = new Set(rows.map(({ id }) => id));
      if (!there.has(namespaceId)) return { ok: false, rejection: noSuch('namespaceId') };
      if (there.size < asked.length) return { ok: false, rejection: noSuch('others') };
      const found = await endsOfNamespaces(tx, tenant, asked, maxInstances + 1);
      const nodeIds = [...new Set(found.map(({ nodeId }) => nodeId))];
      if (found.length > maxInstances || nodeIds.length > maxNodes) return { ok: false, rejection: tooLarge };
      const nodes = new Map<Id<'node'>, NodeRules>();
      for (const nodeId of nodeIds) nodes.set(nodeId, await rulesOf(tx, nodeId));
      const ends = found.flatMap((end): MappedEnd[] => {
        const node = nodes.get(end.nodeId);
        return node ? [{ ...end, node }] : [];
      });
      const standings = await readStandings(tx, nodeIds);
      return {
        ok: true,
        told: { ...reachabilityMatrix(ends, traffic, { from: fromGroup, to: toGroup }), nodes: standings },
      };
    },
    snapshot,
  );
}
