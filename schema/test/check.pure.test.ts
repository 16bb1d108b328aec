/** The check as a developer meets it: run on a copy of this folder, in which something was done that must not be done. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const repo = fileURLToPath(new URL('../../', import.meta.url));
let copy: string;
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'shapes-'));
  for (const part of ['src', 'gen', 'shapes', 'golden', 'package.json']) {
    cpSync(join(repo, 'schema', part), join(copy, 'schema', part), { recursive: true });
  }
  mkdirSync(join(copy, 'docs'));
  for (const page of ['asyncapi.json', 'events.md']) cpSync(join(repo, 'docs', page), join(copy, 'docs', page));
  symlinkSync(join(repo, 'node_modules'), join(copy, 'node_modules'));
});
afterEach(() => rmSync(copy, { recursive: true }));

function edit(path: string, from: string | RegExp, to: string): void {
  const file = join(copy, path);
  const before = readFileSync(file, 'utf8');
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${path} has no ${from}`);
  writeFileSync(file, after);
}
function run(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(copy, 'schema/gen/main.ts'), ...args], {
    encoding: 'utf8',
  });
  return { status, said: stdout + stderr };
}

const events = 'schema/src/deploy/events.ts';

describe('npm run check', { timeout: 60_000 }, () => {
  test('passes once all is generated', () => {
    expect(run().status).toBe(0);
    expect(run('--check')).toEqual({ status: 0, said: '' });
  });

  test('stops a shipped shape that was edited in place, and npm run gen does not record it', () => {
    edit(events, "nodeId: id('node'), reason: message }", "nodeId: id('node'), reason: message, since: message }");
    const { status, said } = run('--check');
    expect(status).toBe(1);
    expect(said).toContain('deploy.NodeBecameUnreachable version 1 was edited in place, and it was shipped with 0.1.0');
    expect(said).toContain('properties.since: nothing →');
    const gen = run();
    expect(gen.status).toBe(1);
    expect(gen.said).toContain('was edited in place');
    expect(readFileSync(join(copy, 'schema/shapes/deploy.json'), 'utf8')).toBe(
      readFileSync(join(repo, 'schema/shapes/deploy.json'), 'utf8'),
    );
  });

  test('stops it also where the record was edited along', () => {
    edit(events, "nodeId: id('node'), reason: message }", "nodeId: id('node'), reason: message.optional() }");
    edit('schema/shapes/deploy.json', /("NodeBecameUnreachable"[\s\S]*?)"nodeId",\s*"reason"/, '$1"nodeId"');
    expect(run('--check').said).toContain('The recorded shape of deploy.NodeBecameUnreachable version 1 was edited');
  });

  test('stops a type that is gone', () => {
    edit(events, / {2}InstanceReady: \{[\s\S]*?\n {2}\},\n/, '');
    expect(run('--check').said).toContain('deploy.InstanceReady was removed');
  });

  test('stops a golden file that was edited', () => {
    edit('schema/golden/0.1.0/tenancy.jsonl', 'acme', 'Acme');
    expect(run('--check').said).toContain('schema/golden/0.1.0/tenancy.jsonl was edited');
  });

  test('asks for npm run gen where documents are outdated, and that is all it takes', () => {
    edit(events, 'The instance serves.', 'It serves.');
    expect(run('--check').said).toContain('docs/events.md is outdated. Run: npm run gen');
    expect(run().status).toBe(0);
    expect(run('--check')).toEqual({ status: 0, said: '' });
  });

  test('lets a new version through, recorded as one in development, until a release ships it', () => {
    const versions =
      /(NodeBecameReady: \{[\s\S]*?)version: 1,\n {4}data: z.strictObject\(\{ nodeId: id\('node'\) \}\),/;
    edit(
      events,
      versions,
      "$1version: 2,\n    data: z.strictObject({ nodeId: id('node'), after: message }),\n    upcasters: { 1: (data: unknown) => ({ ...(data as object), after: '' }) },",
    );
    expect(run('--check').said).toContain('deploy.NodeBecameReady version 2 is new');
    expect(run().status).toBe(0);
    expect(run('--check').said).toBe('');
    expect(run('--ship', '0.1.0').said).toContain('sealed already');
    expect(run('--ship', '9.9.9').said).toContain('schema/golden/9.9.9/tenancy.jsonl is missing');
    cpSync(join(copy, 'schema/golden/0.1.0'), join(copy, 'schema/golden/9.9.9'), { recursive: true });
    rmSync(join(copy, 'schema/golden/9.9.9/sealed.json'));
    expect(run('--check').said).toContain('schema/golden/9.9.9 is not sealed');
    expect(run('--ship', '9.9.9')).toMatchObject({ status: 0, said: expect.stringContaining('shipped with 9.9.9') });
    expect(run('--check')).toEqual({ status: 0, said: '' });
    edit(events, 'after: message', 'after: message.optional()');
    expect(run('--check').said).toContain('version 2 was edited in place, and it was shipped with 9.9.9');
  });
});
