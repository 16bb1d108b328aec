import { describe, expect, test } from 'vitest';
import { ExecError, exec } from '../src/exec.ts';

describe('exec', () => {
  test('passes arguments and input as they are: no shell reads them', async () => {
    const nasty = '$(id); `id` && "x" \'y\' *';
    expect((await exec('printf', ['%s', nasty])).stdout).toBe(nasty);
    expect((await exec('cat', [], { input: nasty })).stdout).toBe(nasty);
  });

  test('throws with exit code and what the program said', async () => {
    const error = await exec('sh', ['-c', 'echo out; echo bad >&2; exit 3']).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ExecError);
    expect(error).toMatchObject({ command: 'sh', exitCode: 3, stdout: 'out\n', stderr: 'bad\n' });
    expect(String(error)).toMatch(/exit code 3: bad/);
  });

  test('kills what takes too long', async () => {
    const error = await exec('sleep', ['30'], { timeoutMs: 50 }).catch((e: unknown) => e);
    expect(error).toMatchObject({ exitCode: null });
    expect(String(error)).toMatch(/killed/);
  });

  test('says when the program is not there', async () => {
    await expect(exec('no-such-program', [])).rejects.toThrow(/ENOENT/);
  });
});
