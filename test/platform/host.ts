/** What a platform puts on its machine: processes, containers, namespaces, interfaces, routes, rules, sets, mounts. */
import { readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { nodeNames } from '@atoll/agent/render/names';
import type { Id } from '@atoll/schema/ids';
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

/** In tables other than the main one. */
const agentRoutes = async (family: '-4' | '-6') =>
  (await lines('ip', [family, 'route', 'show', 'table', 'all'])).filter((line) => /\btable .*\bproto 97\b/.test(line));

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
    routes: sorted([
      ...(await lines('ip', ['-4', 'route'])),
      ...(await lines('ip', ['-6', 'route'])),
      // Of an agent, in any table: public addresses that are the machine's own, and ways back to other nodes.
      ...(await agentRoutes('-4')),
      ...(await agentRoutes('-6')),
    ]),
    rules: sorted([...(await rules('iptables-save')), ...(await rules('ip6tables-save'))].filter(isMade)),
    sets: sorted(await lines('ipset', ['list', '-name'])),
  };
}

/** What names things as those of one platform: the names of its nodes, the metrics of their routes, and its home. */
export interface OwnNames {
  readonly tags: ReadonlySet<string>;
  readonly metrics: ReadonlySet<number>;
  /** Eight hexadecimal digits. */
  readonly home: string;
}

export const ownNames = (nodes: readonly Id<'node'>[], home: string): OwnNames => ({
  tags: new Set(nodes.map((node) => nodeNames(node).prefix.slice(3))),
  metrics: new Set(nodes.map((node) => nodeNames(node).routeMetric)),
  home,
});

const ofNode = /\bat[lv]([a-z2-7]{4})/g;
const ofHome = /\batoll-([0-9a-f]{8})\b/g;
/** Of routes that an agent has made. */
const ofRoute = /\bproto 97(?: scope host)? metric (\d+)/;
/** The one thing that all nodes of a machine share: the address of their name servers, while any of them is there. */
const shared = /^fd00:a701::53 dev lo /;

/**
 * Without what says by its name that it is another platform's, which may run in the same network namespace, and start and end
 * there meanwhile. What has no name, or one of this platform's, stays.
 */
function withoutOthers(state: HostState, { tags, metrics, home }: OwnNames): HostState {
  const isOthers = (line: string) => {
    const metric = ofRoute.exec(line)?.[1];
    return (
      [...line.matchAll(ofNode)].some(([, tag]) => !tags.has(tag ?? '')) ||
      [...line.matchAll(ofHome)].some(([, short]) => short !== home) ||
      (metric !== undefined && !metrics.has(Number(metric)))
    );
  };
  const own = (lines: readonly string[]) => lines.filter((line) => !isOthers(line));
  const { interfaces, routes, rules, sets } = state;
  return { interfaces: own(interfaces), routes: own(routes), rules: own(rules), sets: own(sets) };
}

/** Both states of the host as far as they are this platform's or nobody's: equal where it was left as it was found. */
export function compared(before: HostState, after: HostState, own: OwnNames): { before: HostState; after: HostState } {
  const [then, now] = [withoutOthers(before, own), withoutOthers(after, own)];
  const alone = then.rules.length === before.rules.length && now.rules.length === after.rules.length;
  if (alone) return { before: then, after: now };
  // Another platform has brought or taken what they share, or holds on to it.
  const plain = (state: HostState) => ({ ...state, routes: state.routes.filter((line) => !shared.test(line)) });
  return { before: plain(then), after: plain(now) };
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

function askDocker(socketPath: string, path: string): Promise<string> {
  return new Promise<string>((resolve, reject) => {
    const asked = request({ socketPath, path, timeout: 10_000 }, (response) => {
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
}

/** Of the first process of a container that runs. */
export async function pidOfContainer(socketPath: string, id: string): Promise<number> {
  const { State }: { State: { Pid: number } } = JSON.parse(await askDocker(socketPath, `/containers/${id}/json`));
  return State.Pid;
}

/** Atoll's containers as the Docker Engine knows them, the stopped ones included. */
export async function containersOf(socketPath: string): Promise<readonly Container[]> {
  const body = await askDocker(socketPath, '/containers/json?all=true');
  const all: { Id: string; State: string; Labels: Record<string, string> }[] = JSON.parse(body);
  return all.flatMap(({ Id, State, Labels }) => {
    const instanceId = Labels['atoll.instance'];
    return instanceId === undefined ? [] : [{ id: Id, instanceId, kind: Labels['atoll.kind'] ?? '', state: State }];
  });
}
