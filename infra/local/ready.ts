/** ready.json: how programs find the running platform. Its format is described in docs/operations.md. */
import { rmSync } from 'node:fs';
import { writeJson } from '../process/files.ts';
import type { RunningProcess } from './supervisor.ts';

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
  /** Where people log in, and as whom. */
  readonly login: {
    readonly issuer: string;
    /** Of programs on a person's own machine. */
    readonly clientId: string;
    /** Of pages of the platform. */
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
  /** The first node; null without any. */
  readonly node: { readonly name: string; readonly runtime: string } | null;
  /** host:port; null without one. */
  readonly registry: string | null;
}

export const writeReady = (path: string, ready: Ready): void => writeJson(path, ready);

export const removeReady = (path: string): void => rmSync(path, { force: true });
