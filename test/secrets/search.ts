/**
 * Looks for secrets wherever a running platform keeps or says anything: every file of its home (logs, traces, the files of
 * PostgreSQL with its write-ahead log, JetStream's store), every row of every table, every message of the streams, what the
 * processes' command lines and environments show to others, and what `npm start` has printed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { Client } from 'pg';
import type { Platform } from '../platform/platform.ts';
import { streamsWith, tablesWith } from '../platform/traces-of.ts';
import { needlesOf, type Secret } from './secret.ts';

/** Files below `folder` that hold any of the texts, bytes as they are. The texts go by stdin: a command line can be read. */
async function filesHolding(folder: string, texts: readonly string[]): Promise<readonly string[]> {
  const grep = spawn('grep', ['--recursive', '--text', '--fixed-strings', '--files-with-matches', '--file=-', folder], {
    env: { ...process.env, LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let output = '';
  let problem = '';
  grep.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  grep.stderr.on('data', (chunk: Buffer) => {
    problem += chunk.toString();
  });
  grep.stdin.end(`${texts.join('\n')}\n`);
  const [code] = (await once(grep, 'close')) as [number];
  // 1: nothing found. 2 where a file has gone meanwhile, too, which is told for each.
  const lasting = problem.split('\n').filter((line) => line !== '' && !line.endsWith('No such file or directory'));
  if (code > 1 && lasting.length > 0) throw new Error(`grep ended with ${code}: ${lasting.join('; ')}`);
  return output.split('\n').filter((path) => path !== '');
}

/** Who logs in may read these of all processes. */
function commandLines(pids: readonly number[]): string {
  return pids
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    })
    .join('\n');
}

/** `NAME of the secret: where it is`, for each that is where it shouldn't be. Never its value. */
export async function leaks(platform: Platform, secrets: readonly Secret[]): Promise<readonly string[]> {
  const { home, ready, output } = platform;
  const needles = new Map(secrets.map((secret) => [secret, needlesOf(secret)]));
  const all = [...needles.values()].flat();
  const found: string[] = [];
  const tell = (where: string, holds: (needle: string) => boolean, file?: string) => {
    for (const [secret, own] of needles) {
      if (file !== undefined && secret.keptIn?.includes(file)) continue;
      if (own.some(holds)) found.push(`${secret.name}: ${where}`);
    }
  };

  const client = new Client({ connectionString: ready.databaseUrl });
  await client.connect();
  try {
    // One search for all of them; which it was is only asked where there is one.
    if ((await tablesWith(client, all)).length > 0) {
      for (const [secret, own] of needles) {
        for (const table of await tablesWith(client, own)) found.push(`${secret.name}: ${table}`);
      }
    }
    // So that what only stood in memory stands in the files.
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
  if ((await streamsWith(ready, all)).length > 0) {
    for (const [secret, own] of needles) {
      for (const stream of await streamsWith(ready, own)) found.push(`${secret.name}: ${stream}`);
    }
  }
  for (const path of await filesHolding(home, all)) {
    const file = relative(home, path);
    const content = readFileSync(path).toString('latin1');
    tell(`file ${file}`, (needle) => content.includes(needle), file);
  }
  const lines = commandLines(ready.processes.map(({ pid }) => pid));
  tell('a command line', (needle) => lines.includes(needle));
  tell('the output of npm start', (needle) => output.includes(needle));
  return [...new Set(found)].sort();
}
