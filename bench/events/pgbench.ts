/** The floor of many appends: PostgreSQL's own pgbench, so many such rows in each statement. */
import { execFile } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { columns, createFloorTable } from './floor-table.ts';
import { actor, correlation, movedData, traceparent } from './workload.ts';

const execute = promisify(execFile);
const debianFolder = '/usr/lib/postgresql';

/** Debian's own `pgbench` on the PATH looks for a cluster of Debian's; the program itself is beside its server. */
function findPgbench(): string {
  let versions: string[] = [];
  try {
    versions = readdirSync(debianFolder).sort((a, b) => Number(b) - Number(a));
  } catch {
    // Not a Debian.
  }
  const candidates = [
    ...versions.map((version) => join(debianFolder, version, 'bin/pgbench')),
    ...(process.env.PATH ?? '').split(':').map((folder) => join(folder, 'pgbench')),
  ];
  for (const candidate of candidates) {
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {
      // The next one.
    }
  }
  throw new Error(
    "pgbench isn't there. On Debian it is in postgresql-15 (bookworm) or postgresql-17 (trixie); without a server of " +
      "Debian's own: apt-get install --no-install-recommends postgresql-common, set create_main_cluster = false in " +
      '/etc/postgresql-common/createcluster.conf, then apt-get install postgresql-15.',
  );
}

const literal = (value: string) => `'${value.replaceAll("'", "''")}'`;
/** In its prepared mode pgbench takes a colon and what follows for a variable, in a literal, too, and known or not. */
const text = (value: string) => literal(value).replaceAll(':', ":' || '");

/** What differs from row to row and statement to statement. */
const FIRST = 100_000_000_000;

/** Each statement carries its rows, as texts: what any client has to send, and the server to read. */
function literalRows(rowsPerStatement: number, streams: number): string {
  const numbers = Array.from({ length: rowsPerStatement }, (_, k) => k);
  return [
    `\\set base ${FIRST} + :done`,
    `\\set done :done + ${rowsPerStatement}`,
    ...numbers.map(
      (k) => `\\set n${k} :base + ${k}\n\\set s${k} ${FIRST} + :n${k} % ${streams}\n\\set v${k} :n${k} / ${streams}`,
    ),
    // In this mode pgbench puts variables into literals, too; the numbers have 12 digits, so that ids are as long as ours.
    `insert into floor_event (${columns}) values ${numbers
      .map(
        (k) =>
          `(:n${k}, 'evt_01000000000000:n${k}', 'Moved', 1, 'platform', 'account-00000000000000:s${k}', ` +
          `(:v${k} - ${FIRST / streams}) % 2000000000, now(), ${literal(actor)}, null, ${literal(correlation)}, ` +
          `${literal(traceparent)}, ${literal(JSON.stringify(movedData(k)))})`,
      )
      .join(', ')};`,
    '',
  ].join('\n');
}

/**
 * Planned once, and only one number sent: no client that has rows to send can be as cheap. Each row is still put together
 * by itself, its JSON read included.
 */
function preparedRows(rowsPerStatement: number, streams: number): string {
  const values = Array.from({ length: rowsPerStatement }, (_, k) => `(${k}, ${text(JSON.stringify(movedData(k)))})`);
  return [
    '\\set base :done',
    `\\set done :done + ${rowsPerStatement}`,
    `insert into floor_event (${columns}) select base + k, 'evt_01' || lpad((base + k)::text, 24, '0'), 'Moved', 1,
      'platform', 'floor:' || lpad(((base + k) % ${streams})::text, 26, '0'), (base + k) / ${streams} + 1, now(),
      ${text(actor)}, null, ${text(correlation)}, ${text(traceparent)}, data::jsonb
      from (select :base::bigint as base) b, (values ${values.join(', ')}) v (k, data);`.replaceAll('\n', ' '),
    '',
  ].join('\n');
}

export interface Pgbench {
  /** Rows a second. Every run begins with an empty table. */
  run(options: { kind: 'literal' | 'prepared'; seconds: number }): Promise<number>;
  close(): Promise<void>;
}

export async function openPgbench(url: string, rowsPerStatement: number, streams: number): Promise<Pgbench> {
  const program = findPgbench();
  const folder = mkdtempSync(join(tmpdir(), `atoll-test-${process.pid}-pgbench-`));
  const scripts = { literal: join(folder, 'literal.sql'), prepared: join(folder, 'prepared.sql') };
  writeFileSync(scripts.literal, literalRows(rowsPerStatement, streams));
  writeFileSync(scripts.prepared, preparedRows(rowsPerStatement, streams));
  const pool = new pg.Pool({ connectionString: url, max: 1 });
  await createFloorTable(pool);
  const { hostname, port, username, password, pathname } = new URL(url);
  return {
    async run({ kind, seconds }) {
      await pool.query('truncate floor_event');
      const mode = kind === 'literal' ? 'simple' : 'prepared';
      const args = ['-n', '-M', mode, '-f', scripts[kind], '-c', '1', '-j', '1', '-T', String(seconds)];
      // An error of pgbench's would repeat the whole statement.
      const { stdout } = await execute(program, [...args, '-D', 'done=0', pathname.slice(1)], {
        env: {
          ...process.env,
          PGHOST: hostname,
          PGPORT: port,
          PGUSER: decodeURIComponent(username),
          PGPASSWORD: decodeURIComponent(password),
        },
        timeout: (seconds + 30) * 1000,
      }).catch((error: Error) => {
        throw new Error(error.message.slice(0, 1000));
      });
      const statements = Number(/tps = ([0-9.]+)/.exec(stdout)?.[1] ?? Number.NaN);
      if (!(statements > 0) || !/number of failed transactions: 0 /.test(stdout)) {
        throw new Error(`pgbench gave no number:\n${stdout}`);
      }
      return statements * rowsPerStatement;
    },
    async close() {
      await pool.end();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
