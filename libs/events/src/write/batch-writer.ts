/**
 * One batch to PostgreSQL and its outcomes back. There are three doors with the same rules: `write_one` and `write_events`
 * take columns and are cheap; they write what can be written and leave the rest to `write_batch`, which takes everything,
 * and says why where it refuses.
 */
import pg from 'pg';
import { type ArrayWriter, createArrayWriter } from '../database/binary-array.ts';
import type { Fields, Value } from '../database/prepared-call.ts';
import { type BatchRow, type OutcomeTuple, toBatchRow } from './group-commit.ts';
import { keyName, type PreparedAppend, type PreparedEvent } from './prepare.ts';

/** Fewer commands than this are cheaper one after the other. */
const FEW = 4;

/** How many values each procedure is given, and gives back. */
export const procedures = {
  write_batch: { takes: 1, gives: 1 },
  write_one: { takes: 14, gives: 3 },
  write_events: { takes: 17, gives: 5 },
} as const;
export type Procedure = keyof typeof procedures;

/** The one row that a procedure answers with, as texts. */
type Call = (procedure: Procedure, values: readonly Value[]) => Promise<Fields>;

const { types } = pg;
const parseTime: (text: string) => Date = types.getTypeParser(types.builtins.TIMESTAMPTZ, 'text');
/** RFC 3339, in UTC and with milliseconds. */
const toTime = (text: string | null | undefined): string => parseTime(text ?? '').toISOString();
const toOutcomes = (json: string | null | undefined): readonly OutcomeTuple[] => (json ? JSON.parse(json) : []);
const toNumbers = (array: string): (number | null)[] =>
  array
    .slice(1, -1)
    .split(',')
    .map((item) => (item === 'NULL' ? null : Number(item)));

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
    const [outcomes] = await call('write_batch', [toJson(chosen, again)]);
    return renumbered(toOutcomes(outcomes), indexes);
  }

  async function writeOne(prepared: PreparedAppend): Promise<BatchRow | null> {
    const { request, events, columns } = prepared;
    const [event] = events;
    if (event === undefined) return null;
    const { tenant, actor, cause, correlation, traceparent } = request.origin;
    const values = [
      ...[request.stream, String(columns.expected), tenant, columns.key, columns.hash, columns.result],
      ...[event.id, event.type, String(event.schemaVersion), actor, cause, correlation, traceparent, event.json],
    ];
    const [position, version, time] = await call('write_one', values);
    if (version === null || version === undefined) return null;
    return appended(0, Number(position), Number(version), toTime(time));
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
      writer.jsons(events.map(({ json }) => json)),
      rest.length === 0
        ? null
        : toJson(
            rest.flatMap((index) => batch[index] ?? []),
            false,
          ),
    ];
    const [head, at, versionArray, positionArray, outcomes] = await call('write_events', values);
    // Answered or failed, pg has done with the values; after a failure the memory isn't worth the thought.
    writer.reset();
    idleWriters.push(writer);
    const written: BatchRow[] = renumbered(toOutcomes(outcomes), rest);
    const refused: number[] = [];
    const time = toTime(at);
    const versions = toNumbers(versionArray ?? '');
    const positions = positionArray ? toNumbers(positionArray) : null;
    const first = Number(head) + 1;
    let row = -1;
    for (const index of plain) {
      row += batch[index]?.events.length ?? 0;
      const position = positions === null ? first + row : (positions[row] ?? null);
      const version = versions[row] ?? null;
      if (position === null || version === null) refused.push(index);
      else written.push(appended(index, position, version, time));
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
const renumbered = (outcomes: readonly OutcomeTuple[], indexes: readonly number[]): BatchRow[] =>
  outcomes.map((outcome) => ({ ...toBatchRow(outcome), command: indexes[outcome[0]] ?? -1 }));
