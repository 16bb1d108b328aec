/** What a node is to apply, as every process of the service answers it: out of the tables, never out of memory. */
import type { Id } from '@atoll/schema/ids';
import { emptyRuleSet, type RuleSet } from '@atoll/schema/node/network';
import { changeRules, type HashedRules, noRules } from '@atoll/schema/node/rules-changes';
import { emptySum, hashOf } from '@atoll/schema/node/rules-hash';
import type { Pool, PoolClient } from 'pg';
import { type ChangesPage, readChanges } from './changes.ts';

type Queryable = Pick<Pool | PoolClient, 'query'>;

export interface DocumentHead {
  readonly generation: number;
  readonly hash: string;
  /** Traces of the changes after a generation. */
  readonly traces: readonly { readonly generation: number; readonly traceparent: string }[];
  /** Who has an older one is given everything. */
  readonly floor: number;
}

/** A node without endpoints is given the empty rule set, so that it guards the pools from the start. */
const noHead: DocumentHead = { generation: 0, hash: hashOf(emptySum), traces: [], floor: 0 };

export async function readHead(db: Queryable, nodeId: Id<'node'>): Promise<DocumentHead> {
  const { rows } = await db.query<DocumentHead>({
    name: 'network-document-head',
    text: 'select generation, hash, traces, floor from network.node_document where node_id = $1',
    values: [nodeId],
  });
  return rows[0] ?? noHead;
}

/** What has become of `known`, rules of that generation, by now; `noRules` are of 0. In one snapshot where `db` is one. */
export async function readChanged(
  db: Queryable,
  nodeId: Id<'node'>,
  generation: number,
  known: HashedRules,
): Promise<HashedRules> {
  const draft = changeRules(known);
  let page: ChangesPage | null = null;
  do {
    page = await readChanges(db, nodeId, generation, page?.next ?? null);
    draft.apply(page.operations);
  } while (page.next !== null);
  return draft.done();
}

/** The whole rule set of a node, as it is in one snapshot where `db` is a transaction of that isolation. */
export async function readRuleSet(db: Queryable, nodeId: Id<'node'>): Promise<RuleSet> {
  return { ...emptyRuleSet, ...(await readChanged(db, nodeId, 0, noRules)).rules };
}

/** All that is read in it is of one moment. */
export async function inSnapshot<T>(pool: Pool, read: (tx: PoolClient) => Promise<T>): Promise<T> {
  const tx = await pool.connect();
  let broken: Error | undefined;
  try {
    await tx.query('begin isolation level repeatable read read only');
    const result = await read(tx);
    await tx.query('commit');
    return result;
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error));
    await tx.query('rollback').then(
      () => {
        broken = undefined;
      },
      () => {},
    );
    throw error;
  } finally {
    tx.release(broken);
  }
}
