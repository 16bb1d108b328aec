/**
 * Writes `sdk/src/generated` from `schema/`. The same schema gives the same bytes. With `--check`, writes nothing and
 * exits 1, naming the files, where what is there differs.
 */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { deployEvents } from '@atoll/schema/deploy/events';
import { errorCodes } from '@atoll/schema/errors';
import { networkEvents } from '@atoll/schema/network/events';
import { tenancyEvents } from '@atoll/schema/tenancy/events';
import { buildASTSchema, parse } from 'graphql';
import { renderErrors } from './gen/errors.ts';
import { renderEvents } from './gen/events.ts';
import { renderDocuments, renderMethods, renderResources } from './gen/methods.ts';
import { collectOperations } from './gen/operations.ts';
import { generateTypes } from './gen/types.ts';

const sdlFolder = new URL('../schema/graphql/', import.meta.url);
const target = new URL('./src/generated/', import.meta.url);
const header = '// Generated from schema/ by `npm run gen`. Changes made here are lost.\n';

async function readSdl() {
  const names = (await readdir(sdlFolder)).filter((name) => name.endsWith('.graphql')).sort();
  const texts = await Promise.all(names.map((name) => readFile(new URL(name, sdlFolder), 'utf8')));
  return parse(texts.join('\n'));
}

async function render(): Promise<ReadonlyMap<string, string>> {
  const sdl = await readSdl();
  const operations = collectOperations(buildASTSchema(sdl));
  const text = [...operations.fragments.values(), ...operations.operations.map((o) => o.text)].join('\n\n');
  const events = renderEvents({ tenancy: tenancyEvents, deploy: deployEvents, network: networkEvents });
  return new Map([
    ['operations.graphql', `${header.replace('//', '#')}\n${text}\n`],
    ['operations.ts', `${header}\n${await generateTypes(sdl, text)}`],
    ['documents.ts', `${header}${renderDocuments(operations)}`],
    ['resources.ts', `${header}${renderResources(operations)}`],
    ['methods.ts', `${header}${renderMethods(operations)}`],
    ['errors.ts', `${header}${renderErrors(errorCodes)}`],
    ['events.ts', `${header}${events}`],
  ]);
}

async function readCommitted(): Promise<ReadonlyMap<string, string>> {
  await mkdir(target, { recursive: true });
  const names = (await readdir(target)).sort();
  return new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(new URL(name, target), 'utf8')] as const)),
  );
}

const wanted = await render();
const present = await readCommitted();
const outdated = [...new Set([...wanted.keys(), ...present.keys()])]
  .filter((name) => wanted.get(name) !== present.get(name))
  .sort();

if (process.argv.includes('--check')) {
  if (outdated.length > 0) {
    console.error(`sdk/src/generated is outdated: ${outdated.join(', ')}. Run: npm run gen`);
    process.exitCode = 1;
  }
} else {
  for (const name of outdated) {
    const text = wanted.get(name);
    if (text === undefined) await rm(new URL(name, target));
    else await writeFile(new URL(name, target), text);
    console.log(`sdk/src/generated/${name}`);
  }
}
