import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('failpoint.fixture.ts', import.meta.url));
const ARMED = ['--conditions=atoll-faults'];
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

type Said = Record<string, unknown>;

/** Starts the fixture; resolves to what it says first. */
async function start(execArgv: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = fork(program, [], { execArgv: [...execArgv], env: { ...process.env, ...env }, silent: true });
  children.push(child);
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const said: Said[] = [];
  child.on('message', (message: Said) => said.push(message));
  await once(child, 'message');
  return {
    child,
    first: said[0],
    errors: () => errors,
    /** Lets it pass the point so often; resolves to what it said on the way, once it is through or gone. */
    async pass(times: number): Promise<Said[]> {
      said.length = 0;
      const gone = once(child, 'exit');
      child.send({ times });
      const through = new Promise<void>((resolve) => {
        child.on('message', (message: Said) => message.done === true && resolve());
      });
      await Promise.race([gone, through]);
      return said.filter((message) => message.done !== true);
    },
  };
}

describe('without --conditions=atoll-faults', () => {
  test('the armed module is not even loaded, and the variable has no effect', async () => {
    const { first, pass } = await start([], { ATOLL_FAILPOINTS: 'append.before-commit=kill@1' });
    expect(first).toEqual({ canBeArmed: false, armedModules: [] });
    expect(await pass(3)).toEqual([{ passed: 1 }, { passed: 2 }, { passed: 3 }]);
  });

  test('the armed module cannot be imported by its name either', () => {
    const importing = "import('@atoll/service/failpoint-armed').then(() => {}, ({ code }) => console.log(code))";
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '--eval', importing], {
      cwd: fileURLToPath(new URL('..', import.meta.url)),
      encoding: 'utf8',
    });
    expect(stdout.trim()).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });

  test('a process that is told to inject faults refuses to start, and says what is missing', () => {
    const fixture = fileURLToPath(new URL('process.fixture.ts', import.meta.url));
    const env = { ...process.env, ATOLL_FAILPOINTS: 'append.before-commit=kill' };
    const { status, stderr } = spawnSync(process.execPath, [fixture, 'serve'], { env, encoding: 'utf8' });
    expect(status).toBe(78);
    expect(stderr).toContain('--conditions=atoll-faults');
  });

  test('marking a place costs nothing that can be measured beside what it stands in', async () => {
    const { failpoint } = await import('../src/failpoint.ts');
    const rounds = 5_000_000;
    const pass = () => {
      for (let round = 0; round < rounds; round++) failpoint('append.before-commit');
    };
    pass();
    const began = performance.now();
    pass();
    // A commit takes hundreds of microseconds. Measured: below a nanosecond; the bound allows for a busy machine.
    expect(((performance.now() - began) / rounds) * 1e6).toBeLessThan(50);
  });
});

describe('with it', () => {
  test('the process is killed at the hit that was asked for', async () => {
    const { child, first, pass, errors } = await start(ARMED, { ATOLL_FAILPOINTS: 'append.before-commit=kill@3' });
    expect(first).toMatchObject({ canBeArmed: true });
    expect(await pass(5)).toEqual([{ passed: 1 }, { passed: 2 }]);
    expect(child.signalCode).toBe('SIGKILL');
    expect(errors()).toContain('failpoint append.before-commit: kill');
  });

  test('an error is thrown with the probability that was asked for, at the same hits for the same seed', async () => {
    const env = { ATOLL_FAILPOINTS: 'append.before-commit=error@0.3' };
    const thrown = async (seed: string) => {
      const { pass } = await start(ARMED, { ...env, ATOLL_FAILPOINTS_SEED: seed });
      return (await pass(200)).flatMap((message) => (typeof message.threw === 'number' ? [message.threw] : []));
    };
    const [once_, again, other] = await Promise.all([thrown('7'), thrown('7'), thrown('8')]);
    expect(once_.length).toBeGreaterThan(30);
    expect(once_.length).toBeLessThan(90);
    expect(again).toEqual(once_);
    expect(other).not.toEqual(once_);
  });

  test('a paused process stands still until somebody wakes it', async () => {
    const { child, pass } = await start(ARMED, { ATOLL_FAILPOINTS: 'append.before-commit=pause' });
    const passing = pass(1);
    const state = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]?.[0];
    await expect.poll(state, { timeout: 20_000 }).toBe('T');
    child.kill('SIGCONT');
    expect(await passing).toEqual([{ passed: 1 }]);
  });

  test('a delay holds the whole process', async () => {
    const { pass } = await start(ARMED, { ATOLL_FAILPOINTS: 'append.before-commit=delay(300)' });
    const began = performance.now();
    expect(await pass(1)).toEqual([{ passed: 1 }]);
    expect(performance.now() - began).toBeGreaterThan(290);
  });

  test('a running process is armed by a file and a signal', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'atoll-failpoints-'));
    const { child, pass, errors } = await start(ARMED, { ATOLL_FAILPOINTS: `dir:${folder}` });
    expect(await pass(2)).toEqual([{ passed: 1 }, { passed: 2 }]);
    writeFileSync(join(folder, String(child.pid)), 'append.before-commit=kill@2');
    child.kill('SIGUSR2');
    await expect.poll(errors, { timeout: 20_000 }).toContain('armed');
    expect(await pass(5)).toEqual([{ passed: 1 }]);
    rmSync(folder, { recursive: true });
  });

  test('a text that is no failpoint ends the process at once, naming each fault', () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [...ARMED, fileURLToPath(new URL('process.fixture.ts', import.meta.url)), 'serve'],
      {
        env: {
          ...process.env,
          ATOLL_FAILPOINTS: 'no.such=kill; append.before-commit=explode; append.after-commit=kill@0',
        },
        encoding: 'utf8',
      },
    );
    expect(status).toBe(1);
    expect(stderr).toContain('there is no failpoint no.such');
    expect(stderr).toContain('there is no action "explode"');
    expect(stderr).toContain('they count from 1');
  });
});
