/** Free TCP ports on loopback. */
import { createServer } from 'node:net';

/** Resolves to `port` (0: any free one) where it can be listened on, else to null. */
export function tryPort(port: number): Promise<number | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(null));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : null));
    });
  });
}

/** The wanted port where it is free, else any free one. */
export async function freePort(wanted = 0): Promise<number> {
  const found = (await tryPort(wanted)) ?? (await tryPort(0));
  if (found === null) throw new Error('There is no free TCP port on 127.0.0.1.');
  return found;
}
