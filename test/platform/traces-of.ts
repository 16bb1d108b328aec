/** Looks for texts wherever a running platform keeps anything, in whatever form they could be written there. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Context, contexts } from '@atoll/schema/contexts';
import { eventStream } from '@atoll/schema/subjects';
import { JetStreamApiCodes, JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { Client, escapeIdentifier } from 'pg';
import type { Ready } from './ready.ts';
import { waitFor } from './waiting.ts';

/** As it is, as JSON and JSON in JSON write it, and in base64 at each of the three places of its first byte, and in hex. */
export function formsOf(text: string): readonly string[] {
  const json = JSON.stringify(text).slice(1, -1);
  const twice = JSON.stringify(json).slice(1, -1);
  const bytes = Buffer.from(text);
  // The outer characters depend on the neighbours.
  const base64 = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .replaceAll('=', '')
      .slice(before === 0 ? 0 : 4, -3),
  );
  const url = base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'));
  return [...new Set([text, json, twice, encodeURIComponent(text), ...base64, ...url, bytes.toString('hex')])];
}

const holds = (content: string, needles: readonly string[]) => needles.some((needle) => content.includes(needle));

/** Every column of every row of every table, as text. */
export async function tablesWith(client: Client, needles: readonly string[]): Promise<string[]> {
  const { rows } = await client.query<{ schema: string; name: string }>(
    `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where c.relkind in ('r', 'm', 'p') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
      order by 1, 2`,
  );
  const found: string[] = [];
  for (const { schema, name } of rows) {
    const table = `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
    const all = await client.query<{ row: string }>({ text: `select t::text as row from ${table} t` });
    if (holds(all.rows.map(({ row }) => row).join('\n'), needles)) found.push(`table ${schema}.${name}`);
  }
  return found;
}

async function streamHas(nc: NatsConnection, context: Context, needles: readonly string[]): Promise<boolean> {
  const name = eventStream(context);
  const stream = await jetstream(nc).streams.get(name);
  const { state } = await (await jetstreamManager(nc)).streams.info(name);
  for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
    const message = await stream.getMessage({ seq });
    if (message && holds(message.string(), needles)) return true;
  }
  return false;
}

export async function streamsWith(ready: Ready, needles: readonly string[]): Promise<string[]> {
  const url = new URL(ready.natsUrl);
  const nc = await connect({ servers: url.host, user: url.username, pass: url.password });
  try {
    const found: string[] = [];
    for (const context of contexts) {
      // While a relay makes its stream anew there is none for a moment: it is looked through when it is there again.
      const has = await waitFor(`the stream of ${context} is there`, 60_000, () =>
        streamHas(nc, context, needles).catch((error) => {
          if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
          throw error;
        }),
      );
      if (has) found.push(`stream of ${context}`);
    }
    return found;
  } finally {
    await nc.close();
  }
}

/** Files below `folder`, but for those under `without`. Bytes are read as they are. */
export function filesWith(folder: string, needles: readonly string[], without: readonly string[] = []): string[] {
  // As UTF-8 in one-byte characters: files are no text.
  const bytes = needles.map((needle) => Buffer.from(needle).toString('latin1'));
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !without.some((skipped) => path.startsWith(`${join(folder, skipped)}/`)))
    .filter((path) => holds(readFileSync(path).toString('latin1'), bytes))
    .map((path) => `file ${relative(folder, path)}`);
}

/** Where any of the texts is: tables, streams, and files of the home but for PostgreSQL's own. */
export async function tracesOf(ready: Ready, home: string, texts: readonly string[]): Promise<readonly string[]> {
  const needles = texts.flatMap(formsOf);
  const client = new Client({ connectionString: ready.databaseUrl });
  await client.connect();
  try {
    const tables = await tablesWith(client, needles);
    return [...tables, ...(await streamsWith(ready, needles)), ...filesWith(home, needles, ['postgres'])];
  } finally {
    await client.end();
  }
}

/** Of PostgreSQL's own files, after a checkpoint: tables, and what else but the write-ahead log. */
export async function databaseFilesWith(
  ready: Ready,
  home: string,
  texts: readonly string[],
): Promise<readonly string[]> {
  const client = new Client({ connectionString: ready.databaseUrl });
  await client.connect();
  try {
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
  return filesWith(join(home, 'postgres', 'data'), texts.flatMap(formsOf), ['pg_wal']);
}
