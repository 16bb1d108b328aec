/** The parts of nodes' rules as rows: one statement for all nodes of a change. */
import { canonicalJson } from '@atoll/schema/node/rules-hash';
import type { PoolClient } from 'pg';
import type { SetSum } from './rule-changes.ts';

export interface PartRow {
  readonly nodeId: string;
  readonly list: string;
  readonly key: string;
  /** Null: gone. */
  readonly value: unknown;
}

const column = <T>(rows: readonly T[], of: (row: T) => unknown) => rows.map(of);

/** One that is there stays what it is since it came; one that comes, or comes back, is new. */
export async function writeParts(tx: PoolClient, parts: readonly PartRow[], generation: number): Promise<void> {
  const put = parts.filter((part) => part.value !== null);
  const gone = parts.filter((part) => part.value === null);
  if (put.length > 0) {
    await tx.query(
      `insert into network.node_part as p (node_id, list, key, value, since, generation, gone)
       select node_id, list, key, value::jsonb, $5, $5, false
       from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as new (node_id, list, key, value)
       on conflict (node_id, list, key) do update set
         value = excluded.value, since = case when p.gone then excluded.since else p.since end,
         generation = excluded.generation, gone = false, changed_at = now()`,
      [
        column(put, (part) => part.nodeId),
        column(put, (part) => part.list),
        column(put, (part) => part.key),
        column(put, (part) => (part.list === 'sets' ? null : canonicalJson(part.value))),
        generation,
      ],
    );
  }
  if (gone.length > 0) {
    await tx.query(
      `update network.node_part p set gone = true, generation = $4, changed_at = now()
       from unnest($1::text[], $2::text[], $3::text[]) as old (node_id, list, key)
       where p.node_id = old.node_id and p.list = old.list and p.key = old.key and not p.gone`,
      [
        column(gone, (part) => part.nodeId),
        column(gone, (part) => part.list),
        column(gone, (part) => part.key),
        generation,
      ],
    );
  }
}

/** Sets that nodes have, and that have other members now. */
export async function refreshSets(
  tx: PoolClient,
  uses: readonly { readonly nodeId: string; readonly name: string }[],
  generation: number,
): Promise<void> {
  if (uses.length === 0) return;
  await tx.query(
    `update network.node_part p set generation = $3
     from unnest($1::text[], $2::text[]) as used (node_id, name)
     where p.node_id = used.node_id and p.list = 'sets' and p.key = used.name`,
    [column(uses, (use) => use.nodeId), column(uses, (use) => use.name), generation],
  );
}

export async function writeSets(tx: PoolClient, sets: ReadonlyMap<string, SetSum>, generation: number): Promise<void> {
  if (sets.size === 0) return;
  const all = [...sets];
  const used = all.filter(([, set]) => set.used);
  await tx.query(
    `insert into network.rule_set (name, kind) select * from unnest($1::text[], $2::text[]) on conflict do nothing`,
    [column(used, ([name]) => name), column(used, ([, set]) => set.kind)],
  );
  await tx.query('delete from network.rule_set where name = any($1)', [
    all.flatMap(([name, set]) => (set.used ? [] : [name])),
  ]);
  const members = all.flatMap(([name, set]) => [...set.members].map(([member, there]) => ({ name, member, there })));
  if (members.length === 0) return;
  await tx.query(
    `insert into network.set_member as m (set_name, member, generation, gone)
     select set_name, member, $4, not there from unnest($1::text[], $2::text[], $3::boolean[]) as new (set_name, member, there)
     on conflict (set_name, member) do update set
       generation = excluded.generation, gone = excluded.gone, changed_at = now()
     where m.gone <> excluded.gone`,
    [
      column(members, (one) => one.name),
      column(members, (one) => one.member),
      column(members, (one) => one.there),
      generation,
    ],
  );
}
