/**
 * Projections whose effect is SQL over a set of events, so that a rebuild over the own store runs inside PostgreSQL and
 * no event leaves it. The live path and the rebuild run the same statements over the same columns.
 */
import type { EventRecord } from '@atoll/schema/envelope';
import type { EventRegistry } from '@atoll/schema/registry';
import type { PoolClient } from 'pg';
import { quoteSchema } from '../database/sql.ts';

const columnTypes = {
  position: 'bigint',
  id: 'text',
  type: 'text',
  tenant: 'text',
  stream: 'text',
  version: 'integer',
  time: 'timestamptz',
  actor: 'text',
  cause: 'text',
  correlation: 'text',
  data: 'jsonb',
} as const;
export type EventColumn = keyof typeof columnTypes;
const allColumns = Object.keys(columnTypes) as readonly EventColumn[];

/**
 * `statements` are run in order. Each gets the SQL of a relation to read the events from, named `e`, with the columns of
 * `columnTypes`; `data` is in the newest shape. It may be put in several places of a statement. One set may hold many
 * events of one row, and is not sorted: aggregate, or take the last by position. Tables are named without schema. Only
 * events of `types` come.
 */
export interface SqlProjection {
  readonly types: readonly string[];
  /** Those that the statements read; default all. Fewer are faster: four of them by a factor of three. */
  readonly columns?: readonly EventColumn[];
  readonly statements: readonly ((events: string) => string)[];
}

/** Arrays, one for each column, are what PostgreSQL takes quickest. */
function given(columns: readonly EventColumn[]): string {
  const arrays = columns.map((column, index) => `$${index + 1}::${column === 'data' ? 'text' : columnTypes[column]}[]`);
  const shown = columns.map((column) => (column === 'data' ? 'data::jsonb as data' : column));
  return `(select ${shown.join(', ')} from unnest(${arrays.join(', ')}) as given (${columns.join(', ')})) e`;
}

/** `apply` of a consumer, or of a rebuild whose events come from elsewhere: the events go in as one array per column. */
export function applyGiven({ types, columns = allColumns, statements }: SqlProjection) {
  const wanted = new Set(types);
  const relation = given(columns);
  return async (tx: PoolClient, events: readonly EventRecord[]): Promise<void> => {
    const due = events.filter((event) => wanted.has(event.type));
    if (due.length === 0) return;
    const values = columns.map((column) =>
      due.map((event) => (column === 'data' ? JSON.stringify(event.data) : event[column])),
    );
    for (const statement of statements) await tx.query({ text: statement(relation), values });
  };
}

/**
 * Applies the events after `after` up to `upTo` where they are. False where some of them must be seen by this process
 * first: they have an older shape, or one that it doesn't know.
 */
export async function applyRange(
  tx: PoolClient,
  options: { projection: SqlProjection; registry: EventRegistry; schema: string; after: number; upTo: number },
): Promise<boolean> {
  const { projection, registry, after, upTo } = options;
  const event = `${quoteSchema(options.schema)}.event`;
  const newest = Object.entries(registry).map(([type, { version }]) => ({ type, version }));
  const { rows } = await tx.query<{ foreign: boolean }>(
    `select exists(
       select from ${event} e left join jsonb_to_recordset($3::jsonb) as known (type text, version integer) using (type)
       where e.position > $1 and e.position <= $2 and e.schema_version is distinct from known.version
     ) as foreign`,
    [after, upTo, JSON.stringify(newest)],
  );
  if (rows[0]?.foreign) return false;
  // The bounds are numbers of ours: as constants they give the planner the size of the range.
  const columns = (projection.columns ?? allColumns).join(', ');
  const range = `(select ${columns} from ${event}
    where position > ${Number(after)} and position <= ${Number(upTo)} and type = any($1::text[])) e`;
  for (const statement of projection.statements) {
    await tx.query({ text: statement(range), values: [projection.types] });
  }
  return true;
}
