/**
 * Group reads: while groups are under way, what is asked for meanwhile forms the next. Under load many commands share a
 * round trip, and two are under way, so that one is read while the other is put together here; alone, a read waits for
 * nobody.
 */
import { outsideOfTraces } from '@atoll/service/spans';
import { isFinal } from './postgres-errors.ts';

const MAX_GROUP = 200;
/** At the same time. */
const MAX_READING = 2;
/** Fewer requests than this wait for the group under way. */
const WORTH_READING_BESIDE = 8;

/** Rows of a group say which of the requests they belong to, from 1. */
export interface GroupRow {
  readonly request: number;
}

interface Waiting<Q, R> {
  readonly request: Q;
  readonly resolve: (rows: readonly R[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Resolves each request to its rows, in the order they came. One that the server refuses fails alone. */
export function createGroupRead<Q, R extends GroupRow>(
  read: (requests: readonly Q[]) => Promise<readonly R[]>,
  /** Requests of one round trip. */
  most = MAX_GROUP,
): (request: Q) => Promise<readonly R[]> {
  let queue: Waiting<Q, R>[] = [];
  let reading = 0;

  async function readGroup(group: readonly Waiting<Q, R>[]): Promise<void> {
    try {
      const rows = await read(group.map(({ request }) => request));
      const found = group.map((): R[] => []);
      for (const row of rows) found[row.request - 1]?.push(row);
      group.forEach(({ resolve }, index) => {
        resolve(found[index] ?? []);
      });
    } catch (error) {
      if (group.length > 1 && isFinal(error)) for (const one of group) await readGroup([one]);
      else for (const { reject } of group) reject(error);
    }
  }

  async function drain(): Promise<void> {
    // What is asked for in the same turn of the event loop goes together.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const group = queue.slice(0, most);
      queue = queue.slice(most);
      await readGroup(group);
    }
    reading -= 1;
  }

  return (request) =>
    new Promise((resolve, reject) => {
      queue.push({ request, resolve, reject });
      if (reading > 0 && (reading === MAX_READING || queue.length < WORTH_READING_BESIDE)) return;
      reading += 1;
      void outsideOfTraces(drain);
    });
}
