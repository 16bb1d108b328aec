/**
 * A name server of the operator's, run inside a network namespace: `upstream.ts <address> <port>`, UDP and TCP. Answers by the first
 * label of the name, well or badly, and writes the name of each question that reaches it as a line.
 */
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { type Answer, decode, encode, type Packet, TRUNCATED_RESPONSE } from 'dns-packet';

const [, , address = '', port = ''] = process.argv;
const a = (name: string, data: string): Answer => ({ type: 'A', name, ttl: 60, data });
const aaaa = (name: string, data: string): Answer => ({ type: 'AAAA', name, ttl: 60, data });

/** The data of an HTTPS record with one IPv4 hint, as RFC 9460 writes it. `dns-packet` knows no such type. */
const hint = (name: string, address: string): Answer => {
  const data = Buffer.from([0, 1, 0, 0, 4, 0, 4, ...address.split('.').map(Number)]);
  return { type: 'NULL', name, ttl: 60, data };
};
const HTTPS = 65;

/** Of a packet with one question and one answer of its name: both of that type. */
function typed(packet: Buffer, name: string, type: number): Buffer {
  const length = name.length + 2;
  packet.writeUInt16BE(type, 12 + length);
  packet.writeUInt16BE(type, 12 + length + 4 + length);
  return packet;
}

function answersTo(name: string, transport: 'udp' | 'tcp'): { answers: Answer[]; flags?: number } | null {
  switch (name.split('.')[0]) {
    case 'slow':
      return null;
    case 'big':
      return transport === 'udp'
        ? { answers: [], flags: TRUNCATED_RESPONSE }
        : { answers: Array.from({ length: 80 }, (_, n) => a(name, `203.0.113.${n}`)) };
    case 'pod':
      return { answers: [a(name, '203.0.113.5'), a(name, '10.64.1.2')] };
    case 'virtual':
      return { answers: [a(name, '10.127.0.1')] };
    case 'six':
      return { answers: [aaaa(name, 'fd61:746f:6c6c:1::2')] };
    case 'mapped':
      return { answers: [aaaa(name, '::ffff:10.127.0.1')] };
    case 'metadata':
      return { answers: [a(name, '169.254.169.254')] };
    case 'hint':
      return { answers: [hint(name, '10.127.0.1')] };
    case 'openhint':
      return { answers: [hint(name, '203.0.113.7')] };
    case 'chain':
      return {
        answers: [
          { type: 'CNAME', name, ttl: 60, data: 'vault.secret.atoll.internal' },
          a('vault.secret.atoll.internal', '203.0.113.6'),
        ],
      };
    case 'blocklist':
      return { answers: [a(name, '127.0.0.2')] };
    default:
      return { answers: [a(name, '203.0.113.5')] };
  }
}

function replies(packet: Buffer, transport: 'udp' | 'tcp'): Buffer[] {
  const { id, questions = [] } = decode(packet);
  const name = questions[0]?.name ?? '';
  process.stdout.write(`${name}\n`);
  const said = answersTo(name, transport);
  if (said === null || id === undefined) return [];
  const base: Packet = { type: 'response', id, flags: said.flags ?? 0, questions, answers: said.answers };
  if (name.includes('hint.')) {
    return [typed(encode({ ...base, questions: [{ type: 'NULL', name }] }), name, HTTPS)];
  }
  const right = encode(base);
  if (!name.startsWith('late.')) return [right];
  // Somebody else's first: of another question, and of another number.
  const other = encode({ ...base, questions: [{ type: 'A', name: 'other.example' }], answers: [a(name, '192.0.2.1')] });
  return [other, encode({ ...base, id: (id + 1) % 65_536, answers: [a(name, '192.0.2.2')] }), right];
}

const socket = createSocket('udp4');
socket.on('message', (packet, from) => {
  for (const reply of replies(packet, 'udp')) socket.send(reply, from.port, from.address);
});
socket.bind(Number(port), address);

createServer((connection) => {
  connection.on('error', () => {});
  connection.on('data', (data) => {
    for (const reply of replies(data.subarray(2), 'tcp')) {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(reply.length, 0);
      connection.write(Buffer.concat([length, reply]));
    }
  });
}).listen(Number(port), address, () => process.stdout.write('listening\n'));
