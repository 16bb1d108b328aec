/** ready.json, as docs/operations.md describes it. */
import { readFileSync } from 'node:fs';

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
}

export interface Ready {
  readonly graphqlUrl: string;
  readonly subscriptionsUrl: string;
  readonly tokens: {
    readonly operator: string;
    readonly tenants: readonly {
      readonly id: string;
      readonly name: string;
      readonly owner: string;
      readonly admin: string;
      readonly developer: string;
      readonly viewer: string;
    }[];
  };
  readonly login: {
    readonly issuer: string;
    readonly clientId: string;
    readonly portalClientId: string;
    readonly users: readonly {
      readonly login: string;
      readonly password: string;
      readonly tenant: string;
      readonly role: string;
    }[];
  };
  readonly databaseUrl: string;
  readonly natsUrl: string;
  readonly processes: readonly RunningProcess[];
  readonly node: { readonly name: string; readonly runtime: string } | null;
  readonly registry: string | null;
}

/** Null where there is none yet. */
export function readReady(path: string): Ready | null {
  try {
    const ready: Ready = JSON.parse(readFileSync(path, 'utf8'));
    return ready;
  } catch {
    return null;
  }
}
