/**
 * Changes → SQL: one statement per table, kind of change and set of columns, whatever the size of the batch. Tables are
 * named without schema: a rebuild lets the same statements write into a new version of them.
 */
import type { PoolClient } from 'pg';
import type { Changes, Row, TableName } from './effects.ts';

const columnName = /^[a-z_0-9]+$/;

function columnsOf(row: Row): string[] {
  const columns = Object.keys(row).sort();
  for (const column of columns) if (!columnName.test(column)) throw new Error(`${column} is no column.`);
  return columns;
}

/** Rows with the same columns go together. */
function byColumns(rows: readonly (readonly [id: string, row: Row])[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const [id, row] of rows) {
    const key = columnsOf(row)
      .filter((column) => column !== 'id')
      .join(',');
    const group = groups.get(key) ?? [];
    groups.set(key, group);
    group.push({ ...row, id });
  }
  return groups;
}

async function putRows(
  tx: PoolClient,
  name: TableName,
  columns: readonly string[],
  rows: readonly Row[],
): Promise<void> {
  const all = ['id', ...columns].join(', ');
  const set = columns.map((column) => `${column} = excluded.${column}`).join(', ');
  await tx.query(
    `insert into ${name} (${all}) select ${all} from json_populate_recordset(null::${name}, $1)
     on conflict (id) do update set ${set}`,
    [JSON.stringify(rows)],
  );
}

async function patchRows(
  tx: PoolClient,
  name: TableName,
  columns: readonly string[],
  rows: readonly Row[],
): Promise<void> {
  const set = columns.map((column) => `${column} = source.${column}`).join(', ');
  await tx.query(
    `update ${name} target set ${set}
     from json_populate_recordset(null::${name}, $1) source where target.id = source.id`,
    [JSON.stringify(rows)],
  );
}

export async function writeChanges(tx: PoolClient, changes: Changes): Promise<void> {
  for (const [name, rows] of changes.rows) {
    const of = (op: 'put' | 'patch' | 'remove') =>
      [...rows].filter(([, change]) => change.op === op).map(([id, change]) => [id, change.row] as const);
    for (const [key, group] of byColumns(of('put'))) await putRows(tx, name, key.split(','), group);
    for (const [key, group] of byColumns(of('patch'))) await patchRows(tx, name, key.split(','), group);
    const removed = of('remove').map(([id]) => id);
    if (removed.length > 0) await tx.query(`delete from ${name} where id = any($1)`, [removed]);
  }
  for (const { table: name, column, value } of changes.purges) {
    if (!columnName.test(column)) throw new Error(`${column} is no column.`);
    await tx.query(`delete from ${name} where ${column} = $1`, [value]);
  }
}
