/** Docker's event stream, as a mere hint that something changed; it is opened again when it ends. */
import { Readable } from 'node:stream';
import type { Logger } from '@atoll/service/log';
import { call, type DockerClient } from './client.ts';

const pauseMs = 1000;

export function watchEvents(options: {
  docker: DockerClient;
  label: string;
  log: Logger;
  changed: (id: string | null) => void;
}): { stop(): void } {
  const { docker, label, log, changed } = options;
  const stopping = new AbortController();
  let stream: NodeJS.ReadableStream | undefined;
  let timer: NodeJS.Timeout | undefined;

  async function open(): Promise<void> {
    const filters = { type: ['container' as const], label: [label], event: ['start', 'die', 'oom', 'destroy'] };
    const opened = await call('tell events', 10_000, () => docker.getEvents({ filters }));
    if (stopping.signal.aborted) return;
    stream = opened;
    // What happened while nobody listened.
    changed(null);
    for await (const chunk of opened) {
      for (const line of String(chunk).split('\n')) changed(/"id":"([0-9a-f]{64})"/.exec(line)?.[1] ?? null);
    }
  }

  const run = () => {
    open()
      .catch((error: unknown) => {
        if (!stopping.signal.aborted) log.debug({ err: error }, "Docker's events ended");
      })
      .finally(() => {
        if (!stopping.signal.aborted) timer = setTimeout(run, pauseMs);
      });
  };
  run();
  return {
    stop() {
      stopping.abort();
      clearTimeout(timer);
      if (stream instanceof Readable) stream.destroy();
    },
  };
}
