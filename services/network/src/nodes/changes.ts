/**
 * What is newer in a node's rules than a generation, in pages of bounded size: first the parts of all lists but sets, in the
 * order of list and key, then the sets in the order of their names.
 */
import type { RuleOperation } from '@atoll/schema/node/rules-changes';
import type { Pool, PoolClient } from 'pg';
import { z } from 'zod';

/** Of the operations as JSON; what is around them is small, and the answer has to fit a message of NATS, 1 MiB. */
const maxBytes = 400_000;
const maxParts = 2000;
const maxSets = 500;
const maxMembers = 10_000;

/** Where a page begins: after that part, within it at that character, or after that member of that set. */
const cursor = z.discriminatedUnion('in', [
  z.strictObject({ in: z.literal('parts'), list: z.string(), key: z.string(), at: z.number(), of: z.number() }),
  z.strictObject({ in: z.literal('sets'), name: z.string(), member: z.string().nullable() }),
]);
type Cursor = z.infer<typeof cursor>;
type CursorIn<W extends Cursor['in']> = Extract<Cursor, { in: W }>;

export interface ChangesPage {
  readonly operations: readonly RuleOperation[];
  readonly next: string | null;
}

/** Null for a text that no page has given. */
export function parseCursor(text: string): Cursor | null {
  try {
    return cursor.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

interface PartRow {
  readonly list: Extract<RuleOperation, { op: 'PUT' }>['list'];
  readonly key: string;
  readonly value: string;
  readonly gone: boolean;
  readonly generation: number;
}

type Db = Pick<Pool | PoolClient, 'query'>;

async function readParts(db: Db, nodeId: string, since: number, after: CursorIn<'parts'>) {
  // A part that was begun is read again, for the rest of it.
  const compared = after.at > 0 ? '>=' : '>';
  const { rows } = await db.query<PartRow>(
    `select list, key, value::text as value, gone, generation from network.node_part
     where node_id = $1 and generation > $2 and list <> 'sets' and (list, key) ${compared} ($3, $4)
       and ($2 > 0 or not gone)
     order by list, key limit $5`,
    [nodeId, since, after.list, after.key, maxParts],
  );
  const operations: RuleOperation[] = [];
  let bytes = 0;
  for (const { list, key, value, gone, generation } of rows) {
    if (gone) {
      operations.push({ op: 'REMOVE', list, key });
      bytes += key.length + 60;
    } else if (value.length <= maxBytes) {
      operations.push({ op: 'PUT', list, key, value: JSON.parse(value) });
      bytes += Buffer.byteLength(value) + key.length + 60;
    } else {
      // Changed since it was begun: from its start.
      const at = after.key === key && after.list === list && after.of === generation ? after.at : 0;
      const text = value.slice(at, at + maxBytes / 4);
      const last = at + text.length >= value.length;
      operations.push({ op: 'PIECE', list, key, text, first: at === 0, last });
      bytes += maxBytes;
      if (!last) return { operations, next: { in: 'parts', list, key, at: at + text.length, of: generation } as const };
    }
    if (bytes >= maxBytes) return { operations, next: { in: 'parts', list, key, at: 0, of: 0 } as const };
  }
  const last = rows.at(-1);
  return {
    operations,
    next:
      rows.length < maxParts || !last ? null : ({ in: 'parts', list: last.list, key: last.key, at: 0, of: 0 } as const),
  };
}

interface SetRow {
  readonly name: string;
  readonly kind: 'addresses' | 'networks';
  readonly gone: boolean;
  /** The node hasn't had it at that generation. */
  readonly fresh: boolean;
}
interface MemberRow {
  readonly name: string;
  readonly member: string;
  readonly gone: boolean;
}

async function readSets(db: Db, nodeId: string, since: number, after: CursorIn<'sets'>) {
  const compared = after.member === null ? '>' : '>=';
  const { rows: sets } = await db.query<SetRow>(
    `select p.key as name, s.kind, p.gone or s.name is null as gone, p.since > $2 as fresh
     from network.node_part p left join network.rule_set s on s.name = p.key
     where p.node_id = $1 and p.generation > $2 and p.list = 'sets' and p.key ${compared} $3 and ($2 > 0 or not p.gone)
     order by p.key limit $4`,
    [nodeId, since, after.name, maxSets],
  );
  const there = sets.filter((set) => !set.gone);
  const { rows: members } = await db.query<MemberRow>(
    `select m.set_name as name, m.member, m.gone
     from unnest($1::text[], $2::boolean[]) as s (name, fresh)
     join network.set_member m on m.set_name = s.name
       and case when s.fresh then not m.gone else m.generation > $3 end
     where (m.set_name, m.member) > ($4, $5)
     order by m.set_name, m.member limit $6`,
    [there.map((set) => set.name), there.map((set) => set.fresh), since, after.name, after.member ?? '', maxMembers],
  );
  const cut = members.length === maxMembers ? members.at(-1) : undefined;
  const membersOf = Map.groupBy(members, (row) => row.name);
  const operations = sets
    .filter((set) => cut === undefined || set.name <= cut.name)
    .flatMap(({ name, kind, gone, fresh }): RuleOperation[] => {
      if (gone) return [{ op: 'UNSET', name }];
      const own = membersOf.get(name) ?? [];
      const begun = after.name === name && after.member !== null;
      const added = own.flatMap((row) => (row.gone ? [] : [row.member]));
      const removed = own.flatMap((row) => (row.gone ? [row.member] : []));
      const moved: RuleOperation[] = own.length > 0 ? [{ op: 'MEMBERS', name, added, removed }] : [];
      return fresh && !begun ? [{ op: 'SET', name, kind }, ...moved] : moved;
    });
  if (cut !== undefined) return { operations, next: { in: 'sets', name: cut.name, member: cut.member } as const };
  const last = sets.at(-1);
  return {
    operations,
    next: sets.length < maxSets || !last ? null : ({ in: 'sets', name: last.name, member: null } as const),
  };
}

const start: CursorIn<'parts'> = { in: 'parts', list: '', key: '', at: 0, of: 0 };
const firstSet: CursorIn<'sets'> = { in: 'sets', name: '', member: null };

/** `after`: the `next` of the page before, or null for the first. */
export async function readChanges(db: Db, nodeId: string, since: number, after: string | null): Promise<ChangesPage> {
  const from = (after === null ? null : parseCursor(after)) ?? start;
  if (from.in === 'sets') {
    const { operations, next } = await readSets(db, nodeId, since, from);
    return { operations, next: next && JSON.stringify(next) };
  }
  const parts = await readParts(db, nodeId, since, from);
  if (parts.next !== null) return { operations: parts.operations, next: JSON.stringify(parts.next) };
  // Where there are few parts, the first sets fit the same page.
  if (parts.operations.length > maxParts / 4) return { operations: parts.operations, next: JSON.stringify(firstSet) };
  const sets = await readSets(db, nodeId, since, firstSet);
  return { operations: [...parts.operations, ...sets.operations], next: sets.next && JSON.stringify(sets.next) };
}
