import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { emptyHome, openHome } from '../local/home.ts';
import { recordChildren, stopLeftovers } from '../local/leftovers.ts';
import { takeLock } from '../local/lock.ts';
import { LogFile, tail } from '../local/logs.ts';
import { parseOptions } from '../local/options.ts';
import { openPorts } from '../local/ports.ts';
import { openSecrets } from '../local/secrets.ts';
import { startedAt } from '../process/identity.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'home-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a home', () => {
  test('is never made of a folder that holds other things', () => {
    writeFileSync(join(folder, 'thesis.txt'), 'mine');
    expect(() => openHome(folder)).toThrow(/is no home of Atoll/);
    expect(readdirSync(folder)).toEqual(['thesis.txt']);
  });

  test('is emptied but for its mark and its lock', () => {
    const home = openHome(folder);
    writeFileSync(home.lock, '{}');
    writeFileSync(home.secrets, '{}');
    writeFileSync(join(home.postgres), 'data');
    emptyHome(home);
    const kept = ['ATOLL_HOME', 'docker', 'lock.json', 'logs', 'nats', 'registry', 'traces'];
    expect(readdirSync(home.path).sort()).toEqual(kept);
    rmSync(home.runDir, { recursive: true, force: true });
  });

  test('keeps secrets from others, and the same over starts', () => {
    const file = join(folder, 'secrets.json');
    const first = openSecrets(file).password('a');
    expect(first).toHaveLength(32);
    expect(openSecrets(file).password('a')).toBe(first);
    expect(openSecrets(file).password('b')).not.toBe(first);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });
});

describe('the lock of a home', () => {
  test('goes to one, and to the next after its release', () => {
    const path = join(folder, 'lock.json');
    const first = takeLock(path);
    expect(first.taken).toBe(true);
    expect(takeLock(path)).toEqual({ taken: false, holder: { pid: process.pid, started: startedAt(process.pid) } });
    if (first.taken) first.release();
    expect(takeLock(path).taken).toBe(true);
  });

  test('of a killed process is taken over', async () => {
    const path = join(folder, 'lock.json');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const pid = child.pid ?? 0;
    writeFileSync(path, JSON.stringify({ pid, started: startedAt(pid) }));
    expect(takeLock(path).taken).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(takeLock(path).taken).toBe(true);
    expect(readdirSync(folder)).toEqual(['lock.json']);
  });

  test('that names a number which another process has by now is taken over', () => {
    const path = join(folder, 'lock.json');
    writeFileSync(path, JSON.stringify({ pid: process.pid, started: 'long ago' }));
    expect(takeLock(path).taken).toBe(true);
  });

  test('that is no lock at all is taken over', () => {
    const path = join(folder, 'lock.json');
    writeFileSync(path, '{"pid":');
    expect(takeLock(path).taken).toBe(true);
  });
});

describe('leftovers of a killed supervisor', () => {
  test('are stopped; others that have their number by now are not', async () => {
    const path = join(folder, 'children.json');
    const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)']);
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await Promise.all([once(child, 'spawn'), once(other, 'spawn')]);
    recordChildren(path, [{ name: 'ours', pid: child.pid ?? 0 }]);
    const recorded = JSON.parse(readFileSync(path, 'utf8'));
    writeFileSync(path, JSON.stringify([...recorded, { name: 'reused', pid: other.pid, started: 'long ago' }]));
    expect(await stopLeftovers(path, 200)).toEqual({ stopped: ['ours'], unclean: true });
    expect(startedAt(child.pid ?? 0)).toBeNull();
    expect(startedAt(other.pid ?? 0)).not.toBeNull();
    other.kill('SIGKILL');
  });

  test('there are none after an orderly stop', async () => {
    const path = join(folder, 'children.json');
    expect(await stopLeftovers(path)).toEqual({ stopped: [], unclean: false });
    recordChildren(path, []);
    expect(await stopLeftovers(path)).toEqual({ stopped: [], unclean: false });
  });
});

describe('ports', () => {
  const busy = async (port: number) => {
    const server = createServer().listen({ port, host: '127.0.0.1' });
    await once(server, 'listening');
    const address = server.address();
    return { port: typeof address === 'object' && address ? address.port : 0, close: () => server.close() };
  };

  test('stay the same over starts while they are free, and are never given twice', async () => {
    const path = join(folder, 'ports.json');
    const ports = openPorts(path);
    const [a, b] = [await ports.take('a'), await ports.take('b')];
    expect(a).not.toBe(b);
    const again = openPorts(path);
    expect([await again.take('a'), await again.take('b')]).toEqual([a, b]);
  });

  test('give way where the usual one is taken', async () => {
    const other = await busy(0);
    expect(await openPorts(join(folder, 'ports.json')).take('gateway', other.port)).not.toBe(other.port);
    other.close();
  });

  test('asked for by number are refused where they are taken', async () => {
    const other = await busy(0);
    const ports = openPorts(join(folder, 'ports.json'));
    await expect(ports.exactly('gateway', other.port)).rejects.toThrow(`Port ${other.port} is in use`);
    other.close();
  });
});

describe('log files', () => {
  test('are rotated before they grow beyond 10 MiB, and three are kept', () => {
    const path = join(folder, 'x.log');
    const log = new LogFile(path);
    const chunk = Buffer.alloc(4 * 1024 * 1024, 'x');
    for (let i = 0; i < 12; i += 1) log.write(chunk);
    log.write('last line\n');
    log.close();
    log.write('after the end');
    expect(readdirSync(folder).sort()).toEqual(['x.log', 'x.log.1', 'x.log.2']);
    for (const name of readdirSync(folder))
      expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(10 * 1024 * 1024);
    expect(tail(path, 1)).toMatch(/last line$/);
  });
});

describe('options', () => {
  test.each([
    [[], { home: '.atoll', port: null, reset: false, nodes: 1, traces: false, databaseOnly: false }],
    [
      ['--home', 'x', '--port', '0', '--reset', '--nodes', '3'],
      { home: 'x', port: 0, reset: true, nodes: 3, traces: false, databaseOnly: false },
    ],
    [['--traces'], { home: '.atoll', port: null, reset: false, nodes: 1, traces: true, databaseOnly: false }],
    [['--database-only'], { home: '.atoll', port: null, reset: false, nodes: 1, traces: false, databaseOnly: true }],
    [['--no-node'], { home: '.atoll', port: null, reset: false, nodes: 0, traces: false, databaseOnly: false }],
  ])('%j', (args, options) => {
    expect(parseOptions(args)).toEqual({ kind: 'start', options });
  });

  test.each([
    [['--port', 'x']],
    [['--port', '70000']],
    [['--nodes', '0']],
    [['--nodes', '2', '--no-node']],
    [['--nonsense']],
  ])('%j is refused', (args) => {
    expect(parseOptions(args)).toEqual({ kind: 'exit', code: 64 });
  });
});
