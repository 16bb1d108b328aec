/**
 * The lock of event shapes. Events are stored for ever, so a shape that was shipped is never edited: a change is a new
 * version, with an upcaster from the one before. What was shipped is recorded in `schema/shapes`, one file per context,
 * and sealed by hash in `schema/golden/<release>/sealed.json`. See docs/decisions/0017-event-shapes-are-locked.md.
 */
import type { EventDefinition, EventRegistry } from '../src/registry.ts';
import { differences, type Json, shapeOf } from './shape.ts';

/** One version of one type, as it was. */
export interface RecordedShape {
  /** The release that it was first shipped with; null while it is in development and may still be edited. */
  readonly since: string | null;
  readonly shape: Json;
}
/** By type, then by version. */
export type RecordedShapes = Readonly<Record<string, Readonly<Record<string, RecordedShape>>>>;

export interface Findings {
  /** What nobody may do; told to people, repaired by no program. */
  readonly problems: readonly string[];
  /** What `npm run gen` would write anew. */
  readonly outdated: readonly string[];
}

const own = <T>(record: Readonly<Record<string, T>>, key: string | number): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

const versionsOf = (recorded: Readonly<Record<string, RecordedShape>>): readonly number[] =>
  Object.keys(recorded)
    .map(Number)
    .sort((a, b) => a - b);

/** Compares what the code says with what is recorded. `name` is the context. */
export function compareShapes(name: string, registry: EventRegistry, recorded: RecordedShapes): Findings {
  const problems: string[] = [];
  const outdated: string[] = [];
  for (const [type, definition] of Object.entries(registry)) {
    const found = compareType(`${name}.${type}`, definition, own(recorded, type) ?? {});
    problems.push(...found.problems);
    outdated.push(...found.outdated);
  }
  for (const [type, versions] of Object.entries(recorded)) {
    if (Object.hasOwn(registry, type)) continue;
    const shipped = Object.entries(versions).find(([, { since }]) => since !== null);
    if (shipped === undefined) outdated.push(`${name}.${type} is recorded, was never shipped and is gone`);
    else {
      problems.push(
        `${name}.${type} was removed, and it was shipped with ${shipped[1].since}: stored events of it would become ` +
          'unreadable. Put its definition back; nobody has to write it any more.',
      );
    }
  }
  return { problems, outdated };
}

function compareType(
  label: string,
  definition: EventDefinition,
  recorded: Readonly<Record<string, RecordedShape>>,
): Findings {
  const { version } = definition;
  const problems: string[] = [];
  const outdated: string[] = [];
  const shape = shapeOf(definition.data);
  const before = own(recorded, version);
  if (before === undefined) outdated.push(`${label} version ${version} is new`);
  else if (JSON.stringify(before.shape) !== JSON.stringify(shape)) {
    if (before.since === null) outdated.push(`${label} version ${version}, not shipped yet, has changed`);
    else problems.push(editedInPlace(label, definition, before, shape));
  }
  const newer = versionsOf(recorded).filter((one) => one > version);
  const newerShipped = newer.filter((one) => own(recorded, one)?.since !== null);
  if (newerShipped.length > 0) {
    problems.push(
      `${label} is at version ${version}, and version ${newerShipped.join(', ')} was shipped: there are events of it. ` +
        'Versions only rise.',
    );
  } else if (newer.length > 0) outdated.push(`${label} version ${newer.join(', ')}, never shipped, is gone`);
  for (let from = 1; from < version; from++) {
    if (own(recorded, from) === undefined) {
      problems.push(
        `${label} version ${from} is missing from the recorded shapes, and the newest is ${version}. Versions rise by ` +
          'one, and none is ever dropped: put its record back, or take the next number.',
      );
    }
    if (definition.upcasters?.[from] === undefined) {
      problems.push(
        `${label} has no upcaster from version ${from}: stored events of that version could not be read. Write ` +
          `upcasters[${from}], which turns data of version ${from} into data of version ${from + 1}.`,
      );
    }
  }
  for (const from of Object.keys(definition.upcasters ?? {}).map(Number)) {
    if (from >= version || from < 1) {
      problems.push(`${label} has an upcaster from version ${from}, and its newest version is ${version}.`);
    }
  }
  return { problems, outdated };
}

function editedInPlace(label: string, { version }: EventDefinition, before: RecordedShape, shape: Json): string {
  const next = version + 1;
  return [
    `${label} version ${version} was edited in place, and it was shipped with ${before.since}: there are events of it, and`,
    `they stay as they are. Undo the edit, or raise its version to ${next}, write upcasters[${version}] (data of version`,
    `${version} → data of version ${next}) and run: npm run gen`,
    ...differences(before.shape, shape).map((line) => `    ${line}`),
  ].join('\n');
}

/** What is to be recorded: everything shipped as it was, and what is in development as it is. */
export function nextShapes(registry: EventRegistry, recorded: RecordedShapes): RecordedShapes {
  const next = Object.entries(registry).map(([type, definition]) => {
    const kept = Object.entries(own(recorded, type) ?? {}).filter(
      ([version, { since }]) => since !== null || Number(version) < definition.version,
    );
    const versions = Object.fromEntries(kept);
    if (!Object.hasOwn(versions, definition.version)) {
      versions[definition.version] = { since: null, shape: shapeOf(definition.data) };
    }
    return [type, versions] as const;
  });
  // What was removed and was shipped stays recorded: the problem stays visible.
  const removed = Object.entries(recorded).filter(
    ([type, versions]) => !Object.hasOwn(registry, type) && Object.values(versions).some(({ since }) => since !== null),
  );
  return Object.fromEntries([...next, ...removed]);
}

/** Everything in development is shipped with `release`. */
export const shipShapes = (recorded: RecordedShapes, release: string): RecordedShapes =>
  Object.fromEntries(
    Object.entries(recorded).map(([type, versions]) => [
      type,
      Object.fromEntries(
        Object.entries(versions).map(([version, one]) => [version, { ...one, since: one.since ?? release }]),
      ),
    ]),
  );
