import { describe, expect, test, vi } from 'vitest';
import { startController } from '../src/controller.ts';
import { createLogger } from '../src/log.ts';
import { RpcUnavailable } from '../src/nats.ts';

const log = createLogger('test', { write: () => {} });
const hour = 3_600_000;

describe('a controller', () => {
  test('runs at start and when woken, and makes one run of many wakes', async () => {
    let runs = 0;
    let release = () => {};
    const controller = startController({
      name: 'x',
      resyncMs: hour,
      log,
      reconcile: () => {
        runs += 1;
        return new Promise((resolve) => {
          release = resolve;
        });
      },
    });
    expect(runs).toBe(1);
    controller.wake();
    controller.wake();
    controller.wake();
    expect(runs).toBe(1);
    release();
    await vi.waitFor(() => expect(runs).toBe(2), 8000);
    release();
    await new Promise((resolve) => setImmediate(resolve));
    expect(runs).toBe(2);
    await controller.stop();
  });

  test('never runs twice at once', async () => {
    let inside = 0;
    let most = 0;
    let runs = 0;
    const controller = startController({
      name: 'x',
      resyncMs: 1,
      log,
      reconcile: async () => {
        inside += 1;
        most = Math.max(most, inside);
        await new Promise((resolve) => setTimeout(resolve, 3));
        inside -= 1;
        runs += 1;
      },
    });
    for (let i = 0; i < 10; i += 1) controller.wake();
    await vi.waitFor(() => expect(runs).toBeGreaterThan(4), 8000);
    await controller.stop();
    expect(most).toBe(1);
  });

  test('after an outage, however long it was, goes on within a second', async () => {
    vi.useFakeTimers();
    let runs = 0;
    let away = true;
    const controller = startController({
      name: 'x',
      resyncMs: hour,
      log,
      reconcile: async () => {
        runs += 1;
        if (away) throw new RpcUnavailable('nobody serves it');
      },
    });
    await vi.advanceTimersByTimeAsync(60_000);
    away = false;
    const before = runs;
    await vi.advanceTimersByTimeAsync(1000);
    expect(runs).toBe(before + 1);
    await controller.stop();
    vi.useRealTimers();
  });

  test('tries again after an error', async () => {
    let runs = 0;
    const controller = startController({
      name: 'x',
      resyncMs: hour,
      log,
      reconcile: async () => {
        runs += 1;
        if (runs < 3) throw new Error('not yet');
      },
    });
    await vi.waitFor(() => expect(runs).toBe(3), 8000);
    await controller.stop();
  });

  test('tells a run to end when it is stopped, and waits for it', async () => {
    let ended = false;
    const controller = startController({
      name: 'x',
      resyncMs: hour,
      log,
      reconcile: (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            ended = true;
            resolve();
          });
        }),
    });
    await controller.stop();
    expect(ended).toBe(true);
  });
});
