/** `consumers`: how far each consumer's effects are durable, and how far behind that is. */
import type { Command } from 'commander';
import type { Pool } from 'pg';
import { quoteSchema } from '../database/sql.ts';
import { onTarget, type Target } from './connect.ts';
import { CommandFailure } from './failure.ts';
import { ago, print, printJson, table } from './print.ts';

export interface ConsumerState {
  readonly schema: string;
  readonly consumer: string;
  /** Whose events; null where its process is older than this command. */
  readonly context: string | null;
  readonly position: number;
  /** Events that the owner has and this one hasn't worked on; null where the owner's log can't be read from here. */
  readonly lag: number | null;
  readonly parked: number;
  readonly updatedAt: Date;
}

async function lastPosition(pool: Pool, context: string): Promise<number | null> {
  try {
    const { rows } = await pool.query<{ position: number }>(
      `select coalesce(max(position), 0) as position from ${quoteSchema(context)}.event`,
    );
    return Number(rows[0]?.position ?? 0);
  } catch {
    // In another database, or not ours to read.
    return null;
  }
}

export async function readConsumers({ pool, schemas }: Target): Promise<readonly ConsumerState[]> {
  const found: Omit<ConsumerState, 'lag'>[] = [];
  for (const schema of schemas) {
    const q = quoteSchema(schema);
    const { rows } = await pool.query<Omit<ConsumerState, 'lag' | 'schema'>>(
      `select name as consumer, context, position, updated_at as "updatedAt",
         (select count(*)::int from ${q}.parked_event p where p.consumer = c.name) as parked
       from ${q}.consumer c order by name`,
    );
    found.push(...rows.map((row) => ({ schema, ...row, position: Number(row.position) })));
  }
  const last = new Map<string, number | null>();
  for (const context of new Set(found.flatMap((row) => row.context ?? []))) {
    last.set(context, await lastPosition(pool, context));
  }
  return found.map((row) => {
    const end = row.context === null ? null : (last.get(row.context) ?? null);
    return { ...row, lag: end === null ? null : Math.max(0, end - row.position) };
  });
}

/** `given` is `schema/consumer`, or the consumer alone where only one schema has it. */
export async function findConsumer(target: Target, given: string): Promise<ConsumerState> {
  const all = await readConsumers(target);
  const names = all.map(({ schema, consumer }) => `${schema}/${consumer}`);
  const matching = all.filter(({ schema, consumer }) => given === consumer || given === `${schema}/${consumer}`);
  const [one] = matching;
  if (one && matching.length === 1) return one;
  throw new CommandFailure(
    one
      ? `Several schemas have a consumer ${given}: name it ${matching.map(({ schema }) => `${schema}/${given}`).join(' or ')}.`
      : `There is no consumer ${given}. There are: ${names.join(', ') || 'none'}.`,
  );
}

export function addConsumers(program: Command): void {
  program
    .command('consumers')
    .description('Positions of all consumers, how far behind they are, and how much they have parked.')
    .option('--json', 'as JSON')
    .action((options: { json?: boolean }, command: Command) =>
      onTarget(command, async (target) => {
        const rows = await readConsumers(target);
        if (options.json) return printJson(rows);
        print(
          table(rows, [
            ['CONSUMER', (row) => `${row.schema}/${row.consumer}`],
            ['OF', (row) => row.context ?? '?'],
            ['POSITION', (row) => String(row.position)],
            ['LAG', (row) => (row.lag === null ? '?' : String(row.lag))],
            ['PARKED', (row) => String(row.parked)],
            ['MOVED', (row) => `${ago(row.updatedAt)} ago`],
          ]),
        );
      }),
    );
}
