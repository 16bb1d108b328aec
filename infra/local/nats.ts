/** The NATS server: one of this home, with users and JetStream, or one by URL. */
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Id } from '@atoll/schema/ids';
import { writeWhole } from '../process/files.ts';
import { childEnvironment } from './environment.ts';
import type { Home } from './home.ts';
import { ADMIN, natsUsers, renderNatsConfig } from './nats-config.ts';
import type { Secrets } from './secrets.ts';
import type { ProcessSpec } from './supervisor.ts';

export interface Nats {
  /** With all rights but the dangerous ones. */
  readonly adminUrl: string;
  /** Of a service (its name) or of a node (its id). */
  userUrl(user: string): string;
  readonly spec: ProcessSpec | null;
}

/** All use the one URL: users can't be made on a server that isn't ours. */
export const externalNats = (url: string): Nats => ({ adminUrl: url, userUrl: () => url, spec: null });

/** Null once the server greets with its INFO line. */
function greeting(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const done = (answer: string | null) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => done('no greeting'));
    socket.once('error', (error) => done(error.message));
    socket.once('data', (chunk) => done(chunk.toString().startsWith('INFO ') ? null : 'not a NATS server'));
  });
}

export function ownNats(home: Home, port: number, nodes: readonly Id<'node'>[], secrets: Secrets): Nats {
  const password = (user: string) => secrets.password(`nats:${user}`);
  const userUrl = (user: string) => `nats://${user}:${password(user)}@127.0.0.1:${port}`;
  const configFile = join(home.nats, 'nats.conf');
  return {
    adminUrl: userUrl(ADMIN),
    userUrl,
    spec: {
      name: 'nats',
      needs: [],
      async launch() {
        const users = natsUsers(nodes, password);
        writeWhole(configFile, renderNatsConfig({ port, storeDir: home.nats, users }));
        return {
          command: 'nats-server',
          args: ['-c', configFile],
          env: childEnvironment({}),
          channel: false,
        };
      },
      ready: () => greeting(port),
      stopSignal: 'SIGTERM',
      stopGraceMs: 10_000,
    },
  };
}
