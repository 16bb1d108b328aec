/** Questions outside of the zone, passed on to one server of the operator's where there is one: packet for packet. */
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { connect, isIPv6 } from 'node:net';
import type { Vetted } from './vet.ts';

const patienceMs = 3000;

export interface Upstream {
  readonly address: string;
  readonly port: number;
}

/** The answer under the question's own id; null where there is none to pass on: it didn't come in time, or isn't taken. */
export function forward(
  upstream: Upstream,
  packet: Buffer,
  transport: 'udp' | 'tcp',
  judge: (reply: Buffer) => Vetted,
): Promise<Buffer | null> {
  const id = packet.readUInt16BE(0);
  const asked = Buffer.from(packet);
  // Drawn anew: who can't see the question can't answer it.
  asked.writeUInt16BE(randomInt(65_536), 0);
  const sent = asked.readUInt16BE(0);
  const answered = (reply: Buffer): Buffer | 'other' | null => {
    if (reply.length < 12 || reply.readUInt16BE(0) !== sent || (reply[2] ?? 0) < 0x80) return 'other';
    const vetted = judge(reply);
    if (vetted !== 'taken') return vetted === 'other' ? 'other' : null;
    const own = Buffer.from(reply);
    own.writeUInt16BE(id, 0);
    return own;
  };
  return transport === 'udp' ? overUdp(upstream, asked, answered) : overTcp(upstream, asked, answered);
}

type Answered = (reply: Buffer) => Buffer | 'other' | null;

function overUdp({ address, port }: Upstream, asked: Buffer, answered: Answered): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    const end = (reply: Buffer | null) => {
      clearTimeout(timer);
      socket.close();
      resolve(reply);
    };
    const timer = setTimeout(() => end(null), patienceMs);
    socket.once('error', () => end(null));
    socket.on('message', (reply) => {
      const own = answered(reply);
      // The right one may still come.
      if (own !== 'other') end(own);
    });
    // Connected: the kernel takes answers from this server only.
    socket.connect(port, address, () => socket.send(asked));
  });
}

function overTcp({ address, port }: Upstream, asked: Buffer, answered: Answered): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    let read = Buffer.alloc(0);
    const end = (reply: Buffer | null) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(reply);
    };
    const timer = setTimeout(() => end(null), patienceMs);
    socket.once('error', () => end(null));
    socket.once('close', () => end(null));
    socket.on('data', (data) => {
      read = Buffer.concat([read, data]);
      if (read.length < 2 || read.length < 2 + read.readUInt16BE(0)) return;
      const own = answered(read.subarray(2, 2 + read.readUInt16BE(0)));
      end(own === 'other' ? null : own);
    });
    const length = Buffer.alloc(2);
    length.writeUInt16BE(asked.length, 0);
    socket.write(Buffer.concat([length, asked]));
  });
}
