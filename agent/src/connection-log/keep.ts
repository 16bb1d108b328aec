/**
 * Keeps the node's part of tenants' connection logs. What rules hand to the node's netlink group is read by ulogd, where the node's
 * network is, as long as there are rules that log; it writes to a FIFO that only this process reads. What came before this process is
 * not kept. Level-triggered: each run looks whether ulogd is needed, and whether it is there.
 */
import { constants, openSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { Id } from '@atoll/schema/ids';
import type { ConnectionLogRequest, LoggedConnection } from '@atoll/schema/node/connection-log';
import { canonicalAddress } from '@atoll/schema/node/decide';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import type { Logger } from '@atoll/service/log';
import { loggingPolicies } from '../plan/tally.ts';
import { families } from '../render/family.ts';
import type { NodeNames } from '../render/names.ts';
import { commandsIn } from '../sandbox/commands.ts';
import { readLine } from './line.ts';
import { createConnectionLog } from './ring.ts';
import { startUlogd, type Ulogd } from './ulogd.ts';

/** A line is some 800 characters. */
const longestLine = 16_384;

export interface ConnectionLogKeeper {
  /** The rules of the document are in force. */
  ensure(document: DesiredNetwork | null): Promise<void>;
  /** `since`: from when on it is kept; null where it isn't. */
  read(request: ConnectionLogRequest): {
    readonly since: string | null;
    readonly connections: LoggedConnection[];
    readonly more: boolean;
  };
  /** Ends what it has started. An agent that stops logs nothing. */
  stop(): Promise<void>;
}

/** Where nothing runs nothing is decided. */
export function noConnectionLog(): ConnectionLogKeeper {
  const since = new Date().toISOString();
  return { async ensure() {}, read: () => ({ since, connections: [], more: false }), async stop() {} };
}

/** Whole lines of a stream; one that is too long is none. */
function linesOf(take: (line: string) => void): (chunk: string) => void {
  let rest = '';
  return (chunk) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) rest = '';
    for (const line of lines) take(line);
  };
}

export function keepConnectionLog(options: {
  stateDir: string;
  netns: string | null;
  names: NodeNames;
  log: Logger;
}): ConnectionLogKeeper {
  const { stateDir, netns, names, log } = options;
  const commands = commandsIn(netns);
  const fifo = join(stateDir, 'connections.fifo');
  const config = join(stateDir, 'ulogd.conf');
  const kept = createConnectionLog();
  /** Of the endpoints of the rules in force, by address. */
  let endpoints: ReadonlyMap<string, Id<'instance'>> = new Map();
  let known: DesiredNetwork | null = null;
  let reader: Socket | null = null;
  let ulogd: Ulogd | null = null;
  let since: string | null = null;

  function learn(document: DesiredNetwork): void {
    if (document === known) return;
    known = document;
    const ends = document.rules.endpoints;
    endpoints = new Map(
      ends.flatMap((end) => families.map((family) => [canonicalAddress(end[family]), end.instanceId] as const)),
    );
  }

  function take(line: string): void {
    const packet = readLine(names, line, () => new Date());
    if (packet === null) return;
    const guarded = packet.direction === 'egress' ? packet.source : packet.destination;
    kept.add(packet, endpoints.get(guarded) ?? null);
  }

  async function openReader(): Promise<void> {
    if (reader !== null) return;
    await mkdir(stateDir, { recursive: true, mode: 0o700 });
    await rm(fifo, { force: true });
    await commandsIn(null).run('mkfifo', ['-m', '600', fifo]);
    // For writing, too: so that it opens at once, and has no end while ulogd comes and goes.
    const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    const socket = new Socket({ fd, readable: true, writable: false });
    socket.setEncoding('utf8').on('data', linesOf(take));
    socket.on('error', (error) => {
      log.warn({ err: error }, 'what ulogd writes can no longer be read');
      socket.destroy();
      if (reader === socket) reader = null;
    });
    reader = socket;
  }

  async function end(): Promise<void> {
    since = null;
    await ulogd?.end();
    ulogd = null;
  }

  return {
    async ensure(document) {
      if (document === null) return;
      learn(document);
      const how = ulogd?.ended() ?? null;
      if (how !== null) {
        log.warn({ how }, 'ulogd has ended: connections are not logged until it runs again');
        await end();
      }
      if (loggingPolicies(document.rules).size === 0) return end();
      if (ulogd !== null) return;
      await openReader();
      ulogd = await startUlogd({ commands, netns, group: names.logGroup, config, fifo });
      since = new Date().toISOString();
      log.info({ group: names.logGroup }, 'connections are logged');
    },
    read: (request) => ({ since, ...kept.read(request, Date.now()) }),
    async stop() {
      await end();
      reader?.destroy();
      reader = null;
      await rm(fifo, { force: true });
    },
  };
}
