/** What a node is to apply, as every process of the service answers it: out of the table, never out of memory. */
import type { Id } from '@atoll/schema/ids';
import { type DesiredNetwork, emptyRuleSet, type RuleSet } from '@atoll/schema/node/network';
import { rulesHash } from '@atoll/schema/node/rules-hash';
import type { Pool } from 'pg';

interface DocumentRow {
  readonly generation: number;
  readonly hash: string;
  readonly rules: RuleSet;
  readonly traces: readonly { readonly generation: number; readonly traceparent: string }[];
}

/** A node without endpoints is given this, so that it guards the pools from the start. */
const noRules: RuleSet = emptyRuleSet;

/** `since`: the generation that the node has. */
export async function readDocument(
  pool: Pool,
  nodeId: Id<'node'>,
  pools: DesiredNetwork['pools'],
  since = 0,
): Promise<DesiredNetwork> {
  const { rows } = await pool.query<DocumentRow>(
    'select generation, hash, rules, traces from network.node_document where node_id = $1',
    [nodeId],
  );
  const document = rows[0];
  const newer = document?.traces.filter((one) => one.generation > since) ?? [];
  return document
    ? { nodeId, pools, ...document, traces: newer.map(({ traceparent }) => traceparent) }
    : { nodeId, generation: 0, hash: rulesHash(noRules), pools, rules: noRules };
}
