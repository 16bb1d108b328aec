import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { eventually, type Platform } from './platform.ts';

export interface Told {
  readonly cursor: string;
  readonly type: string;
  readonly resourceId: string;
}

/** Follows a log; `until` resolves once so many records came. */
export function followLog(platform: Pick<Platform, 'url'>, token: string, after: string | null = null) {
  const told: Told[] = [];
  const closes: { code: number; reason: string }[] = [];
  const failures: unknown[] = [];
  const client = createClient({
    url: `${platform.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${token}` },
    retryAttempts: 0,
    on: { closed: (event) => closes.push(event as { code: number; reason: string }) },
  });
  let ready: () => void = () => {};
  const connected = new Promise<void>((resolve) => {
    ready = resolve;
  });
  client.on('connected', () => ready());
  const stop = client.subscribe<{ events: Told }>(
    {
      query: 'subscription ($after: String) { events(after: $after) { cursor type resourceId } }',
      variables: { after },
    },
    {
      next: ({ data, errors }) => {
        if (data) told.push(data.events);
        if (errors) failures.push(...errors);
      },
      error: (error) => failures.push(...(Array.isArray(error) ? error : [error])),
      complete: () => {},
    },
  );
  return {
    told,
    closes,
    failures,
    connected,
    until: (count: number) => eventually(`${count} records`, async () => told.length >= count),
    stop: () => {
      stop();
      void client.dispose();
    },
  };
}
