/** What every runtime does, whatever it is. */

import type { DesiredInstance } from '@atoll/schema/node/workloads';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openLog } from '../src/logs/files.ts';
import { readNewest } from '../src/logs/read.ts';
import type { ObservedContainer, Runtime } from '../src/runtimes/runtime.ts';
import { desiredInstance } from './fixtures.ts';
import { until } from './lab.ts';

const everything = { lines: 100, bytes: 65_536, stream: null, since: null, before: null };

export interface Subject {
  /** The runtime as a newly started agent opens it. */
  open(): Runtime;
  /** As an agent of another node on the same machine does. */
  openForeign(): Runtime;
  /** Serves, and writes a line when it starts. */
  readonly image: string;
  close(): Promise<void>;
}

export function runtimeContract(name: string, make: () => Promise<Subject>): void {
  describe(`the contract of runtimes: ${name}`, () => {
    let subject: Subject;
    let runtime: Runtime;
    let instance: DesiredInstance;

    beforeAll(async () => {
      subject = await make();
      runtime = subject.open();
      instance = desiredInstance(newId('instance'), { image: subject.image }, 7);
    });
    afterAll(() => subject?.close());

    const find = async (kind: ObservedContainer['kind'], of = runtime) =>
      (await of.list()).find((container) => container.instanceId === instance.instanceId && container.kind === kind);
    async function found(kind: ObservedContainer['kind'], of = runtime): Promise<ObservedContainer> {
      const container = await find(kind, of);
      if (container === undefined) throw new Error(`no ${kind}`);
      return container;
    }

    test('answers, and has nothing at first', async () => {
      await runtime.ping();
      expect(await runtime.list()).toEqual([]);
    });

    test('makes sure of an image as often as it is asked, also at the same moment', async () => {
      await Promise.all([runtime.ensureImage(subject.image), runtime.ensureImage(subject.image)]);
      await runtime.ensureImage(subject.image);
    });

    test('makes a sandbox once', async () => {
      await runtime.createSandbox(instance);
      const sandbox = await found('sandbox');
      expect(sandbox).toMatchObject({ state: 'RUNNING', sandboxId: null, stopGraceSeconds: 7, exitCode: null });
      await runtime.createSandbox(instance);
      expect(await runtime.list()).toHaveLength(1);
      expect((await found('sandbox')).id).toBe(sandbox.id);
    });

    test('makes an app in it, not started yet, once', async () => {
      const sandbox = await found('sandbox');
      await runtime.createApp(instance, null, sandbox.id);
      await runtime.createApp(instance, null, sandbox.id);
      expect(await runtime.list()).toHaveLength(2);
      expect(await found('app')).toMatchObject({
        state: 'CREATED',
        sandboxId: sandbox.id,
        startedAt: null,
        netns: null,
      });
    });

    test('starts it, and tells who watches', async () => {
      const seen: string[] = [];
      const watch = runtime.watch((id) => seen.push(id));
      const app = await found('app');
      const before = Date.now();
      await runtime.start(app.id);
      await runtime.start(app.id);
      await until('the watcher hears of it', () => seen.length > 0);
      watch.stop();
      const running = await found('app');
      expect(running).toMatchObject({ id: app.id, state: 'RUNNING', finishedAt: null, exitCode: null });
      expect(Date.parse(running.startedAt ?? '')).toBeGreaterThanOrEqual(before - 1000);
      expect(await runtime.stats(app.id)).toMatchObject({
        cpuNanos: expect.any(Number),
        memoryBytes: expect.any(Number),
        sentBytes: 0,
      });
    });

    test('runs a program in it while it runs', async () => {
      const { id } = await found('app');
      expect(await runtime.run(id, ['/bin/busybox', 'true'], 10_000)).toEqual({ outcome: 'EXITED', exitCode: 0 });
    });

    test('has its output in a file', async () => {
      const { id } = await found('app');
      const lines = await until('a line', async () => {
        const path = await runtime.logPath(id);
        const files = path === null ? [] : await openLog(path);
        const { lines: read } = await readNewest(files, everything);
        await Promise.all(files.map((file) => file.close()));
        return read.some(({ text }) => text.includes('started')) && read;
      });
      expect(lines.map(({ stream, truncated }) => [stream, truncated])).toContainEqual(['STDOUT', false]);
    });

    test('an agent that starts anew finds everything as it is', async () => {
      const again = subject.open();
      expect(await again.list()).toEqual(await runtime.list());
    });

    test('does not show what belongs to another node', async () => {
      expect(await subject.openForeign().list()).toEqual([]);
    });

    test('ends it, as often as it is asked, and starts it again', async () => {
      const { id, startedAt } = await found('app');
      await runtime.stop(id, 1);
      await runtime.stop(id, 1);
      const ended = await found('app');
      expect(ended).toMatchObject({ state: 'EXITED', exitCode: expect.any(Number), outOfMemory: false });
      expect(await runtime.run(id, ['/bin/busybox', 'true'], 10_000)).toBeNull();
      expect(Date.parse(ended.finishedAt ?? '')).toBeGreaterThanOrEqual(Date.parse(startedAt ?? ''));
      await runtime.start(id);
      const running = await found('app');
      expect(running.state).toBe('RUNNING');
      expect(Date.parse(running.startedAt ?? '')).toBeGreaterThan(Date.parse(startedAt ?? ''));
    });

    test('removes what runs, as often as it is asked', async () => {
      for (const kind of ['app', 'sandbox'] as const) {
        const { id } = await found(kind);
        await runtime.remove(id);
        await runtime.remove(id);
      }
      expect(await runtime.list()).toEqual([]);
      expect(await subject.open().list()).toEqual([]);
    });
  });
}
