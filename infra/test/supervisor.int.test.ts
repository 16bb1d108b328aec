import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { pageReadiness } from '../local/http.ts';
import { createSupervisor, type ProcessSpec, type RunningProcess, type Supervisor } from '../local/supervisor.ts';
import { startedAt } from '../process/identity.ts';
import { freePort } from '../process/ports.ts';

const program = fileURLToPath(new URL('supervisor.fixture.ts', import.meta.url));
const supervisorProgram = fileURLToPath(new URL('supervisor.run.fixture.ts', import.meta.url));

let folder: string;
let supervisor: Supervisor | undefined;
let said: string[];
let changes: (readonly RunningProcess[])[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'supervisor-'));
  writeFileSync(join(folder, 'trace'), '');
  said = [];
  changes = [];
});
afterEach(async () => {
  await supervisor?.stop();
  supervisor = undefined;
  rmSync(folder, { recursive: true });
});

const trace = () => readFileSync(join(folder, 'trace'), 'utf8').trim().split('\n');

async function spec(name: string, needs: readonly string[] = [], fail = ''): Promise<ProcessSpec> {
  const port = await freePort();
  return {
    name,
    needs,
    launch: async () => ({
      command: process.execPath,
      args: [program],
      env: { PATH: process.env.PATH, NAME: name, PORT: String(port), TRACE: join(folder, 'trace'), FAIL: fail },
      channel: true,
    }),
    ready: () => pageReadiness(`http://127.0.0.1:${port}/`),
    stopSignal: 'SIGTERM',
    stopGraceMs: 5000,
  };
}

function create(specs: readonly ProcessSpec[]): Supervisor {
  supervisor = createSupervisor({
    specs,
    logs: folder,
    onChange: (processes) => changes.push(processes),
    say: (line) => said.push(line),
  });
  return supervisor;
}

const pidOf = (of: Supervisor, name: string) => of.processes().find((process) => process.name === name)?.pid ?? 0;

describe('a supervisor', () => {
  test('starts each process when what it needs is ready, and stops them in reverse', async () => {
    const specs = [await spec('one'), await spec('two', ['one']), await spec('three', ['two'])];
    const running = create(specs);
    await running.start();
    expect(trace()).toEqual(['one started', 'two started', 'three started']);
    const pids = running.processes().map(({ pid }) => pid);
    await running.stop();
    expect(trace().slice(3)).toEqual(['three stopped', 'two stopped', 'one stopped']);
    expect(pids.map(startedAt)).toEqual([null, null, null]);
    expect(changes.at(-1)).toEqual([]);
  });

  test('prepares what is ready for the first time before anything that needs it starts', async () => {
    const one = await spec('one');
    const running = create([
      {
        ...one,
        prepare: async () => {
          await new Promise((resolve) => setTimeout(resolve, 50));
          writeFileSync(join(folder, 'trace'), `${trace().join('\n')}\none prepared\n`);
        },
      },
      await spec('two', ['one']),
    ]);
    await running.start();
    expect(trace()).toEqual(['one started', 'one prepared', 'two started']);
  });

  test('starts a killed process again, with a new pid that it tells', async () => {
    const running = create([await spec('one'), await spec('two', ['one'])]);
    await running.start();
    const before = pidOf(running, 'one');
    const neighbour = pidOf(running, 'two');
    process.kill(before, 'SIGKILL');
    await expect.poll(() => said.includes('one is back'), { timeout: 10_000 }).toBe(true);
    expect(pidOf(running, 'one')).not.toBe(before);
    expect(pidOf(running, 'two')).toBe(neighbour);
    expect(changes.at(-1)).toEqual(running.processes());
    expect(said.join('\n')).toContain('one was ended by SIGKILL; starting it again in 0.2 s');
  });

  test('gives up a first start that can not succeed, with the end of the log', async () => {
    const running = create([await spec('one'), await spec('wrong', ['one'], '78'), await spec('late', ['wrong'])]);
    await expect(running.start()).rejects.toThrow(/wrong can't be started.*exit code 78[\s\S]*the reason is told here/);
    await running.stop();
    expect(trace()).toEqual(['one started', 'one stopped']);
  });

  test('tries a failing first start several times before it gives up', async () => {
    const running = create([await spec('flaky', [], '1')]);
    await expect(running.start()).rejects.toThrow(/flaky can't be started/);
    expect(said.filter((line) => line.includes('starting it again'))).toHaveLength(3);
  });

  test('kills what does not stop in its time', async () => {
    const port = await freePort();
    const running = create([
      {
        ...(await spec('stubborn')),
        launch: async () => ({
          command: process.execPath,
          args: [
            '-e',
            `process.on('SIGTERM', () => {}); require('node:http').createServer((q, r) => r.end()).listen(${port})`,
          ],
          env: { PATH: process.env.PATH },
          channel: false,
        }),
        ready: () => pageReadiness(`http://127.0.0.1:${port}/`),
        stopGraceMs: 200,
      },
    ]);
    await running.start();
    const pid = pidOf(running, 'stubborn');
    await running.stop();
    expect(startedAt(pid)).toBeNull();
  });

  test('can be stopped while it starts', async () => {
    const running = create([await spec('one'), { ...(await spec('never')), ready: async () => 'never' }]);
    const starting = running.start();
    starting.catch(() => {});
    await expect.poll(trace).toHaveLength(2);
    const pids = running.processes().map(({ pid }) => pid);
    await running.stop();
    await expect(starting).rejects.toThrow(/Stopped while starting/);
    expect(pids.map(startedAt)).toEqual([null, null]);
  });

  test('killed by kill -9, takes its children with it', async () => {
    const [first, second] = [await freePort(), await freePort()];
    const child = fork(supervisorProgram, [folder, program, String(first), String(second)]);
    const [message] = await once(child, 'message');
    const children = z.array(z.object({ name: z.string(), pid: z.number() })).parse(message);
    expect(children.map(({ name }) => name)).toEqual(['attentive', 'deaf']);
    child.kill('SIGKILL');
    await expect.poll(() => children.map(({ pid }) => startedAt(pid)), { timeout: 20_000 }).toEqual([null, null]);
  });
});
