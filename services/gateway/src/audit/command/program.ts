/** `npm run audit -- …`: verifies logs, in files or in the database, and trims them. */
import { readFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createVerifier, type Verdict } from '@atoll/schema/audit/verify';
import { createLogger } from '@atoll/service/log';
import { createPool } from '@atoll/service/postgres';
import type { Pool } from 'pg';
import { z } from 'zod';
import { type AskLog, readChainHead, recordLines, startLine } from '../chained.ts';
import { cursorBefore, trimLog } from '../trim.ts';

const usage = `Usage: npm run audit -- <command>

  verify <export.jsonl>...    Exported logs, those that follow each other in order. Needs nothing but the keys.
  check [--tenant <id>]       The logs in the database: of one tenant (or platform), else all.
  trim --tenant <id> (--days <n> | --keep <n>)
                              Removes what is older than so many days, or all but the newest so many records.

Options:
  --keys <file>               Public keys of the signed heads: a JWKS, as /.well-known/atoll-log-keys.json tells it.
                              Default: the key of the home.
  --heads <file>              Signed heads that were kept elsewhere, as JSON lines. Default: those of the home.
  --home <dir>                Home of the platform (default .atoll).
  --database-url <url>        A database instead of that of a home; also in ATOLL_DATABASE_URL.

Exit code: 0 where all is as it was, 1 where a record isn't, 64 for a wrong use, 69 where something can't be reached.
`;

class Failure extends Error {
  readonly exitCode: number;
  constructor(message: string, exitCode = 64) {
    super(message);
    this.exitCode = exitCode;
  }
}

const jwks = z.object({ keys: z.array(z.looseObject({ kty: z.string(), kid: z.string() })) });
const jwk = z.looseObject({ kty: z.string(), kid: z.string(), x: z.string() });
const ready = z.object({ databaseUrl: z.string() });

interface Options {
  readonly home: string;
  readonly keys?: string;
  readonly heads?: string;
  readonly 'database-url'?: string;
  readonly tenant?: string;
  readonly days?: string;
  readonly keep?: string;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Failure(`${file} can't be read as JSON: ${error instanceof Error ? error.message : error}`, 69);
  }
}

function keysOf({ keys, home }: Options) {
  const given = readJson(keys ?? join(resolve(home), 'log.jwk.json'));
  const set = jwks.safeParse(given);
  if (set.success) return set.data.keys;
  const one = jwk.safeParse(given);
  // Of a home it is the private key: only its public half goes on from here.
  if (one.success) return [{ kty: one.data.kty, crv: 'Ed25519', x: one.data.x, kid: one.data.kid }];
  throw new Failure(`${keys ?? 'The key of the home'} is neither a JWKS nor a JWK.`);
}

const headLine = z.object({ kind: z.literal('head'), signed: z.string() });

function headsOf({ heads, home }: Options): readonly string[] {
  const file = heads ?? join(resolve(home), 'log-heads.jsonl');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    if (heads === undefined) return [];
    throw new Failure(`${heads} can't be read.`, 69);
  }
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.flatMap((line, index) => {
    const parsed = headLine.safeParse(safeJson(line));
    if (parsed.success) return [parsed.data.signed];
    // The last line may have been cut by a crash.
    if (index === lines.length - 1) return [];
    throw new Failure(`${file}, line ${index + 1}: it is no signed head.`);
  });
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

const say = (text: string) => process.stdout.write(`${text}\n`);

function tell(what: string, verdict: Verdict): boolean {
  if (verdict.ok) {
    const { records, first, last, hash, head } = verdict.log;
    const signed = head ? `signed at ${head.cursor}` : 'no signed head covers its end';
    say(`${what}: ${records} records, ${first} to ${last}, are as they were (${hash.slice(0, 16)}…; ${signed}).`);
    return true;
  }
  const { kind, cursor, id, text } = verdict.fault;
  say(`${what}: NOT as it was. First at record ${cursor}${id ? ` (${id})` : ''}, ${kind}: ${text}`);
  return false;
}

async function verifyFiles(files: readonly string[], options: Options): Promise<number> {
  if (files.length === 0) throw new Failure('Which exported log? npm run audit -- verify <export.jsonl>');
  const heads = options.heads === undefined ? [] : headsOf(options);
  const verifier = createVerifier({ keys: keysOf(options), heads });
  for (const file of files) {
    const handle = await open(file).catch((error: unknown) => {
      throw new Failure(`${file} can't be read: ${error instanceof Error ? error.message : error}`, 69);
    });
    for await (const line of handle.readLines()) if (line !== '') verifier.take(safeJson(line));
  }
  return tell(files.join(', '), verifier.end()) ? 0 : 1;
}

async function withDatabase<T>(options: Options, work: (pool: Pool) => Promise<T>): Promise<T> {
  const given = options['database-url'] ?? process.env.ATOLL_DATABASE_URL;
  const url = given ?? ready.parse(readJson(join(resolve(options.home), 'ready.json'))).databaseUrl;
  const log = createLogger('audit-command');
  log.level = 'silent';
  const pool = createPool({ url, name: 'audit-command', max: 2, log });
  try {
    return await work(pool);
  } finally {
    await pool.end();
  }
}

const askOf =
  (pool: Pool): AskLog =>
  async (_scope, { text }, values) => {
    const { rows } = await pool.query<string[]>({ text, values: [...values], rowMode: 'array' });
    return rows.flatMap(([first]) => (first === undefined ? [] : [first]));
  };

async function check(options: Options): Promise<number> {
  const keys = keysOf(options);
  const heads = headsOf(options);
  return await withDatabase(options, async (pool) => {
    const ask = askOf(pool);
    const { rows } = await pool.query<{ tenant_id: string }>(
      'select tenant_id from read.tenant_log_head where $1::text is null or tenant_id = $1 order by 1',
      [options.tenant ?? null],
    );
    if (rows.length === 0 && options.tenant) throw new Failure(`There is no log of ${options.tenant}.`);
    let good = true;
    for (const { tenant_id } of rows) {
      const head = await readChainHead(ask, tenant_id);
      const verifier = createVerifier({ keys, heads });
      verifier.take(await startLine(ask, tenant_id, head, head.trimmed));
      // All there are, also beyond where the head says that it ends.
      for await (const text of recordLines(ask, tenant_id, head.trimmed, Number.MAX_SAFE_INTEGER)) {
        verifier.take(JSON.parse(text));
      }
      const verdict = verifier.end();
      const atHead = !verdict.ok || (verdict.log.last === head.cursor && verdict.log.hash === head.hash);
      if (!tell(tenant_id, verdict)) good = false;
      else if (!atHead) {
        const { last } = verdict.ok ? verdict.log : { last: 0 };
        say(`${tenant_id}: NOT as it was. Its head is at ${head.cursor}, and the last record is ${last}.`);
        good = false;
      }
    }
    return good ? 0 : 1;
  });
}

const whole = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : null;

async function trim(options: Options): Promise<number> {
  const { tenant } = options;
  const days = whole(options.days);
  const keep = whole(options.keep);
  if (!tenant) throw new Failure('Say whose log: --tenant <id>, or --tenant platform.');
  if ((days === null) === (keep === null))
    throw new Failure('Say what goes: --days <n> or --keep <n>, a whole number.');
  return await withDatabase(options, async (pool) => {
    const head = await readChainHead(askOf(pool), tenant);
    const to =
      keep === null
        ? await cursorBefore(pool, tenant, new Date(Date.now() - (days ?? 0) * 86_400_000))
        : head.cursor - keep;
    if (to <= head.trimmed) {
      say(`Nothing to trim: the log of ${tenant} goes from ${head.trimmed + 1} to ${head.cursor}.`);
      return 0;
    }
    const done = await trimLog(pool, tenant, to, 'service:operator');
    if (!done.ok) throw new Failure(done.why);
    say(`Records ${done.from} to ${done.to} of ${tenant} are gone; a record of the log says so.`);
    return 0;
  });
}

/** The exit code. What a person must know is on stdout, what is wrong with the use on stderr. */
export async function runAudit(args: readonly string[]): Promise<number> {
  try {
    const text = { type: 'string' } as const;
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        ...{ keys: text, heads: text, 'database-url': text, tenant: text, days: text, keep: text },
        home: { type: 'string', default: '.atoll' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    const [command, ...rest] = positionals;
    if (values.help) {
      say(usage);
      return 0;
    }
    switch (command) {
      case 'verify':
        return await verifyFiles(rest, values);
      case 'check':
        return await check(values);
      case 'trim':
        return await trim(values);
      default:
        throw new Failure(usage);
    }
  } catch (error) {
    const isUse = error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return error instanceof Failure ? error.exitCode : isUse ? 64 : 69;
  }
}
