/** The parts of `npm run check`, each a program; one line for each, and its output where it fails. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
const installed = (path: string) => join(root, 'node_modules', path);

interface Part {
  readonly name: string;
  readonly guards: string;
  readonly command: readonly string[];
}

const parts: readonly Part[] = [
  {
    name: 'types',
    guards: 'TypeScript, strict',
    command: [installed('typescript/bin/tsc'), '--noEmit', '-p', '.'],
  },
  {
    name: 'lint',
    guards: 'Biome: rules and format',
    command: [installed('@biomejs/biome/bin/biome'), 'check', '--error-on-warnings', '.'],
  },
  {
    name: 'imports',
    guards: 'who may import whom; no cycles',
    command: [
      installed('dependency-cruiser/bin/dependency-cruiser.mjs'),
      '--config',
      'infra/check/imports.cjs',
      ...['schema', 'libs', 'services', 'agent', 'sdk', 'infra', 'examples', 'bench', 'test'],
    ],
  },
  {
    name: 'dead code',
    guards: 'Knip: unused files, exports and dependencies',
    command: [installed('knip/bin/knip.js'), '--config', 'infra/check/knip.json', '--no-progress'],
  },
  {
    name: 'lock',
    guards: 'package-lock.json can be installed on every platform',
    command: ['infra/check/lock.ts'],
  },
  {
    name: 'sdl',
    guards: 'every field of the SDL has its docstring, permission, place and cost',
    command: ['services/gateway/src/schema/lint.ts'],
  },
  {
    name: 'generated files',
    guards: 'what is generated from the schema is up to date',
    command: ['sdk/gen.ts', '--check'],
  },
  {
    name: 'event shapes',
    guards: 'no shipped shape is edited, every old one has its upcasters, every field its meaning',
    command: ['schema/gen/main.ts', '--check'],
  },
];

export interface PartResult {
  readonly name: string;
  readonly ok: boolean;
}

const timeoutMs = 300_000;

function run(part: Part): Promise<PartResult> {
  return new Promise((resolve) => {
    const began = Date.now();
    const child = spawn(process.execPath, [...part.command], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    let output = '';
    const add = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', add);
    child.stderr.on('data', add);
    child.on('error', (error) => add(Buffer.from(error.message)));
    child.on('close', (code) => {
      const seconds = ((Date.now() - began) / 1000).toFixed(1);
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'}  ${part.name.padEnd(16)} ${part.guards} (${seconds} s)`);
      if (code !== 0) console.log(output.trimEnd().replaceAll(/^/gm, '        '));
      resolve({ name: part.name, ok: code === 0 });
    });
  });
}

/** One after the other: two cores are enough, and the lines keep their order. */
export async function runChecks(): Promise<readonly PartResult[]> {
  const results: PartResult[] = [];
  for (const part of parts) results.push(await run(part));
  return results;
}
