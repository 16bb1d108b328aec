/**
 * What is recorded and generated from the event definitions: `schema/shapes`, `docs/asyncapi.json`, `docs/events.md`.
 *
 * - without arguments: writes what is new, never what was shipped;
 * - `--check`: writes nothing, exits 1 and says what is wrong;
 * - `--ship 1.2.3`: everything in development is shipped with that release, sealed together with its golden streams.
 */
import { existsSync } from 'node:fs';
import { cloudEvent } from '../src/cloudevent.ts';
import { contexts } from '../src/contexts.ts';
import { renderAsyncApi } from './asyncapi.ts';
import { compareEnvelope, envelopeShape } from './envelope.ts';
import { renderEventsPage } from './events-page.ts';
import { readExamples } from './examples.ts';
import {
  documentFiles,
  pretty,
  put,
  readEnvelope,
  readShapes,
  releases,
  sealFile,
  shapesFile,
  textOf,
} from './files.ts';
import { registries } from './registries.ts';
import { brokenSeals, makeSeal } from './seal.ts';
import { toJsonSchema } from './shape.ts';
import { compareShapes, type Findings, nextShapes, type RecordedShapes, shipShapes } from './shapes.ts';
import { missingTexts, undescribed } from './texts.ts';

const byContext = <T>(make: (context: (typeof contexts)[number]) => T) => ({
  tenancy: make('tenancy'),
  deploy: make('deploy'),
  network: make('network'),
});

/** `shipping`: the release that is about to get its seal. */
function findings(shipping: string | null = null): Findings {
  const all = contexts.map((context) => compareShapes(context, registries[context], readShapes(context)));
  const envelope = compareEnvelope(readEnvelope(), envelopeShape());
  const texts = contexts.flatMap((context) => missingTexts(context, registries[context]));
  const unsealed = releases().filter((release) => !existsSync(sealFile(release)));
  const forgotten = unsealed.filter((release) => release !== shipping);
  return {
    problems: [
      ...[...all, envelope].flatMap(({ problems }) => problems),
      ...forgotten.map((release) => `schema/golden/${release} is not sealed. Run: npm run gen -- --ship ${release}`),
      ...brokenSeals(releases().filter((release) => !unsealed.includes(release))),
      ...texts,
      ...undescribed('envelope', toJsonSchema(cloudEvent)),
    ],
    outdated: [...all, envelope].flatMap(({ outdated }) => outdated),
  };
}

/** What the documents should be, given these shapes. */
function documents(recorded: Readonly<Record<(typeof contexts)[number], RecordedShapes>>) {
  const examples = readExamples();
  const version = releases().at(-1) ?? '0.0.0';
  return [
    [documentFiles.asyncapi, pretty(renderAsyncApi({ version, recorded, examples }))],
    [documentFiles.events, renderEventsPage(examples)],
  ] as const;
}

const nameOf = (file: URL) => file.pathname.split('/').slice(-2).join('/');

function refuse(problems: readonly string[]): void {
  console.error(problems.join('\n'));
  process.exitCode = 1;
}

function check(): void {
  const { problems, outdated } = findings();
  const old = documents(byContext(readShapes)).filter(([file, text]) => textOf(file) !== text);
  const stale = [...outdated, ...old.map(([file]) => `${nameOf(file)} is outdated`)];
  if (problems.length + stale.length > 0) {
    refuse([...problems, ...(stale.length > 0 ? [`${stale.join('; ')}. Run: npm run gen`] : [])]);
  }
}

function generate(): void {
  const recorded = byContext((context) => nextShapes(registries[context], readShapes(context)));
  const { problems } = findings();
  const written = [
    ...contexts.map((context) => [shapesFile(context), pretty(recorded[context])] as const),
    // Where it was changed and not only extended, it stays as it was, and the problem is told.
    ...(compareEnvelope(readEnvelope(), envelopeShape()).problems.length === 0
      ? [[shapesFile('envelope'), pretty(envelopeShape())] as const]
      : []),
    ...documents(recorded),
  ].filter(([file, text]) => put(file, text));
  for (const [file] of written) console.log(nameOf(file));
  if (problems.length > 0) refuse(problems);
}

/** Why it can't be shipped; nothing where it can. */
function obstacles(release: string): readonly string[] {
  if (!/^\d+\.\d+\.\d+$/.test(release)) return [`"${release}" is no release: it looks like 1.2.3.`];
  if (existsSync(sealFile(release))) return [`Release ${release} is sealed already: take the next number.`];
  const { problems, outdated } = findings(release);
  const open = [...problems, ...outdated];
  return open.length > 0 ? ['Nothing is shipped before this is settled:', ...open] : [];
}

function ship(release: string): void {
  const open = obstacles(release);
  if (open.length > 0) {
    refuse(open);
    return;
  }
  const shipped = byContext((context) => shipShapes(readShapes(context), release));
  // First the seal, which fails where golden streams are missing: nothing is written then.
  const sealed = makeSeal(release, (context) => shipped[context]);
  put(sealFile(release), pretty(sealed));
  for (const context of contexts) put(shapesFile(context), pretty(shipped[context]));
  console.log(`${Object.keys(sealed.shapes).length} shapes are shipped with ${release}.`);
  generate();
}

const [verb, release = ''] = process.argv.slice(2);
if (verb === '--check') check();
else if (verb === '--ship') ship(release);
else generate();
