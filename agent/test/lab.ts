/** Network namespaces of a test's own: a node's host network, and bare namespaces wired to it by the agent's own code. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Id } from '@atoll/schema/ids';
import type { RuleEndpoint } from '@atoll/schema/node/network';
import { exec } from '@atoll/service/exec';
import { createLogger } from '@atoll/service/log';
import type { ProbeResult } from '../src/probe/probe.ts';
import { probeFrom } from '../src/probe/prober.ts';
import { nodeNames } from '../src/render/names.ts';
import { iptablesRules } from '../src/rules/iptables.ts';
import { commandsIn } from '../src/sandbox/commands.ts';
import { type Tunnel, vxlanTunnel } from '../src/sandbox/tunnel.ts';
import { routedWiring } from '../src/sandbox/wiring.ts';
import type { PeerCommand } from './tools/peer.ts';

const peerProgram = fileURLToPath(new URL('./tools/peer.ts', import.meta.url));
export const log = createLogger('agent-test');
log.level = process.env.ATOLL_LOG_LEVEL ?? 'fatal';

/** Waits until `check` holds; throws with its last answer at the deadline. */
export async function until<T>(
  what: string,
  check: () => Promise<T | null | false | undefined> | T | null | false | undefined,
  timeoutMs = 45_000,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const answer = await check();
      if (answer !== null && answer !== false && answer !== undefined) return answer;
      last = answer;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms; last: ${String(last)}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

export class Peer {
  readonly #child: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  constructor(netns: string) {
    this.#child = spawn('nsenter', [`--net=${netns}`, '--', process.execPath, peerProgram], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    if (!this.#child.stdout) throw new Error('its output is a pipe');
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }
  /** One command after the other. */
  async ask(command: PeerCommand): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify(command)}\n`);
    const answer = await this.#answers.next();
    if (answer.done) throw new Error('the peer has ended');
    return JSON.parse(answer.value);
  }
  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

export interface LabNode {
  readonly id: Id<'node'>;
  readonly netns: string;
  readonly names: ReturnType<typeof nodeNames>;
  readonly commands: ReturnType<typeof commandsIn>;
  readonly rules: ReturnType<typeof iptablesRules>;
  readonly wiring: ReturnType<typeof routedWiring>;
  readonly tunnel: Tunnel;
}

export interface LabPod {
  readonly end: RuleEndpoint;
  readonly netns: string;
  readonly peer: Peer;
}

export class Lab {
  readonly #tag = randomBytes(3).toString('hex');
  #count = 0;
  readonly #namespaces: string[] = [];
  readonly #peers: Peer[] = [];

  async namespace(what: string): Promise<string> {
    const name = `atoll-test-${this.#tag}-${what}${++this.#count}`;
    await exec('ip', ['netns', 'add', name]);
    this.#namespaces.push(name);
    const path = `/run/netns/${name}`;
    await commandsIn(path).run('ip', ['link', 'set', 'lo', 'up']);
    return path;
  }

  /** A node in a network namespace of its own, or in one that is shared. */
  async node(id: Id<'node'>, shared?: LabNode, podMtu: number | null = null, names = nodeNames(id)): Promise<LabNode> {
    const netns = shared?.netns ?? (await this.namespace('node'));
    const commands = commandsIn(netns);
    const rules = iptablesRules({ commands, names, log });
    const wiring = routedWiring(commands, names, async () => podMtu);
    return { id, netns, names, commands, rules, wiring, tunnel: vxlanTunnel({ commands, names, log }) };
  }

  async pod(node: LabNode, end: RuleEndpoint): Promise<LabPod> {
    const netns = await this.namespace('pod');
    await node.wiring.wire(end, netns);
    return { end, netns, peer: this.peer(netns) };
  }

  peer(netns: string): Peer {
    const peer = new Peer(netns);
    this.#peers.push(peer);
    return peer;
  }

  async close(): Promise<void> {
    for (const peer of this.#peers) peer.stop();
    for (const name of this.#namespaces) await exec('ip', ['netns', 'del', name]);
  }
}

/** Real connection attempts; outcomes in the order of the targets. */
export async function outcomes(
  from: { readonly netns: string; readonly peer?: Peer },
  targets: readonly { readonly address: string; readonly port: number }[],
): Promise<ProbeResult['outcome'][]> {
  const asked = targets.map((target) => ({ ...target, protocol: 'TCP' as const, path: '/', timeoutMs: 600 }));
  const results = from.peer
    ? ((await from.peer.ask({ do: 'probe', targets: asked })) as ProbeResult[])
    : await probeFrom(from.netns, asked);
  return results.map((result) => result.outcome);
}

/** One attempt over each family; what came of it, e.g. `CONNECTED CONNECTED`. */
export async function reach(
  from: { readonly netns: string; readonly peer?: Peer },
  to: Pick<RuleEndpoint, 'ipv4' | 'ipv6'>,
  port: number,
): Promise<string> {
  return (
    await outcomes(
      from,
      [to.ipv4, to.ipv6].map((address) => ({ address, port })),
    )
  ).join(' ');
}

export const open = 'CONNECTED CONNECTED';
export const dropped = 'TIMED_OUT TIMED_OUT';
