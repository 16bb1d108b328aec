/** Where the platform is: the file that `npm start` writes once everything is up (docs/operations.md has its format). */
import { readFile } from 'node:fs/promises';

export interface Ready {
  readonly graphqlUrl: string;
  readonly subscriptionsUrl: string;
  readonly tokens: {
    readonly operator: string;
    readonly tenants: readonly {
      readonly id: string;
      readonly name: string;
      readonly admin: string;
      readonly viewer: string;
    }[];
  };
  /** Null where the platform runs no node. */
  readonly node: { readonly name: string; readonly runtime: string } | null;
  /** `host:port` of the registry that the examples may push to; null without one. */
  readonly registry: string | null;
}

/** Path: `ATOLL_READY`, or `.atoll/ready.json` where you are. */
export async function readReady(): Promise<Ready> {
  const path = process.env.ATOLL_READY ?? '.atoll/ready.json';
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    throw new Error(`there is no ${path}: start the platform with \`npm start\`, or set ATOLL_READY to its ready.json`);
  }
  const ready: Ready = JSON.parse(text);
  return ready;
}
