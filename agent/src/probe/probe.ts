/** One real connection, from the network namespace that this process is in. */
import { get } from 'node:http';
import { connect } from 'node:net';
import type { ProbeReply } from '@atoll/schema/node/live';

export interface ProbeTarget {
  readonly address: string;
  readonly port: number;
  readonly protocol: 'TCP' | 'HTTP';
  readonly path: string;
  readonly timeoutMs: number;
}
export type ProbeResult = Omit<ProbeReply, 'simulated'>;

const maxBody = 1024;

const outcomeOfCode: Readonly<Record<string, ProbeReply['outcome']>> = {
  ECONNREFUSED: 'REFUSED',
  ETIMEDOUT: 'TIMED_OUT',
  EHOSTUNREACH: 'UNREACHABLE',
  ENETUNREACH: 'UNREACHABLE',
  EADDRNOTAVAIL: 'UNREACHABLE',
  EINVAL: 'UNREACHABLE',
  EACCES: 'UNREACHABLE',
  EPERM: 'UNREACHABLE',
};

/** Never rejects: every end is an outcome. */
export function probe(target: ProbeTarget): Promise<ProbeResult> {
  const began = performance.now();
  return new Promise((resolve) => {
    let connected = false;
    const timer = setTimeout(() => finish('TIMED_OUT'), target.timeoutMs);

    function finish(outcome: ProbeReply['outcome'], status: number | null = null, body: string | null = null): void {
      clearTimeout(timer);
      request.destroy();
      // Who accepted the connection was reached, however it answers then.
      const reached = connected && outcome !== 'REFUSED' ? 'CONNECTED' : outcome;
      resolve({
        outcome: reached,
        millis: Math.round((performance.now() - began) * 10) / 10,
        httpStatus: status,
        httpBody: body,
      });
    }
    const onError = (error: NodeJS.ErrnoException) => {
      finish(connected ? 'CONNECTED' : (outcomeOfCode[error.code ?? ''] ?? 'UNREACHABLE'));
    };

    const request = target.protocol === 'TCP' ? tcp() : http();

    function tcp() {
      const socket = connect({ host: target.address, port: target.port });
      socket.once('connect', () => {
        connected = true;
        finish('CONNECTED');
      });
      socket.on('error', onError);
      return socket;
    }

    function http() {
      const asked = get({ host: target.address, port: target.port, path: target.path, agent: false }, (response) => {
        const status = response.statusCode ?? null;
        const chunks: Buffer[] = [];
        let length = 0;
        const done = () => finish('CONNECTED', status, Buffer.concat(chunks).subarray(0, maxBody).toString('utf8'));
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          length += chunk.length;
          if (length >= maxBody) done();
        });
        response.once('end', done);
        response.once('error', done);
      });
      asked.once('socket', (socket) =>
        socket.once('connect', () => {
          connected = true;
        }),
      );
      asked.on('error', onError);
      return asked;
    }
  });
}
