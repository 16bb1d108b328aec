/** What partners install is packed, put beside its dependencies as npm would, and used by programs that are not ours. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer } from './server.ts';

const repo = fileURLToPath(new URL('../../', import.meta.url));
const run = promisify(execFile);
const timeout = 60_000;

let folder: string;
let installed: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'atoll-sdk-'));
  execFileSync(process.execPath, [join(repo, 'sdk/pack.ts'), folder], { stdio: 'pipe', timeout });
  const archive = readdirSync(folder).find((name) => name.endsWith('.tgz'));
  if (archive === undefined) throw new Error('Nothing was packed.');
  const modules = join(folder, 'partner/node_modules');
  mkdirSync(join(modules, '@atoll'), { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, archive), '-C', join(modules, '@atoll')], { timeout });
  installed = join(modules, '@atoll/sdk');
  execFileSync('mv', [join(modules, '@atoll/package'), installed], { timeout });
  for (const name of ['graphql', 'graphql-ws', 'ws', '@graphql-typed-document-node']) {
    symlinkSync(join(repo, 'node_modules', name), join(modules, name));
  }
  writeFileSync(join(folder, 'partner/package.json'), '{"type":"module"}');
}, timeout);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const partner = (name: string, text: string): string => {
  const path = join(folder, 'partner', name);
  writeFileSync(path, text);
  return path;
};

test('it holds JavaScript and declarations, its licence and its own manifest, and nothing of the workspace', () => {
  const files = readdirSync(installed, { recursive: true, encoding: 'utf8' });
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'client.js', 'client.d.ts', 'errors.md']));
  expect(files.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([]);
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  expect(manifest.private).toBeUndefined();
  expect(Object.keys(manifest.dependencies).sort()).toEqual([
    '@graphql-typed-document-node/core',
    'graphql',
    'graphql-ws',
  ]);
});

test('every module of it can be imported', async () => {
  const modules = readdirSync(installed, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.js'))
    .map((name) => `@atoll/sdk/${name.slice(0, -'.js'.length)}`);
  expect(modules).toContain('@atoll/sdk/client');
  const text = modules.map((name) => `await import(${JSON.stringify(name)});`).join('\n');
  await run(process.execPath, [partner('imports.js', `${text}\nconsole.log('imported');`)], { timeout });
});

test('a program in plain JavaScript changes, and follows events', async () => {
  const server = await startServer();
  try {
    const environment = { id: 'env_1', name: 'test', kind: 'TEST', createdAt: '2026-11-23T08:30:00.000Z' };
    server.answer(() => ({
      json: { data: { createEnvironment: { environment, userErrors: [], position: 'tenancy:7' } } },
    }));
    server.log.append(2);
    const program = partner(
      'program.js',
      `import WebSocket from 'ws';
       import { createAtoll } from '@atoll/sdk/client';
       const atoll = createAtoll({ url: process.argv[2], token: 'secret', webSocket: WebSocket });
       const { environment } = await atoll.mutate.createEnvironment({ name: 'test', kind: 'TEST' });
       console.log(environment.id);
       for await (const event of atoll.events({ after: '0', signal: AbortSignal.timeout(20_000) })) {
         console.log(event.cursor);
         if (event.cursor === '2') break;
       }`,
    );
    const { stdout } = await run(process.execPath, [program, server.url], { timeout });
    expect(stdout.trim().split('\n')).toEqual(['env_1', '1', '2']);
  } finally {
    await server.close();
  }
});

const typed = `
  import { createAtoll } from '@atoll/sdk/client';
  import { AtollError } from '@atoll/sdk/errors';
  import { isEvent } from '@atoll/sdk/events';
  const atoll = createAtoll({ url: 'http://127.0.0.1:1/graphql', token: 'secret' });
  export async function use(): Promise<string> {
    const { environment } = await atoll.mutate.createEnvironment({ name: 'test', kind: 'TEST' });
    for await (const event of atoll.events()) {
      if (isEvent(event, 'tenancy.EnvironmentCreated')) return event.data.name;
    }
    return environment.id;
  }
  export const codeOf = (error: unknown): string => (error instanceof AtollError ? error.code : 'other');
`;
const mistyped = `
  import { createAtoll } from '@atoll/sdk/client';
  const atoll = createAtoll({ url: 'http://127.0.0.1:1/graphql', token: 'secret' });
  await atoll.mutate.createEnvironment({ name: 'test', kind: 'NONSENSE' });
`;

async function compile(name: string, text: string, resolution: readonly string[]): Promise<string> {
  const compiler = join(repo, 'node_modules/typescript/bin/tsc');
  const flags = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--target', 'es2022', '--types', ''];
  const lib = ['--lib', 'es2023,dom,dom.asynciterable', '--ignoreConfig'];
  const command = [compiler, ...flags, ...lib, ...resolution, partner(name, text)];
  return run(process.execPath, command, { timeout, cwd: join(folder, 'partner') }).then(
    () => '',
    (error: { stdout?: string }) => String(error.stdout),
  );
}

test.each([
  ['as Node resolves', ['--module', 'nodenext']],
  ['as bundlers resolve', ['--module', 'esnext', '--moduleResolution', 'bundler']],
])('the declarations are whole, %s', async (_how, resolution) => {
  expect(await compile('typed.ts', typed, resolution)).toBe('');
  expect(await compile('mistyped.ts', mistyped, resolution)).toContain('NONSENSE');
});
