/**
 * A newer nats-server than that of the system, for tests against both: the package of Debian's next release, unpacked and
 * not installed. apt works in folders of its own, so that nothing of the machine's is touched.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pause } from '../process/waiting.ts';

const execute = promisify(execFile);
const RELEASE = 'forky';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
const TRIES = 3;
const cache = fileURLToPath(new URL('../../node_modules/.cache/atoll/', import.meta.url));
const program = join(cache, `nats-server-${RELEASE}`);

/** The mirror that this machine's apt takes Debian's releases from. */
async function mirrorOf(): Promise<string> {
  const { stdout } = await execute('apt-get', ['indextargets', '--format', '$(REPO_URI) $(RELEASE)'], {
    timeout: 60_000,
  });
  // Updates and security fixes are of one release, and may be on other mirrors.
  const [mirror] = stdout.split('\n').flatMap((line) => {
    const [uri, release = ''] = line.split(' ');
    return uri && /^[a-z]+$/.test(release) ? [uri] : [];
  });
  if (!mirror) throw new Error('apt has no source of a Debian release: look at /etc/apt/sources.list.');
  return mirror;
}

async function fetch(): Promise<void> {
  const mirror = await mirrorOf();
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'fetching-'));
  try {
    for (const name of ['state/lists/partial', 'cache/archives/partial', 'root']) {
      mkdirSync(join(folder, name), { recursive: true });
    }
    const sources = join(folder, 'sources.list');
    writeFileSync(sources, `deb [signed-by=${KEYRING}] ${mirror} ${RELEASE} main\n`);
    const options = [
      `Dir::Etc::SourceList=${sources}`,
      'Dir::Etc::SourceParts=/dev/null',
      `Dir::State=${join(folder, 'state')}`,
      `Dir::Cache=${join(folder, 'cache')}`,
      'APT::Sandbox::User=root',
      'Acquire::Languages=none',
    ].flatMap((option) => ['-o', option]);
    const apt = (...args: string[]) =>
      execute('apt-get', ['-qq', ...options, ...args], { cwd: folder, timeout: 120_000 });
    await apt('update');
    await apt('download', 'nats-server');
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
    if (!file) throw new Error('apt-get has downloaded nothing.');
    await execute('dpkg-deb', ['-x', join(folder, file), join(folder, 'root')], { timeout: 60_000 });
    // By one rename: another process may be doing the same.
    renameSync(join(folder, 'root', 'usr', 'sbin', 'nats-server'), program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The program: `ATOLL_NEWER_NATS`, or one that was fetched before, or one that is fetched now. Throws, saying what to do,
 * where there is none to be had.
 */
export async function newerNats(): Promise<string> {
  const given = process.env.ATOLL_NEWER_NATS;
  if (given) return given;
  for (let tries = 1; !existsSync(program); tries++) {
    try {
      await fetch();
    } catch (error) {
      if (tries < TRIES) {
        await pause(2000 * tries);
        continue;
      }
      throw new Error(
        `There is no newer nats-server to test with: Debian's ${RELEASE} can't be fetched. ` +
          'Set ATOLL_NEWER_NATS to the program of version 2.11 or newer.',
        { cause: error },
      );
    }
  }
  return program;
}
