/** What a platform puts on its machine: processes, containers, namespaces, interfaces, routes, rules, sets, mounts. */
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { exec } from '@atoll/service/exec';

const lines = async (command: string, args: readonly string[]): Promise<readonly string[]> =>
  (await exec(command, args)).stdout.split('\n').filter((line) => line !== '');

/** Without what changes by itself: counters, comments, times. */
const rules = async (command: string) =>
  (await lines(command, [])).filter((line) => !line.startsWith('#')).map((line) => line.replace(/ \[\d+:\d+\]$/, ''));

async function interfaces(): Promise<readonly string[]> {
  const links: { ifname: string }[] = JSON.parse((await exec('ip', ['-json', 'link', 'show'])).stdout);
  return links.map((link) => link.ifname);
}

/** A table that nobody has used isn't there; the first look at it makes it, and its empty chains. */
const isMade = (line: string) => line.startsWith('-') || (line.startsWith(':') && / - *$/.test(line));

export interface HostState {
  readonly interfaces: readonly string[];
  readonly routes: readonly string[];
  readonly rules: readonly string[];
  readonly sets: readonly string[];
}

export async function hostState(): Promise<HostState> {
  const sorted = (all: readonly string[]) => [...all].sort();
  return {
    interfaces: sorted(await interfaces()),
    routes: sorted([...(await lines('ip', ['-4', 'route'])), ...(await lines('ip', ['-6', 'route']))]),
    rules: sorted([...(await rules('iptables-save')), ...(await rules('ip6tables-save'))].filter(isMade)),
    sets: sorted(await lines('ipset', ['list', '-name'])),
  };
}

/** Network namespaces that a home has named after itself. Others on the machine have theirs. */
export const namespacesNaming = async (home: string): Promise<readonly string[]> =>
  (await lines('ip', ['netns', 'list'])).filter((line) => line.includes(home));

/** Processes whose command line, environment or mounts name one of the paths: whatever a home has left running. */
export function processesNaming(paths: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)) {
    const text = ['cmdline', 'environ'].map((file) => read(`/proc/${pid}/${file}`)).join('\0');
    if (paths.some((path) => text.includes(path))) found.push(`${pid} ${text.split('\0').slice(0, 3).join(' ')}`);
  }
  return found;
}

export const mountsNaming = (paths: readonly string[]): readonly string[] =>
  read('/proc/self/mounts')
    .split('\n')
    .filter((line) => paths.some((path) => line.includes(path)));

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** A variable of a running process. */
export function variableOf(pid: number, name: string): string | undefined {
  const entry = read(`/proc/${pid}/environ`)
    .split('\0')
    .find((line) => line.startsWith(`${name}=`));
  return entry?.slice(name.length + 1);
}

export interface Container {
  readonly id: string;
  readonly instanceId: string;
  readonly kind: string;
  readonly state: string;
}

/** Atoll's containers as the Docker Engine knows them, the stopped ones included. */
export async function containersOf(socketPath: string): Promise<readonly Container[]> {
  const body = await new Promise<string>((resolve, reject) => {
    const asked = request({ socketPath, path: '/containers/json?all=true', timeout: 10_000 }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => (response.statusCode === 200 ? resolve(text) : reject(new Error(text))));
    });
    asked.on('timeout', () => asked.destroy(new Error('the Docker Engine gave no answer')));
    asked.on('error', reject);
    asked.end();
  });
  const all: { Id: string; State: string; Labels: Record<string, string> }[] = JSON.parse(body);
  return all.flatMap(({ Id, State, Labels }) => {
    const instanceId = Labels['atoll.instance'];
    return instanceId === undefined ? [] : [{ id: Id, instanceId, kind: Labels['atoll.kind'] ?? '', state: State }];
  });
}
