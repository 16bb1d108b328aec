/** The image registry on loopback: Debian's docker-registry, or any build of the CNCF distribution. */
import { join } from 'node:path';
import { writeWhole } from '../process/files.ts';
import { childEnvironment } from './environment.ts';
import type { Home } from './home.ts';
import { pageReadiness } from './http.ts';
import type { Secrets } from './secrets.ts';
import type { ProcessSpec } from './supervisor.ts';

// The distribution reads its configuration as YAML, of which JSON is a part.
const config = (home: Home, port: number, secret: string) => ({
  version: 0.1,
  log: { level: 'warn', accesslog: { disabled: true } },
  storage: {
    filesystem: { rootdirectory: join(home.registry, 'data') },
    delete: { enabled: true },
    maintenance: { uploadpurging: { enabled: true, age: '24h', interval: '1h', dryrun: false } },
  },
  http: { addr: `127.0.0.1:${port}`, secret },
});

export function registrySpec(home: Home, port: number, program: string, secrets: Secrets): ProcessSpec {
  return {
    name: 'registry',
    needs: [],
    async launch() {
      const file = join(home.registry, 'config.yml');
      writeWhole(file, JSON.stringify(config(home, port, secrets.password('registry'))));
      return { command: program, args: ['serve', file], env: childEnvironment({}), channel: false };
    },
    ready: () => pageReadiness(`http://127.0.0.1:${port}/v2/`),
    stopSignal: 'SIGTERM',
    stopGraceMs: 10_000,
  };
}
