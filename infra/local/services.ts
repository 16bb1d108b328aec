/** The control plane's processes. */
import { fileURLToPath } from 'node:url';
import { type Context, contexts } from '@atoll/schema/contexts';
import { childEnvironment } from './environment.ts';
import { pageReadiness } from './http.ts';
import type { Nats } from './nats.ts';
import type { Database } from './postgres.ts';
import { READER, roleOf } from './roles.ts';
import type { ProcessSpec } from './supervisor.ts';

interface ServiceOptions {
  readonly database: Database;
  readonly nats: Nats;
  /** Health ports by the name of the process. */
  readonly healthPort: (name: string) => number;
  readonly needs: readonly string[];
}

function serviceSpec(
  name: string,
  { database, nats, healthPort, needs }: ServiceOptions,
  added: Readonly<Record<string, string>>,
): ProcessSpec {
  const main = fileURLToPath(new URL(`../../services/${name}/src/main.ts`, import.meta.url));
  const port = healthPort(name);
  return {
    name,
    needs,
    async launch() {
      return {
        command: process.execPath,
        args: [main],
        env: childEnvironment({
          ATOLL_NATS_URL: nats.userUrl(name),
          ATOLL_DATABASE_URL: database.roleUrl(roleOf(name)),
          ATOLL_HEALTH_PORT: String(port),
          ...added,
        }),
        channel: true,
      };
    },
    ready: () => pageReadiness(`http://127.0.0.1:${port}/readyz`),
    stopSignal: 'SIGTERM',
    stopGraceMs: 20_000,
  };
}

export function contextSpecs(
  options: ServiceOptions,
  { registries, dataKeys }: { registries: readonly string[]; dataKeys: string },
): readonly ProcessSpec[] {
  const special: Record<Context, Readonly<Record<string, string>>> = {
    tenancy: { ATOLL_DATA_KEY_FILE: dataKeys },
    deploy: { ATOLL_REGISTRIES: registries.join(',') },
    network: {},
  };
  return contexts.map((context) => serviceSpec(context, options, special[context]));
}

/** The issuer that people log in at. */
export function issuerSpec(
  options: ServiceOptions,
  issuer: { port: number; url: string; loginFile: string },
): ProcessSpec {
  const main = fileURLToPath(new URL('../issuer/main.ts', import.meta.url));
  const port = options.healthPort('issuer');
  return {
    name: 'issuer',
    needs: options.needs,
    async launch() {
      return {
        command: process.execPath,
        args: [main],
        env: childEnvironment({
          ATOLL_DATABASE_URL: options.database.roleUrl(roleOf('issuer')),
          ATOLL_HEALTH_PORT: String(port),
          ATOLL_PORT: String(issuer.port),
          ATOLL_PUBLIC_URL: issuer.url,
          ATOLL_LOGIN_FILE: issuer.loginFile,
        }),
        channel: true,
      };
    },
    ready: () => pageReadiness(`http://127.0.0.1:${port}/readyz`),
    stopSignal: 'SIGTERM',
    stopGraceMs: 20_000,
  };
}

export function gatewaySpec(
  options: ServiceOptions,
  gateway: { port: number; publicUrl: string; issuerKeyFile: string; logKeyFile: string; logHeadsFile: string },
): ProcessSpec {
  return serviceSpec('gateway', options, {
    ATOLL_READER_DATABASE_URL: options.database.roleUrl(READER),
    ATOLL_HOST: '127.0.0.1',
    ATOLL_PORT: String(gateway.port),
    ATOLL_PUBLIC_URL: gateway.publicUrl,
    ATOLL_ISSUER_KEY_FILE: gateway.issuerKeyFile,
    // Everything here is on this machine, an issuer too.
    ATOLL_PRIVATE_ISSUERS: process.env.ATOLL_PRIVATE_ISSUERS ?? 'loopback',
    ATOLL_LOG_KEY_FILE: gateway.logKeyFile,
    ATOLL_LOG_HEADS_FILE: gateway.logHeadsFile,
  });
}
