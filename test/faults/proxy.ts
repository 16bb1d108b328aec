/**
 * A TCP proxy that breaks the way between a client and its server as a test says: PostgreSQL, NATS, HTTP.
 *
 * What is passed on keeps its order, and what isn't passed on is lost for good, as with a real network that ends in a
 * reset. Random choices come from the seed.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Cut, Direction, Fault } from './proxy-faults.ts';
import { createLane, type Lane } from './proxy-lane.ts';
import { type Protocol, protocolOf } from './proxy-protocols.ts';
import { seeded } from './random.ts';

export interface FaultProxy {
  readonly port: number;
  /** As the target's, with this proxy's address. */
  readonly url: string;
  /** Replaces the faults that were set. */
  set(...faults: readonly Fault[]): Promise<void>;
  /** The way is whole again for new connections. One that has lost something stays lost: its bytes would no longer fit. */
  clear(): Promise<void>;
  /** Resets what is connected at the moment. */
  cut(): void;
  /** Cuts the next connection on which the client sends `text`, and resolves when that is done. Cuts are made in the order of the calls. */
  cutAt(text: string, cut: Cut): Promise<void>;
  /** Requests that were cut so far. */
  cuts(): number;
  /** Connections at the moment. */
  connections(): number;
  stop(): Promise<void>;
}

interface Link {
  readonly client: Socket;
  readonly server: Socket;
  readonly lanes: Readonly<Record<Direction, Lane>>;
}

interface PlannedCut {
  readonly text: string;
  readonly cut: Cut;
  readonly done: () => void;
}

/** After how long one side notices that the other is gone, where that couldn't be told. */
const KEEPALIVE_MS = 2000;

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });

export async function startProxy(target: string, options: { seed?: number } = {}): Promise<FaultProxy> {
  const to = new URL(target);
  const protocol: Protocol = protocolOf(to);
  const random = seeded(options.seed ?? 1);
  const links = new Set<Link>();
  const planned: PlannedCut[] = [];
  let faults: readonly Fault[] = [];
  let cutting: ReturnType<typeof setInterval> | undefined;
  let server: Server | null = null;
  let cuts = 0;
  const current = () => faults;

  /** A reset, not an orderly end: the other side must not take it for a goodbye. */
  function reset(link: Link): void {
    links.delete(link);
    for (const lane of Object.values(link.lanes)) lane.stop();
    link.client.resetAndDestroy();
    link.server.resetAndDestroy();
  }

  /** The cut that this request is due for, if any. */
  function due(chunk: Buffer): { cut: Cut; done: () => void } | null {
    const next = planned[0];
    if (next && chunk.includes(next.text)) return planned.shift() ?? null;
    for (const fault of faults) {
      if (fault.kind !== 'cut-requests' || !chunk.includes(fault.text) || random() >= fault.share) continue;
      return { cut: fault.cut, done: () => {} };
    }
    return null;
  }

  function open(client: Socket): void {
    const upstream = connect({ port: Number(to.port), host: to.hostname, allowHalfOpen: true });
    for (const socket of [client, upstream]) socket.setNoDelay(true);
    const link: Link = {
      client,
      server: upstream,
      lanes: {
        'to-server': createLane({ from: client, to: upstream, direction: 'to-server', faults: current, random }),
        'to-client': createLane({ from: upstream, to: client, direction: 'to-client', faults: current, random }),
      },
    };
    links.add(link);
    /** Set once an answer is awaited that is to be swallowed. */
    let swallowing: { answered: (chunk: Buffer) => boolean; done: () => void } | null = null;

    client.on('data', (chunk: Buffer) => {
      const cut = swallowing ? null : due(chunk);
      if (!cut) return link.lanes['to-server'].pass(chunk);
      cuts += 1;
      if (cut.cut === 'before') {
        reset(link);
        return cut.done();
      }
      if (cut.cut === 'after') {
        swallowing = { answered: protocol.answerTo(chunk), done: cut.done };
        return link.lanes['to-server'].pass(chunk);
      }
      // Handed to the kernel's buffers of this machine it reaches the server also where the socket then goes: an orderly
      // end towards the server, a reset towards the client.
      links.delete(link);
      upstream.end(chunk, () => {
        client.resetAndDestroy();
        cut.done();
      });
    });
    upstream.on('data', (chunk: Buffer) => {
      if (!swallowing) return link.lanes['to-client'].pass(chunk);
      if (!swallowing.answered(chunk)) return;
      const { done } = swallowing;
      reset(link);
      done();
    });
    for (const [from, lane] of [
      [client, link.lanes['to-server']],
      [upstream, link.lanes['to-client']],
    ] as const) {
      from.on('end', () => lane.end());
      from.on('error', () => reset(link));
      from.on('close', () => {
        if (client.closed && upstream.closed) links.delete(link);
        // Nobody tells the other side through a black hole: its kernel finds out by itself.
        else if (lane.hasLost()) setTimeout(() => reset(link), KEEPALIVE_MS).unref();
      });
    }
  }

  const cut = () => {
    for (const link of [...links]) reset(link);
  };

  async function close(): Promise<void> {
    const old = server;
    server = null;
    if (!old) return;
    const closed = new Promise<void>((resolve) => old.close(() => resolve()));
    cut();
    await closed;
  }

  async function start(port: number): Promise<number> {
    server = createServer({ allowHalfOpen: true }, open);
    return listen(server, port);
  }

  const port = await start(0);
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String(port);

  async function set(...next: readonly Fault[]): Promise<void> {
    clearInterval(cutting);
    faults = next;
    for (const fault of next) if (fault.kind === 'cut-every') cutting = setInterval(cut, fault.ms);
    if (next.some(({ kind }) => kind === 'refuse')) await close();
    else if (!server) await start(port);
  }

  return {
    port,
    url: url.href,
    set,
    clear: () => set(),
    cut,
    cutAt: (text, when) => new Promise((done) => planned.push({ text, cut: when, done })),
    cuts: () => cuts,
    connections: () => links.size,
    async stop() {
      clearInterval(cutting);
      await close();
    },
  };
}
