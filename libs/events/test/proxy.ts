/** A TCP proxy that cuts connections where a test says so: the network between a process and its server. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** `before`: what the client sends is lost. `after`: the server gets it and answers, and the answer is lost. */
export type Cut = 'before' | 'after';

export interface CuttingProxy {
  readonly url: string;
  /** Cuts the next connection on which the client sends `text`; resolves when it has, and (`after`) the server has answered. */
  cutAt(text: string, cut: Cut): Promise<void>;
  close(): Promise<void>;
}

export async function startProxy(target: string): Promise<CuttingProxy> {
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  let pending: { text: string; cut: Cut; done: () => void } | null = null;

  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    let answering: (() => void) | null = null;
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => {});
      from.on('close', () => {
        sockets.delete(from);
        if (!answering) to.destroy();
      });
    }
    client.on('data', (chunk) => {
      if (!pending || !chunk.includes(pending.text)) return void upstream.write(chunk);
      const { cut, done } = pending;
      pending = null;
      if (cut === 'before') {
        client.destroy();
        upstream.destroy();
        return done();
      }
      answering = done;
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (!answering) return void client.write(chunk);
      const done = answering;
      answering = null;
      client.destroy();
      upstream.destroy();
      done();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(target);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cutAt: (text, cut) =>
      new Promise((done) => {
        pending = { text, cut, done };
      }),
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
