/** The programs of the operating system that Atoll runs on. Installed where apt can do it, else told by name. */
import { spawn, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Debian's package, the programs that show it is there (`without`: where there is no Debian to ask), and who needs it: `tests` for
 * those that `npm start` does without.
 */
const programs = [
  { debian: 'nats-server', found: ['nats-server'], brew: 'nats-server', what: 'the message transport' },
  { debian: 'iptables', found: ['iptables', 'ip6tables'], linux: true, what: 'firewall rules of instances' },
  { debian: 'ipset', found: ['ipset'], linux: true, what: 'address sets of the rules' },
  { debian: 'iproute2', found: ['ip', 'bridge'], linux: true, what: 'network namespaces' },
  { debian: 'conntrack', found: ['conntrack'], linux: true, what: 'connections that a new rule forbids are cut' },
  {
    debian: 'iputils-arping',
    found: ['arping'],
    linux: true,
    what: 'neighbours learn who answers for a public address',
  },
  { debian: 'libndp-tools', found: ['ndptool'], linux: true, what: 'the same for IPv6' },
  { debian: 'ulogd2', found: ['ulogd'], linux: true, what: 'policies that log connections' },
  { debian: 'ulogd2-json', found: [], without: ['ulogd'], linux: true, what: 'policies that log connections' },
  { debian: 'docker.io', found: ['dockerd'], linux: true, what: 'containers' },
  { debian: 'docker-registry', found: ['docker-registry', 'registry'], any: true, what: 'the local image registry' },
  { debian: 'busybox-static', found: [], without: ['busybox'], linux: true, what: 'the small image of the examples' },
  { debian: 'faketime', found: ['faketime'], linux: true, tests: true, what: 'clocks that are set, in tests' },
];

/** Services of those packages: Atoll starts its own, with its own data. */
const units = [
  'nats-server.service',
  'docker.service',
  'docker.socket',
  'containerd.service',
  'docker-registry.service',
  'ulogd2.service',
];

const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];

function onPath(program) {
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

const installedByDpkg = (name) => {
  // Filled in by dpkg-query, not by JavaScript.
  const format = '$' + '{db:Status-Status}';
  const args = ['--show', `--showformat=${format}`, name];
  return spawnSync('dpkg-query', args, { encoding: 'utf8' }).stdout === 'installed';
};

function isThere(program, debian) {
  if (program.found.length === 0)
    return debian ? installedByDpkg(program.debian) : (program.without ?? []).every(onPath);
  return program.any ? program.found.some(onPath) : program.found.every(onPath);
}

/** Output only where it fails. */
function quietly(command, args, env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += chunk;
      });
    }
    child.on('error', (error) => reject(error));
    child.on('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args.join(' ')} failed (exit code ${code}):\n\n${output}`));
    });
  });
}

/** Which of `units` systemd runs; none where there is no systemd. */
const hasSystemd = () => existsSync('/run/systemd/system');

async function aptInstall(missing) {
  console.log(`Installing Debian packages: ${missing.join(' ')} …`);
  // Installing must not start servers: masked until the next boot at the longest, and only those that don't run yet.
  const idle = hasSystemd()
    ? units.filter((unit) => spawnSync('systemctl', ['is-active', '--quiet', unit]).status !== 0)
    : [];
  if (idle.length > 0) spawnSync('systemctl', ['mask', '--runtime', ...idle]);
  try {
    // RUNLEVEL is what a machine without systemd would ask: in single-user mode nothing is started.
    const env = { DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
    await quietly('apt-get', ['update', '-qq'], env);
    await quietly('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], env);
  } finally {
    if (idle.length > 0) spawnSync('systemctl', ['unmask', '--runtime', ...idle]);
  }
}

function advice(missing, debian) {
  const lines = missing.map((program) => `  ${program.debian.padEnd(16)} ${program.what}`);
  const names = missing.map((program) => program.debian).join(' ');
  if (process.platform === 'darwin') {
    const brew = missing.filter((program) => program.brew).map((program) => program.brew);
    return [
      'Some programs are missing:',
      ...lines,
      ...(brew.length > 0 ? [`Install: brew install ${brew.join(' ')}`] : []),
      ...(missing.some((program) => program.debian === 'docker-registry') ? [registryAdvice] : []),
    ].join('\n');
  }
  const how = debian
    ? `Install, as root: apt-get update && apt-get install -y ${names}`
    : 'Install them with the package manager of your system (these are the names of Debian; Fedora: nats-server iptables ipset iproute conntrack-tools moby-engine docker-distribution busybox).';
  return ['Some programs are missing:', ...lines, how].join('\n');
}

const registryAdvice =
  'For a local image registry: docker run -d -p 127.0.0.1:5000:5000 registry:2, and set ATOLL_REGISTRY=127.0.0.1:5000';

/** `needed`: `all` ends with an error where something is missing, `some` only without what nothing can replace. */
export async function installPrograms({ needed }) {
  const debian = existsSync('/etc/debian_version') && onPath('apt-get');
  const linux = process.platform === 'linux';
  const wanted = programs.filter((program) => (linux || !program.linux) && (needed === 'all' || !program.tests));
  const missing = wanted.filter((program) => !isThere(program, debian));
  if (missing.length === 0) return;
  if (debian && process.getuid?.() === 0) {
    await aptInstall(missing.map((program) => program.debian));
    return;
  }
  // Without root there are no namespaces and no rules, and the simulated runtime needs none of them.
  const essential = missing.filter((program) => program.debian === 'nats-server' && !process.env.ATOLL_NATS_URL);
  if (needed === 'all' || essential.length > 0) throw new Error(advice(missing, debian));
  console.log(`${advice(missing, debian)}\nGoing on without them.\n`);
}
