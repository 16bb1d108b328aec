/** One direction of one connection through the proxy: what is late, thin or swallowed, in order. */
import type { Socket } from 'node:net';
import type { Direction, Fault } from './proxy-faults.ts';

export interface Lane {
  pass(chunk: Buffer): void;
  /** The sender has ended; passed on behind all that it has sent. */
  end(): void;
  stop(): void;
  /** Something was swallowed. */
  hasLost(): boolean;
}

/** Beyond this the sender has to wait, as with a real network. */
const MAX_HELD_BYTES = 1024 * 1024;

export function createLane(options: {
  from: Socket;
  to: Socket;
  direction: Direction;
  faults: () => readonly Fault[];
  random: () => number;
}): Lane {
  const { from, to, direction, faults, random } = options;
  const timers = new Set<ReturnType<typeof setTimeout>>();
  /** When the one before is through: nothing overtakes. */
  let freeAt = 0;
  let held = 0;
  let stopped = false;
  /** Something was swallowed: what follows would be read wrongly, so nothing follows. */
  let lost = false;

  /** Milliseconds from now until a chunk of that size is through; null where it is swallowed. */
  function delayOf(bytes: number): number | null {
    let late = 0;
    let sending = 0;
    for (const fault of faults()) {
      if ('direction' in fault && fault.direction !== undefined && fault.direction !== direction) continue;
      if (fault.kind === 'black-hole') return null;
      if (fault.kind === 'latency') late += fault.ms + random() * (fault.jitterMs ?? 0);
      if (fault.kind === 'bandwidth') sending += (bytes / fault.bytesPerSecond) * 1000;
    }
    const now = performance.now();
    freeAt = Math.max(now + late, freeAt) + sending;
    return freeAt - now;
  }

  /** In the order in which it came. Timers alone don't keep that: on a busy machine a later one may be due before an earlier one. */
  const queue: { readonly work: () => void; due: boolean }[] = [];
  function later(ms: number, work: () => void): void {
    const item = { work, due: false };
    queue.push(item);
    const timer = setTimeout(() => {
      timers.delete(timer);
      item.due = true;
      while (!stopped && queue[0]?.due) queue.shift()?.work();
    }, ms);
    timers.add(timer);
  }

  function write(chunk: Buffer): void {
    if (to.destroyed || to.writableEnded) return;
    if (to.write(chunk)) return;
    from.pause();
    to.once('drain', () => from.resume());
  }

  return {
    pass(chunk) {
      const delay = delayOf(chunk.length);
      if (delay === null || lost) {
        lost = true;
        return;
      }
      if (delay < 1 && held === 0) return write(chunk);
      held += chunk.length;
      if (held > MAX_HELD_BYTES) from.pause();
      later(delay, () => {
        held -= chunk.length;
        if (held <= MAX_HELD_BYTES) from.resume();
        write(chunk);
      });
    },
    hasLost: () => lost,
    end() {
      if (lost) return;
      const closing = faults().find((fault) => fault.kind === 'slow-close');
      const behind = Math.max(0, freeAt - performance.now()) + (held > 0 ? 1 : 0);
      later(behind + (closing?.ms ?? 0), () => to.end());
    },
    stop() {
      stopped = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
