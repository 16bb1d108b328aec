/** Snippets of the pages, run as somebody would who follows them. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ExecError, exec } from '@atoll/service/exec';

const root = fileURLToPath(new URL('../../', import.meta.url));
const TIMEOUT_MS = 240_000;

/** The fenced blocks of a language in a page, in order. */
export function snippets(page: string, language: string): readonly string[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(
    ([, body]) => body ?? '',
  );
}

export interface Ran {
  readonly ok: boolean;
  readonly output: string;
}

/** A folder that looks like the checkout, whose `.atoll` is the home of the running platform. */
export function checkoutFor(home: string): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'atoll-docs-'));
  for (const name of ['node_modules', 'examples', 'package.json']) symlinkSync(join(root, name), join(path, name));
  symlinkSync(home, join(path, '.atoll'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

const env = { ...process.env, ATOLL_READY: undefined };

async function run(command: string, args: readonly string[]): Promise<Ran> {
  try {
    const { stdout, stderr } = await exec(command, args, { timeoutMs: TIMEOUT_MS, env });
    return { ok: true, output: `${stdout}${stderr}` };
  } catch (error) {
    const { stdout, stderr } = error as ExecError;
    return { ok: false, output: `${stdout}${stderr}` };
  }
}

/** All at once in one shell, because later blocks use what earlier ones define; it ends at the first failing command. */
export async function runShell(folder: string, blocks: readonly string[]): Promise<Ran> {
  const file = join(folder, 'snippet.sh');
  writeFileSync(file, `set -e\ncd '${folder}'\nPATH='${join(root, 'node_modules/.bin')}':$PATH\n${blocks.join('\n')}`);
  return await run('bash', [file]);
}

export async function runTypeScript(folder: string, prelude: string, body: string): Promise<Ran> {
  const file = join(folder, 'snippet.mts');
  writeFileSync(file, `${prelude}\n${body}`);
  // The snippet speaks of `.atoll/ready.json` where it stands.
  return await run('bash', ['-c', 'cd "$1" && exec "$2" snippet.mts', 'bash', folder, process.execPath]);
}
