import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { eventually, type Platform } from './platform.ts';

export interface ToldChunk {
  readonly instanceId: string;
  readonly lines: readonly { readonly text: string; readonly cursor: string }[];
  readonly cursor: string | null;
  readonly gap: boolean;
  readonly ended: boolean;
  readonly problem: { readonly nodeId: string; readonly since: string | null; readonly message: string } | null;
}

export interface LogArgs {
  readonly instanceId?: string;
  readonly deploymentId?: string;
  readonly after?: readonly { readonly instanceId: string; readonly cursor: string }[];
  readonly tail?: number;
}

const query = `subscription ($instanceId: ID, $deploymentId: ID, $after: [LogPlaceInput!], $tail: Int) {
  logs(instanceId: $instanceId, deploymentId: $deploymentId, after: $after, tail: $tail) {
    instanceId lines { text cursor } cursor gap ended problem { nodeId since message } } }`;

/** `until` resolves once it holds of what was told. */
export function followLogs(platform: Pick<Platform, 'url'>, token: string, variables: LogArgs) {
  const told: ToldChunk[] = [];
  const failures: { readonly message: string; readonly extensions: Readonly<Record<string, unknown>> }[] = [];
  let completed = false;
  const client = createClient({
    url: `${platform.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  const stop = client.subscribe<{ logs: ToldChunk }>(
    { query, variables: { ...variables } },
    {
      next: ({ data, errors }) => {
        if (data) told.push(data.logs);
        for (const error of errors ?? []) failures.push({ message: error.message, extensions: error.extensions ?? {} });
      },
      error: (error) => {
        if (Array.isArray(error)) failures.push(...error);
      },
      complete: () => {
        completed = true;
      },
    },
  );
  const lines = () => told.flatMap((chunk) => chunk.lines.map(({ text }) => text));
  return {
    told,
    failures,
    lines,
    completed: () => completed,
    until: (what: string, holds: () => boolean) => eventually(what, async () => holds()),
    stop: () => {
      stop();
      void client.dispose();
    },
  };
}
