/**
 * One end of test traffic, run inside a network namespace: does what JSON lines on its standard input say, and answers
 * each with a line. Servers echo; datagrams are kept with their source.
 */
import { createHash, randomBytes } from 'node:crypto';
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { decode, encode, type OptAnswer, RECURSION_DESIRED } from 'dns-packet';
import { type ProbeTarget, probe } from '../../src/probe/probe.ts';

export type PeerCommand =
  | { readonly do: 'listen'; readonly protocol: 'TCP' | 'UDP'; readonly port: number }
  /** Results in the order of the targets. */
  | { readonly do: 'probe'; readonly targets: readonly ProbeTarget[] }
  /** Opens a connection and keeps it under `name`; answers whether it came about. */
  | { readonly do: 'open'; readonly name: string; readonly address: string; readonly port: number }
  /** Sends a line over it; answers whether the echo came. */
  | { readonly do: 'say'; readonly name: string }
  /** Writes a line to everybody who is connected here, unasked. */
  | { readonly do: 'push' }
  /** Waits for a line on an open connection that wasn't heard yet. */
  | { readonly do: 'hear'; readonly name: string }
  | {
      readonly do: 'send';
      readonly address: string;
      readonly port: number;
      readonly from: string | null;
      /** Of `from`; any where left out. */
      readonly fromPort?: number;
      readonly text: string;
    }
  /** Asks a name server; answers with a `DnsAnswer`. */
  | {
      readonly do: 'dns';
      readonly server: string;
      readonly port: number;
      readonly name: string;
      readonly type: 'A' | 'AAAA' | 'SRV' | 'TXT' | 'HTTPS';
      readonly transport: 'udp' | 'tcp';
      /** Room for the answer, where that is said. */
      readonly edns: number | null;
      /** How long it waits, in milliseconds; left out: as long as usual. */
      readonly patienceMs?: number;
    }
  /** Asks so often, and waits for nothing. */
  | { readonly do: 'flood'; readonly server: string; readonly port: number; readonly count: number }
  /** Sends a datagram that begins with `echo`, which a listener sends back; answers whether it did, to the socket that asked. */
  | { readonly do: 'exchange'; readonly address: string; readonly port: number; readonly text: string }
  /** So many connections, one after the other, a line and its echo over each; answers how many went wrong. */
  | { readonly do: 'visit'; readonly address: string; readonly port: number; readonly times: number }
  /** How many connections have come in so far. */
  | { readonly do: 'accepted' }
  /** Sends so many bytes to an echo, and answers whether they all came back as they were. */
  | { readonly do: 'transfer'; readonly address: string; readonly port: number; readonly bytes: number }
  /** Where connections and datagrams came from, in their order. */
  | { readonly do: 'sources' }
  /** Texts of all datagrams so far. */
  | { readonly do: 'received' };

export interface DnsAnswer {
  readonly rcode: string;
  readonly data: readonly unknown[];
  readonly truncated: boolean;
}

const patienceMs = 1500;
const stalledMs = 10_000;
const sockets = new Map<string, Socket>();
const accepted = new Set<Socket>();
const received: string[] = [];
const sources: string[] = [];
/** An IPv4 address as such, also on a socket of both families. */
const plain = (address: string) => address.replace(/^::ffff:/, '');
let everAccepted = 0;
const udp: UdpSocket[] = [];

function within(work: (done: (answer: boolean) => void) => void): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), patienceMs);
    work((answer) => {
      clearTimeout(timer);
      resolve(answer);
    });
  });
}

async function transfer({ address, port, bytes }: { address: string; port: number; bytes: number }): Promise<boolean> {
  const block = randomBytes(1 << 20);
  const [sent, came] = [createHash('sha256'), createHash('sha256')];
  const socket = connect({ host: address, port });
  socket.setTimeout(stalledMs, () => socket.destroy(new Error('stalled')));
  await once(socket, 'connect');
  const all = (async () => {
    let count = 0;
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      came.update(chunk);
      count += chunk.length;
      if (count >= bytes) return;
    }
  })();
  all.catch(() => socket.destroy());
  for (let left = bytes; left > 0; left -= block.length) {
    const part = block.subarray(0, Math.min(left, block.length));
    sent.update(part);
    if (!socket.write(part)) await once(socket, 'drain');
  }
  await all;
  socket.destroy();
  return sent.digest('hex') === came.digest('hex');
}

function overUdp(server: string, port: number, question: Buffer, ms: number): Promise<Buffer | null> {
  const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
  return new Promise<Buffer | null>((resolve) => {
    const timer = setTimeout(() => resolve(null), ms);
    socket.on('error', () => resolve(null));
    socket.once('message', (reply) => {
      clearTimeout(timer);
      resolve(reply);
    });
    socket.send(question, port, server);
  }).finally(() => socket.close());
}

function overTcp(server: string, port: number, question: Buffer, ms: number): Promise<Buffer | null> {
  const socket = connect({ host: server, port });
  const length = Buffer.alloc(2);
  length.writeUInt16BE(question.length, 0);
  return new Promise<Buffer | null>((resolve) => {
    let read = Buffer.alloc(0);
    const timer = setTimeout(() => resolve(null), ms);
    socket.on('error', () => resolve(null));
    socket.on('data', (data) => {
      read = Buffer.concat([read, data]);
      if (read.length < 2 || read.length < 2 + read.readUInt16BE(0)) return;
      clearTimeout(timer);
      resolve(read.subarray(2));
    });
    socket.write(Buffer.concat([length, question]));
  }).finally(() => socket.destroy());
}

function visit({ address, port }: { address: string; port: number }): Promise<boolean> {
  const socket = connect({ host: address, port });
  return new Promise<boolean>((resolve) => {
    const timer = setTimeout(() => resolve(false), stalledMs);
    socket.once('connect', () => socket.write('visit\n'));
    socket.once('data', () => {
      clearTimeout(timer);
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  }).finally(() => socket.destroy());
}

async function carryOut(command: PeerCommand): Promise<unknown> {
  switch (command.do) {
    case 'listen': {
      if (command.protocol === 'TCP') {
        const server = createServer((socket) => {
          accepted.add(socket);
          everAccepted += 1;
          sources.push(plain(socket.remoteAddress ?? ''));
          socket.on('error', () => {}).pipe(socket);
        });
        return within((done) => server.listen(command.port, '::', () => done(true)));
      }
      const socket = createSocket({ type: 'udp6' });
      socket.on('message', (message, from) => {
        received.push(message.toString());
        sources.push(plain(from.address));
        if (message.toString().startsWith('echo')) socket.send(message, from.port, from.address);
      });
      udp.push(socket);
      return within((done) => socket.bind(command.port, '::', () => done(true)));
    }
    case 'probe':
      return Promise.all(command.targets.map(probe));
    case 'open': {
      const socket = connect({ host: command.address, port: command.port });
      sockets.set(command.name, socket);
      return within((done) => {
        socket.once('connect', () => done(true));
        socket.on('error', () => done(false));
      });
    }
    case 'say': {
      const socket = sockets.get(command.name);
      return within((done) => {
        socket?.once('data', () => {
          socket.pause();
          done(true);
        });
        socket?.resume().write('hello\n');
      });
    }
    case 'push':
      for (const socket of accepted) socket.write('pushed\n');
      return true;
    case 'hear': {
      const socket = sockets.get(command.name);
      return within((done) => socket?.once('data', () => done(true)).resume());
    }
    case 'send': {
      const socket = createSocket(command.address.includes(':') ? 'udp6' : 'udp4');
      return within((done) => {
        socket.on('error', () => done(false));
        const send = () =>
          socket.send(command.text, command.port, command.address, (error) => {
            done(error === null);
            if (command.fromPort !== undefined) socket.close();
          });
        if (command.from === null) send();
        else socket.bind({ address: command.from, port: command.fromPort ?? 0 }, send);
      });
    }
    case 'dns': {
      const { server, port, name, type, transport, edns } = command;
      const opt: OptAnswer = {
        ...{ type: 'OPT', name: '.', udpPayloadSize: edns ?? 0, extendedRcode: 0 },
        ...{ ednsVersion: 0, flags: 0, flag_do: false, options: [] },
      };
      const known = type === 'HTTPS' ? 'NULL' : type;
      const question = encode({
        ...{ type: 'query', id: 7, flags: RECURSION_DESIRED, questions: [{ type: known, name }] },
        additionals: edns === null ? [] : [opt],
      });
      // `dns-packet` doesn't know its number.
      if (type === 'HTTPS') question.writeUInt16BE(65, 12 + name.length + 2);
      const asking = transport === 'udp' ? overUdp : overTcp;
      const reply = await asking(server, port, question, command.patienceMs ?? patienceMs);
      if (reply === null) return { rcode: 'NONE', data: [], truncated: false } satisfies DnsAnswer;
      const { answers = [], flag_tc: truncated, ...rest } = decode(reply);
      const data = answers.map((one) => ('data' in one ? one.data : null));
      return { rcode: (rest as { rcode?: string }).rcode ?? '', data, truncated } satisfies DnsAnswer;
    }
    case 'flood': {
      const socket = createSocket('udp4');
      const question = encode({ type: 'query', id: 1, questions: [{ type: 'A', name: 'x.atoll.internal' }] });
      socket.on('error', () => {});
      for (let sent = 0; sent < command.count; sent++) {
        await new Promise<void>((resolve) => socket.send(question, command.port, command.server, () => resolve()));
      }
      socket.close();
      return true;
    }
    case 'exchange':
      return (
        (await overUdp(command.address, command.port, Buffer.from(command.text), patienceMs))?.toString() ===
        command.text
      );
    case 'visit': {
      let wrong = 0;
      for (let done = 0; done < command.times; done++) wrong += (await visit(command)) ? 0 : 1;
      return wrong;
    }
    case 'accepted':
      return everAccepted;
    case 'transfer':
      return transfer(command).catch(() => false);
    case 'sources':
      return sources;
    case 'received':
      return received;
    default:
      return command satisfies never;
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await carryOut(JSON.parse(line) as PeerCommand))}\n`);
}
process.exit(0);
