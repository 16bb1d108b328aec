/**
 * One batch to PostgreSQL and its outcomes back. There are three doors with the same rules: `write_one` and `write_events`
 * take columns and are cheap; they write what can be written and leave the rest to `write_batch`, which takes everything,
 * and says why where it refuses.
 */
import { integerArray, textArray } from '../database/binary-array.ts';
import { type BatchRow, type OutcomeTuple, toBatchRow } from './group-commit.ts';
import type { PreparedAppend } from './prepare.ts';

/** Fewer commands than this are cheaper one after the other. */
const FEW = 4;

/** The rows of a call's answer. */
type Call = (
  procedure: 'write_one' | 'write_events' | 'write_batch',
  values: readonly unknown[],
  outcomes: number,
) => Promise<readonly unknown[]>;

interface JsonAnswer {
  readonly outcomes: readonly OutcomeTuple[] | null;
}
interface OneAnswer {
  readonly at_position: number | string;
  /** Null: not written. */
  readonly at_version: number | null;
  readonly at_time: Date;
}
interface EventsAnswer extends JsonAnswer {
  /** For each event; null: not written. */
  readonly positions: readonly (number | string | null)[];
  readonly versions: readonly number[];
  readonly at_time: Date;
}

const toJson = (batch: readonly PreparedAppend[], again: boolean): string =>
  `[${batch.map(({ json }) => json + (again ? ',"again":true}' : '}')).join(',')}]`;

/** The indexes of the commands that neither have claims nor depend on others of the batch, and those of the others. */
function divide(batch: readonly PreparedAppend[]): { plain: number[]; rest: number[] } {
  const seen = new Map<string, number>();
  const count = (name: string) => seen.set(name, (seen.get(name) ?? 0) + 1);
  const keyName = ({ request, columns: { key } }: PreparedAppend) => `key ${request.origin.tenant} ${key}`;
  for (const prepared of batch) {
    count(prepared.request.stream);
    if (prepared.columns.key !== null) count(keyName(prepared));
  }
  const plain: number[] = [];
  const rest: number[] = [];
  batch.forEach((prepared, index) => {
    const { request, events, columns } = prepared;
    const alone = seen.get(request.stream) === 1 && (columns.key === null || seen.get(keyName(prepared)) === 1);
    (alone && !columns.claims && events.length > 0 ? plain : rest).push(index);
  });
  return { plain, rest };
}

const appended = (command: number, position: number, version: number, time: Date): BatchRow =>
  toBatchRow([command, 'appended', position, version, time.toISOString(), null]);

/** `again`: the batch was sent before, and what became of it isn't known. One row for each command, in any order. */
export function createBatchWriter(
  call: Call,
): (batch: readonly PreparedAppend[], again: boolean) => Promise<readonly BatchRow[]> {
  /** Those of `batch` that `indexes` name. */
  async function writeJson(batch: readonly PreparedAppend[], indexes: readonly number[], again: boolean) {
    const chosen = indexes.flatMap((index) => batch[index] ?? []);
    const [answer] = (await call('write_batch', [toJson(chosen, again)], 1)) as readonly JsonAnswer[];
    return renumbered(answer?.outcomes, indexes);
  }

  async function writeOne(prepared: PreparedAppend): Promise<BatchRow | null> {
    const { request, events, columns } = prepared;
    const [event] = events;
    if (event === undefined) return null;
    const { tenant, actor, cause, correlation, traceparent } = request.origin;
    const values = [
      ...[request.stream, columns.expected, tenant, columns.key, columns.hash, columns.result],
      ...[event.id, event.type, event.schemaVersion, actor, cause, correlation, traceparent, event.json],
    ];
    const [answer] = (await call('write_one', values, 3)) as readonly OneAnswer[];
    if (answer === undefined || answer.at_version === null) return null;
    return appended(0, Number(answer.at_position), answer.at_version, answer.at_time);
  }

  async function writeEvents(batch: readonly PreparedAppend[], plain: readonly number[], rest: readonly number[]) {
    const rows = plain.flatMap((index) => {
      const prepared = batch[index];
      return prepared?.events.map((event, k) => ({ ...prepared, event, k: k + 1 })) ?? [];
    });
    const texts = (of: (row: (typeof rows)[number]) => string | null) => textArray(rows.map(of));
    const integers = (of: (row: (typeof rows)[number]) => number) => integerArray(rows.map(of));
    const keyed = rows.some(({ columns }) => columns.key !== null);
    const values = [
      texts(({ request }) => request.stream),
      integers(({ columns }) => columns.expected),
      texts(({ request }) => request.origin.tenant),
      integers(({ k }) => k),
      integers(({ events }) => events.length),
      keyed ? texts(({ columns }) => columns.key) : null,
      keyed ? texts(({ columns }) => columns.hash) : null,
      keyed ? texts(({ columns }) => columns.result) : null,
      texts(({ event }) => event.id),
      texts(({ event }) => event.type),
      integers(({ event }) => event.schemaVersion),
      texts(({ request }) => request.origin.actor),
      texts(({ request }) => request.origin.cause),
      texts(({ request }) => request.origin.correlation),
      texts(({ request }) => request.origin.traceparent),
      texts(({ event }) => event.json),
      rest.length === 0
        ? null
        : toJson(
            rest.flatMap((index) => batch[index] ?? []),
            false,
          ),
    ];
    const [answer] = (await call('write_events', values, 4)) as readonly EventsAnswer[];
    if (answer === undefined) throw new Error('write_events gave no answer.');
    const written: BatchRow[] = renumbered(answer.outcomes, rest);
    const refused: number[] = [];
    let row = -1;
    for (const index of plain) {
      row += batch[index]?.events.length ?? 0;
      const position = answer.positions[row] ?? null;
      const version = answer.versions[row];
      if (position === null || version === undefined) refused.push(index);
      else written.push(appended(index, Number(position), version, answer.at_time));
    }
    return { written, refused };
  }

  return async (batch, again) => {
    const everything = batch.map((_, index) => index);
    if (again) return await writeJson(batch, everything, true);
    const { plain, rest } = divide(batch);
    const [first] = batch;
    if (batch.length === 1 && plain.length === 1 && first?.events.length === 1) {
      const row = await writeOne(first);
      return row ? [row] : await writeJson(batch, everything, false);
    }
    if (plain.length < FEW) return await writeJson(batch, everything, false);
    const { written, refused } = await writeEvents(batch, plain, rest);
    // Nobody else of the batch is concerned by them: their streams and keys are their own.
    return refused.length === 0 ? written : [...written, ...(await writeJson(batch, refused, false))];
  };
}

/** Outcomes of a part of the batch, by the numbers that its commands have in the whole. */
const renumbered = (outcomes: readonly OutcomeTuple[] | null | undefined, indexes: readonly number[]): BatchRow[] =>
  (outcomes ?? []).map((outcome) => ({ ...toBatchRow(outcome), command: indexes[outcome[0]] ?? -1 }));
