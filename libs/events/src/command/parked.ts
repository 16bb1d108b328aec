/** `parked`: the events that consumers have put aside. */
import { type Command, InvalidArgumentError } from 'commander';
import { listParked, type ParkedEvent, retryParked, skipParked } from '../parked.ts';
import { pause } from '../waiting.ts';
import { onTarget, type Target } from './connect.ts';
import { findConsumer } from './consumers.ts';
import { CommandFailure } from './failure.ts';
import { ago, print, printJson, table } from './print.ts';

const help = `
An event whose handler keeps failing is parked, and with it every later event of the same stream: each stream keeps its
order. All other streams flow on. "failed" marks the event at fault, "behind" the ones that wait for it.

  retry   tries the stream again from its first parked event on, in order, until one fails again. For after the cause was
          mended. Nothing is lost, and nothing overtakes.
  skip    gives one event up for this consumer, for good: its effect never happens here, and the rest of its stream is
          tried next, as if it had never been. What follows may need what was skipped. The event itself stays in the
          store; a rebuild of a projection tries it again.

Consumers are named as by \`events consumers\`: schema/consumer, or the consumer alone where only one schema has it.`;

interface Found extends ParkedEvent {
  readonly schema: string;
}

const whole = (text: string): number => {
  const number = Number(text);
  if (!/^\d{1,15}$/.test(text) || number < 1) throw new InvalidArgumentError('It must be a whole number from 1 on.');
  return number;
};

const stateOf = (row: ParkedEvent): string => {
  if (row.retryRequested) return 'to be retried';
  if (row.retryAt !== null) return `failed ${row.attempts}x, trying`;
  return row.error === null ? 'behind' : `failed ${row.attempts}x`;
};

interface Filter {
  readonly consumer?: string;
  readonly stream?: string;
  readonly position?: number;
  readonly limit: number;
}

async function find(target: Target, filter: Filter): Promise<readonly Found[]> {
  const only = filter.consumer === undefined ? null : await findConsumer(target, filter.consumer);
  const found: Found[] = [];
  for (const schema of only ? [only.schema] : target.schemas) {
    const page = {
      limit: filter.limit - found.length,
      ...(only && { consumer: only.consumer }),
      ...(filter.stream !== undefined && { stream: filter.stream }),
      ...(filter.position !== undefined && { position: filter.position }),
    };
    if (page.limit <= 0) break;
    found.push(...(await listParked({ pool: target.pool, schema }, page)).map((row) => ({ ...row, schema })));
  }
  return found;
}

function show(rows: readonly Found[]): void {
  print(
    table(rows, [
      ['CONSUMER', (row) => `${row.schema}/${row.consumer}`],
      ['POSITION', (row) => String(row.position)],
      ['STREAM', (row) => row.stream],
      ['EVENT', (row) => row.event.type],
      ['STATE', stateOf],
      ['SINCE', (row) => ago(row.parkedAt)],
      ['ERROR', (row) => row.error ?? ''],
    ]),
  );
}

/** What is in an event may be private: it is shown where it is asked for. */
const told = (row: Found, options: { data?: boolean }) => {
  const { data, ...event } = row.event;
  return { ...row, event: options.data ? { ...event, data } : event };
};

const NOTHING = 'Nothing is parked';

/** Until the consumer has done what was asked, or hasn't begun in time. */
async function waitForRetry(target: Target, what: { schema: string; consumer: string; stream: string }): Promise<void> {
  const where = { pool: target.pool, schema: what.schema };
  for (const giveUpAt = Date.now() + 15_000; Date.now() < giveUpAt; await pause(200)) {
    const rows = await listParked(where, { consumer: what.consumer, stream: what.stream, limit: 1000 });
    const [first] = rows;
    if (first === undefined) return print(`Done: nothing of ${what.stream} is parked any more.`);
    if (rows.every((row) => !row.retryRequested)) {
      throw new CommandFailure(
        `It failed again at position ${first.position}, and ${rows.length} stay parked: ${first.error ?? 'no error was told'}`,
      );
    }
  }
  throw new CommandFailure(
    `It is asked for, and no process has taken it up yet: does one run ${what.schema}/${what.consumer}? It will be done then.`,
  );
}

export function addParked(program: Command): void {
  const parked = program
    .command('parked')
    .description('Events that kept failing and were put aside: to list, to retry, to skip.')
    .addHelpText('after', help);

  parked
    .command('list')
    .description('What is parked, by consumer and position.')
    .option('--consumer <name>', 'of one consumer')
    .option('--stream <stream>', 'of one stream')
    .option('--position <n>', 'the one at this position', whole)
    .option('--limit <n>', 'at most so many', whole, 100)
    .option('--json', 'as JSON')
    .option('--data', 'with the data of the events (JSON only)')
    .addHelpText('after', help)
    .action((options: Filter & { json?: boolean; data?: boolean }, command: Command) =>
      onTarget(command, async (target) => {
        const rows = await find(target, options);
        if (options.json) return printJson(rows.map((row) => told(row, options)));
        if (rows.length === 0) return print(`${NOTHING}.`);
        show(rows);
        if (rows.length === options.limit) print(`There may be more: these are the first ${options.limit} (--limit).`);
      }),
    );

  parked
    .command('retry')
    .description('Tries a parked stream again, from its first parked event on.')
    .requiredOption('--consumer <name>', 'whose')
    .option('--stream <stream>', 'which stream; without it every stream that this consumer has parked')
    .addHelpText('after', help)
    .action((options: { consumer: string; stream?: string }, command: Command) =>
      onTarget(command, async (target) => {
        const { schema, consumer } = await findConsumer(target, options.consumer);
        const rows = await find(target, { ...options, limit: 1000 });
        const streams = [...new Set(rows.map((row) => row.stream))];
        if (streams.length === 0) {
          throw new CommandFailure(
            options.stream === undefined
              ? `${NOTHING} by ${schema}/${consumer}.`
              : `${NOTHING} of the stream ${options.stream} by ${schema}/${consumer}. See \`events parked list\`.`,
          );
        }
        for (const stream of streams) await retryParked({ pool: target.pool, schema }, { consumer, stream });
        for (const stream of streams) await waitForRetry(target, { schema, consumer, stream });
      }),
    );

  parked
    .command('skip')
    .description('Gives one parked event up for this consumer, and goes on with the rest of its stream.')
    .requiredOption('--consumer <name>', 'whose')
    .requiredOption('--position <n>', 'which event', whole)
    .addHelpText('after', help)
    .action((options: { consumer: string; position: number }, command: Command) =>
      onTarget(command, async (target) => {
        const { schema, consumer } = await findConsumer(target, options.consumer);
        const [row] = await find(target, { ...options, limit: 1 });
        const where = { pool: target.pool, schema };
        if (!row || !(await skipParked(where, { consumer, position: options.position }))) {
          throw new CommandFailure(
            `${NOTHING} at position ${options.position} by ${schema}/${consumer}. See \`events parked list\`.`,
          );
        }
        print(`Skipped ${row.event.type} (${row.event.id}) of ${row.stream} for ${schema}/${consumer}.`);
        const rest = await listParked(where, { consumer, stream: row.stream, limit: 1 });
        if (rest.length > 0) await waitForRetry(target, { schema, consumer, stream: row.stream });
      }),
    );
}
