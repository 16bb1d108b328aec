/** The nodes of this home, and their agents. */
import { existsSync, mkdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Id, id } from '@atoll/schema/ids';
import { ExecError, exec } from '@atoll/service/exec';
import { newId } from '@atoll/service/ids';
import { z } from 'zod';
import { readJson, writeJson } from '../process/files.ts';
import { childEnvironment } from './environment.ts';
import type { Home } from './home.ts';
import { pageReadiness } from './http.ts';
import { publicInterface } from './public-range.ts';
import type { Runtime } from './runtime.ts';
import { plugNode, segmentAddress } from './segment.ts';
import type { ProcessSpec } from './supervisor.ts';

const agentMain = fileURLToPath(new URL('../../agent/src/main.ts', import.meta.url));
const agentCleanup = fileURLToPath(new URL('../../agent/src/cleanup.ts', import.meta.url));

const nodesSchema = z.array(z.object({ name: z.string(), id: id('node') }));

export interface LocalNode {
  readonly name: string;
  readonly id: Id<'node'>;
  /** Name of the network namespace that is this node's host network; null for the machine's own (machine-network.ts). */
  readonly netns: string | null;
  /** From 1. */
  readonly number: number;
}

const netnsPath = (name: string) => join('/run/netns', name);

/**
 * All nodes that this home ever had keep their ids; the first `count` are to run. The first has the machine's network
 * namespace unless it is to be `apart`, or was when its platform was killed: then its pods are there.
 */
export function openNodes(
  home: Home,
  count: number,
  apart = false,
): { wanted: readonly LocalNode[]; known: readonly LocalNode[] } {
  const kept = readJson(home.nodes, nodesSchema) ?? [];
  while (kept.length < count) kept.push({ name: `node-${kept.length + 1}`, id: newId('node') });
  writeJson(home.nodes, kept);
  const known = kept.map((node, index) => {
    const netns = `atoll-${home.short}-n${index + 1}`;
    const machines = index === 0 && !apart && !existsSync(netnsPath(netns));
    return { ...node, number: index + 1, netns: machines ? null : netns };
  });
  return { wanted: known.slice(0, count), known };
}

async function makeNetns(name: string): Promise<void> {
  if (!existsSync(netnsPath(name))) await exec('ip', ['netns', 'add', name]);
  await exec('ip', ['-netns', name, 'link', 'set', 'lo', 'up']);
}

async function removeNetns(name: string): Promise<void> {
  if (existsSync(netnsPath(name))) await exec('ip', ['netns', 'delete', name]);
}

interface AgentOptions {
  readonly home: Home;
  readonly node: LocalNode;
  readonly runtime: Runtime;
  readonly natsUrl: string;
  readonly healthPort: number;
  /** Among how many nodes the machine's processors and memory are shared out. */
  readonly share: number;
}

function agentEnvironment({ home, node, runtime, natsUrl, healthPort, share }: AgentOptions): NodeJS.ProcessEnv {
  const wired = runtime.kind === 'docker';
  return childEnvironment({
    ATOLL_NATS_URL: natsUrl,
    ATOLL_HEALTH_PORT: String(healthPort),
    ATOLL_NODE_ID: node.id,
    ATOLL_NODE_NAME: node.name,
    ATOLL_STATE_DIR: home.nodeState(node.name),
    ATOLL_RUNTIME: runtime.kind,
    ...(wired ? { ATOLL_DOCKER_SOCKET: runtime.socket } : {}),
    ...(wired && node.netns ? { ATOLL_NODE_NETNS: netnsPath(node.netns) } : {}),
    ...(wired ? publicInterface(node) : {}),
    ...(share > 1
      ? {
          ...(wired ? { ATOLL_NODE_ADDRESS: segmentAddress(home, node.number) } : {}),
          ATOLL_CPU_MILLIS: String(Math.floor((availableParallelism() * 1000) / share)),
          ATOLL_MEMORY_MIB: String(Math.floor(totalmem() / 1024 / 1024 / share)),
        }
      : {}),
  });
}

/** Takes everything that a node has put on the machine away again; its agent must not run. */
export async function cleanUpNode(options: AgentOptions): Promise<void> {
  // After a restart of the machine the namespace is gone, and containers may still be there.
  if (options.runtime.kind === 'docker' && options.node.netns) await makeNetns(options.node.netns);
  try {
    await exec(process.execPath, [agentCleanup], { env: agentEnvironment(options), timeoutMs: 60_000 });
  } catch (error) {
    // It logs on stdout, as every process of ours.
    const said = error instanceof ExecError ? `\n${error.stdout.trim().split('\n').slice(-10).join('\n')}` : '';
    throw new Error(`What ${options.node.name} has put on this machine could not all be removed.${said}`, {
      cause: error,
    });
  }
  if (options.node.netns) await removeNetns(options.node.netns);
}

export function agentSpec(options: AgentOptions, needs: readonly string[]): ProcessSpec {
  const { home, node, runtime, healthPort, share } = options;
  return {
    name: agentName(node),
    needs,
    async launch() {
      mkdirSync(home.nodeState(node.name), { recursive: true, mode: 0o700 });
      if (runtime.kind === 'docker') {
        if (node.netns) await makeNetns(node.netns);
        if (share > 1) await plugNode(home, node.number, node.netns);
      }
      return {
        command: process.execPath,
        args: [agentMain],
        env: agentEnvironment(options),
        channel: true,
      };
    },
    ready: () => pageReadiness(`http://127.0.0.1:${healthPort}/readyz`),
    stopSignal: 'SIGTERM',
    stopGraceMs: 20_000,
    afterStop: () => cleanUpNode(options),
  };
}

export const agentName = (node: LocalNode) => `agent-${node.name.replace(/^node-/, '')}`;
