import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';

const program = fileURLToPath(new URL('process.fixture.ts', import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** Starts the fixture and waits for its health port, or for its end. */
async function start(mode: string): Promise<{ child: ChildProcess; port: number; output: () => string }> {
  const child = fork(program, [mode], { silent: true });
  children.push(child);
  let output = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const port = await new Promise<number>((resolve) => {
    child.once('message', (message) => resolve(Number(message)));
    child.once('exit', () => resolve(0));
  });
  return { child, port, output: () => output };
}

const page = async (port: number, path: string) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
};

describe('a process', () => {
  test('shows that it lives, whether it is ready and why not, and its measures', async () => {
    const { port } = await start('serve');
    expect(await page(port, '/livez')).toMatchObject({ status: 200 });
    const ready = await page(port, '/readyz');
    expect(ready.status).toBe(503);
    expect(JSON.parse(ready.text).reasons).toEqual({ broken: 'is broken', thrown: 'threw', slow: 'no answer in 2 s' });
    expect((await page(port, '/metrics')).text).toContain('process_cpu_seconds_total');
    expect(await page(port, '/other')).toMatchObject({ status: 404 });
  });

  test('stops its parts in reverse order at SIGTERM, and exits 0', async () => {
    const { child, output } = await start('serve');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(output()).toMatch(/stop second[\s\S]*stop first[\s\S]*"msg":"stopped"/);
  });

  test('stops when its supervisor is gone', async () => {
    const { child } = await start('serve');
    child.disconnect();
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('a part that hangs does not keep the others from stopping', async () => {
    const { child, output } = await start('hang');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(output()).toMatch(/did not stop in order[\s\S]*stop first/);
  }, 15_000);

  test.each(['throw', 'reject', 'main', 'fail'])('that fails (%s) logs it once and exits 1', async (mode) => {
    const { child, output } = await start(mode);
    const code = child.exitCode ?? (await once(child, 'exit'))[0];
    expect(code).toBe(1);
    expect(output().match(/"level":"fatal"/g)).toHaveLength(1);
    expect(output()).toContain('the reason');
  });
});
