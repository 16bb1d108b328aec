/**
 * `npm ci` refuses a lock that lacks an optional package of any platform, and npm leaves out of the lock what the
 * registry at hand doesn't have. This names what is missing; with `--write` it is added, by version, without a hash.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { writeWhole } from '../process/files.ts';

const file = fileURLToPath(new URL('../../package-lock.json', import.meta.url));

const lockSchema = z.looseObject({
  packages: z.record(
    z.string(),
    z.looseObject({
      dev: z.boolean().optional(),
      optionalDependencies: z.record(z.string(), z.string()).optional(),
    }),
  ),
});

interface Missing {
  readonly name: string;
  readonly version: string;
  readonly dev: boolean;
}

/** As Node resolves: beside the package that asks, then outwards. */
function isLocked(packages: Record<string, unknown>, from: string, name: string): boolean {
  for (let path = from; ; path = path.slice(0, Math.max(path.lastIndexOf('/node_modules/'), 0))) {
    if (`${path === '' ? '' : `${path}/`}node_modules/${name}` in packages) return true;
    if (path === '') return false;
  }
}

const exact = /^\d+\.\d+\.\d+[\w.+-]*$/;
const systems = ['android', 'darwin', 'freebsd', 'linux', 'openharmony', 'win32', 'windows'];
const processors = ['arm64', 'arm', 'ia32', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32'];

/** Packages of a platform name it: `@swc/core-linux-arm-gnueabihf`. */
function platformOf(name: string): { os?: string[]; cpu?: string[]; libc?: string[] } {
  const words = name.split(/[-/]/);
  const os = systems.find((system) => words.includes(system));
  const cpu = processors.find((processor) => words.includes(processor));
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return {
    ...(cpu ? { cpu: [cpu] } : {}),
    ...(os ? { os: [os === 'windows' ? 'win32' : os] } : {}),
    ...(os === 'linux' && libc ? { libc: [libc] } : {}),
  };
}

const lock = lockSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
const missing = new Map<string, Missing>();
for (const [path, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    if (exact.test(version) && !isLocked(lock.packages, path, name)) {
      missing.set(name, { name, version, dev: entry.dev === true });
    }
  }
}

if (missing.size > 0 && process.argv.includes('--write')) {
  for (const { name, version, dev } of missing.values()) {
    const entry = { version, ...platformOf(name), ...(dev ? { dev } : {}), optional: true };
    lock.packages[`node_modules/${name}`] = entry;
  }
  const sorted = Object.entries(lock.packages).sort(([a], [b]) => a.localeCompare(b, 'en'));
  writeWhole(file, `${JSON.stringify({ ...lock, packages: Object.fromEntries(sorted) }, null, 2)}\n`, 0o644);
  console.log(`Added to package-lock.json: ${[...missing.keys()].join(', ')}`);
} else if (missing.size > 0) {
  console.error(`package-lock.json lacks optional packages, and npm ci refuses it: ${[...missing.keys()].join(', ')}`);
  console.error('Run: node infra/check/lock.ts --write');
  process.exitCode = 1;
}
