import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exec } from '@atoll/service/exec';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dockerSocket, dockerSpec } from '../local/docker.ts';
import { type Home, openHome } from '../local/home.ts';
import { findProgram } from '../local/programs.ts';
import { createSupervisor, type Supervisor } from '../local/supervisor.ts';
import { startedAt } from '../process/identity.ts';

let home: Home;
let image: string;
let supervisor: Supervisor;
const said: string[] = [];

/** Debian's client, with its output only. */
const docker = async (...args: string[]) =>
  (await exec('docker', ['--host', `unix://${dockerSocket(home)}`, ...args])).stdout.trim();

beforeAll(async () => {
  home = openHome(mkdtempSync(join(tmpdir(), 'docker-home-')));
  supervisor = createSupervisor({
    specs: [dockerSpec(home, findProgram('dockerd') ?? 'dockerd')],
    logs: home.logs,
    onChange: () => {},
    say: (line) => said.push(line),
  });
  await supervisor.start();
  // A file system of one program is an image.
  const archive = join(home.path, 'image.tar');
  await exec('tar', ['--create', '--file', archive, '--directory', '/bin', 'busybox']);
  image = await docker('import', archive);
});
afterAll(async () => {
  await supervisor.stop();
  rmSync(home.path, { recursive: true, force: true });
  rmSync(home.runDir, { recursive: true, force: true });
});

const naming = (path: string) =>
  readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .filter((line) => line.includes(path));

test('containers run on while the private Docker Engine is killed and comes back', async () => {
  const container = await docker('run', '--detach', '--network', 'none', image, '/busybox', 'sleep', '1000');
  const pid = Number(await docker('inspect', '--format', '{{.State.Pid}}', container));
  const before = startedAt(pid);
  expect(before).not.toBeNull();

  const engine = supervisor.processes()[0]?.pid ?? 0;
  process.kill(engine, 'SIGKILL');
  await expect.poll(() => said.includes('docker is back'), { timeout: 30_000 }).toBe(true);

  expect(startedAt(pid)).toBe(before);
  expect(await docker('inspect', '--format', '{{.State.Status}} {{.State.Pid}}', container)).toBe(`running ${pid}`);
  await docker('rm', '--force', container);
  expect(startedAt(pid)).toBeNull();
});

test('it has no bridge and touches no rule of the machine', async () => {
  const rules = (await exec('iptables-save', [])).stdout;
  expect(rules).not.toMatch(/DOCKER/);
  expect((await exec('ip', ['-oneline', 'link', 'show'])).stdout).not.toMatch(/docker0/);
});

test('stopped in order, it leaves no process, mount or socket', async () => {
  const pids = supervisor.processes().map(({ pid }) => pid);
  await supervisor.stop();
  expect(pids.map(startedAt)).toEqual([null]);
  expect(naming(home.runDir)).toEqual([]);
  expect(naming(home.path)).toEqual([]);
  expect(existsSync(dockerSocket(home))).toBe(false);
});
