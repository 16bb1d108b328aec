/**
 * One batch to PostgreSQL and its outcomes back. There are three doors with the same rules: `write_one` and `write_events`
 * take columns and are cheap; they write what can be written and leave the rest to `write_batch`, which takes everything,
 * and says why where it refuses.
 */
import { type ArrayWriter, createArrayWriter } from '../database/binary-array.ts';
import { type BatchRow, type OutcomeTuple, toBatchRow } from './group-commit.ts';
import { keyName, type PreparedAppend, type PreparedEvent } from './prepare.ts';

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
  /** Before the first. */
  readonly head: number | string;
  readonly at_time: Date;
  /** For each event; null: not written. */
  readonly versions: readonly (number | null)[];
  /** For each event, null: not written. None where all were. */
  readonly positions: readonly (number | string | null)[] | null;
}

const toJson = (batch: readonly PreparedAppend[], again: boolean): string =>
  `[${batch.map((prepared) => prepared.toJson() + (again ? ',"again":true}' : '}')).join(',')}]`;

/** The indexes of the commands that neither have claims nor depend on others of the batch, and those of the others. */
function divide(batch: readonly PreparedAppend[]): { plain: number[]; rest: number[] } {
  const seen = new Set<string>();
  const twice = new Set<string>();
  const see = (name: string) => (seen.has(name) ? twice : seen).add(name);
  for (const prepared of batch) {
    see(prepared.request.stream);
    if (prepared.columns.key !== null) see(keyName(prepared));
  }
  const plain: number[] = [];
  const rest: number[] = [];
  batch.forEach((prepared, index) => {
    const { request, events, columns } = prepared;
    const dependent =
      twice.size > 0 && (twice.has(request.stream) || (columns.key !== null && twice.has(keyName(prepared))));
    (dependent || columns.claims || events.length === 0 ? rest : plain).push(index);
  });
  return { plain, rest };
}

const appended = (command: number, position: number, version: number, time: string): BatchRow =>
  toBatchRow([command, 'appended', position, version, time, null]);

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
    return appended(0, Number(answer.at_position), answer.at_version, answer.at_time.toISOString());
  }

  const idleWriters: ArrayWriter[] = [];
  async function writeEvents(batch: readonly PreparedAppend[], plain: readonly number[], rest: readonly number[]) {
    const commands: PreparedAppend[] = [];
    const events: PreparedEvent[] = [];
    const ks: number[] = [];
    for (const index of plain) {
      const prepared = batch[index];
      prepared?.events.forEach((event, k) => {
        commands.push(prepared);
        events.push(event);
        ks.push(k + 1);
      });
    }
    const keyed = commands.some(({ columns }) => columns.key !== null);
    const writer = idleWriters.pop() ?? createArrayWriter();
    const values = [
      writer.texts(commands.map(({ request }) => request.stream)),
      writer.integers(commands.map(({ columns }) => columns.expected)),
      writer.texts(commands.map(({ request }) => request.origin.tenant)),
      writer.integers(ks),
      writer.integers(commands.map((command) => command.events.length)),
      keyed ? writer.texts(commands.map(({ columns }) => columns.key)) : null,
      keyed ? writer.texts(commands.map(({ columns }) => columns.hash)) : null,
      keyed ? writer.texts(commands.map(({ columns }) => columns.result)) : null,
      writer.texts(events.map(({ id }) => id)),
      writer.texts(events.map(({ type }) => type)),
      writer.integers(events.map(({ schemaVersion }) => schemaVersion)),
      writer.texts(commands.map(({ request }) => request.origin.actor)),
      writer.texts(commands.map(({ request }) => request.origin.cause)),
      writer.texts(commands.map(({ request }) => request.origin.correlation)),
      writer.texts(commands.map(({ request }) => request.origin.traceparent)),
      writer.texts(events.map(({ json }) => json)),
      rest.length === 0
        ? null
        : toJson(
            rest.flatMap((index) => batch[index] ?? []),
            false,
          ),
    ];
    const [answer] = (await call('write_events', values, 5)) as readonly EventsAnswer[];
    // Answered or failed, pg has done with the values; after a failure the memory isn't worth the thought.
    writer.reset();
    idleWriters.push(writer);
    if (answer === undefined) throw new Error('write_events gave no answer.');
    const written: BatchRow[] = renumbered(answer.outcomes, rest);
    const refused: number[] = [];
    const { positions, versions } = answer;
    const head = Number(answer.head);
    const time = answer.at_time.toISOString();
    let row = -1;
    for (const index of plain) {
      row += batch[index]?.events.length ?? 0;
      const position = positions === null ? head + row + 1 : (positions[row] ?? null);
      const version = versions[row] ?? null;
      if (position === null || version === null) refused.push(index);
      else written.push(appended(index, Number(position), version, time));
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
