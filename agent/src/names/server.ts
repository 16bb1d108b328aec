/** The node's name server: UDP and TCP, both families. Who asks is known by the source address, which nobody can forge here. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { createServer, type Server, type Socket } from 'node:net';
import { type Bounds, createBounds } from './bounds.ts';
import { forward, type Upstream } from './forward.ts';
import { respond } from './respond.ts';
import type { NamesTable } from './table.ts';
import { type Guard, guardOf, vet } from './vet.ts';

const idleMs = 10_000;
const mostWaiting = 65_537 + 2;

export interface NameServer {
  close(): Promise<void>;
}

export interface NameServerOptions {
  /** Of both families. */
  readonly addresses: readonly string[];
  readonly port: number;
  /** The newest. */
  readonly table: () => NamesTable;
  readonly upstream: Upstream | null;
}

/** Resolves once it listens. The ports are shared with an older process of this node's, until that ends. */
export async function startNameServer(options: NameServerOptions): Promise<NameServer> {
  const bounds = createBounds();
  const known = knownAskers(options.table, bounds);
  const sockets: UdpSocket[] = [];
  const servers: Server[] = [];
  const open = new Set<Socket>();
  try {
    for (const address of options.addresses) {
      sockets.push(await listenUdp(options, bounds, known, address));
      servers.push(await listenTcp(options, bounds, known, address, open));
    }
  } catch (error) {
    for (const socket of sockets) socket.close();
    for (const server of servers) server.close();
    throw error;
  }
  return {
    async close() {
      for (const socket of sockets) socket.close();
      for (const socket of open) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

/** Looked up per table, not per packet. */
function knownAskers(table: () => NamesTable, bounds: Bounds): (asker: string) => boolean {
  let of: NamesTable | undefined;
  let askers: ReadonlySet<string> = new Set();
  return (asker) => {
    const now = table();
    if (of !== now) {
      of = now;
      askers = new Set([...Object.keys(now.askers), ...now.others]);
      bounds.keep(askers);
    }
    return askers.has(asker);
  };
}

const guards = new WeakMap<NamesTable, Guard>();
function guardFor(table: NamesTable): Guard {
  const known = guards.get(table) ?? guardOf(table);
  guards.set(table, known);
  return known;
}

async function reply(
  { table, upstream }: NameServerOptions,
  bounds: Bounds,
  asker: string,
  packet: Buffer,
  transport: 'udp' | 'tcp',
): Promise<Buffer | null> {
  const responded = respond(table(), asker, packet, transport, upstream !== null);
  switch (responded.kind) {
    case 'none':
      return null;
    case 'answer':
      return responded.packet;
    case 'outside': {
      if (upstream === null) return responded.refusal;
      if (!bounds.begin(asker, 'forwarded')) return responded.failure;
      const { question, failure } = responded;
      const guard = guardFor(table());
      try {
        return (await forward(upstream, packet, transport, (said) => vet(question, said, guard))) ?? failure;
      } finally {
        bounds.done(asker, 'forwarded');
      }
    }
    default:
      return responded satisfies never;
  }
}

function listenUdp(
  options: NameServerOptions,
  bounds: Bounds,
  known: (asker: string) => boolean,
  address: string,
): Promise<UdpSocket> {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', reusePort: true });
  socket.on('message', (packet, from) => {
    if (!known(from.address) || !bounds.ask(from.address, Date.now())) return;
    reply(options, bounds, from.address, packet, 'udp')
      .then((answer) => {
        if (answer !== null) socket.send(answer, from.port, from.address, () => {});
      })
      .catch(() => {});
  });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind({ address, port: options.port }, () => {
      socket.off('error', reject).on('error', () => {});
      resolve(socket);
    });
  });
}

function listenTcp(
  options: NameServerOptions,
  bounds: Bounds,
  known: (asker: string) => boolean,
  address: string,
  open: Set<Socket>,
): Promise<Server> {
  const server = createServer((socket) => {
    const asker = socket.remoteAddress ?? '';
    if (!known(asker) || !bounds.begin(asker, 'connections')) {
      socket.destroy();
      return;
    }
    open.add(socket);
    socket.setTimeout(idleMs, () => socket.destroy());
    socket.on('error', () => {});
    socket.once('close', () => {
      open.delete(socket);
      bounds.done(asker, 'connections');
    });
    // One question after the other: whoever doesn't read their answers isn't read from.
    let waiting = Buffer.alloc(0);
    let busy = false;
    const next = async (): Promise<void> => {
      if (busy || waiting.length < 2) return;
      const length = waiting.readUInt16BE(0);
      if (waiting.length < 2 + length) return;
      busy = true;
      const packet = waiting.subarray(2, 2 + length);
      waiting = waiting.subarray(2 + length);
      const answer = bounds.ask(asker, Date.now()) ? await reply(options, bounds, asker, packet, 'tcp') : null;
      if (answer === null) {
        socket.destroy();
        return;
      }
      const framed = Buffer.alloc(2 + answer.length);
      framed.writeUInt16BE(answer.length, 0);
      answer.copy(framed, 2);
      socket.write(framed, () => {
        busy = false;
        socket.resume();
        next().catch(() => socket.destroy());
      });
    };
    socket.on('data', (data) => {
      waiting = Buffer.concat([waiting, data]);
      if (waiting.length > mostWaiting) {
        socket.destroy();
        return;
      }
      if (busy) socket.pause();
      next().catch(() => socket.destroy());
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port: options.port, reusePort: true }, () => {
      server.off('error', reject).on('error', () => {});
      resolve(server);
    });
  });
}
