/**
 * Follows the log of one instance: asks its node again and again for what comes after the last place. The node waits for lines, and
 * keeps them until they are asked for; nothing is held here but the one part that is being taken. So a client that is slow slows down
 * the asking, and what its node no longer has by then is told as a gap.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogStream, LogsRequest } from '@atoll/schema/node/logs';
import type { AskLogs } from './ask.ts';
import { type ShownChunk, shownChunk } from './query.ts';
import type { LogTarget } from './targets.ts';

/** Of one part: small, as there may be many at once. */
const partLines = 500;
const partBytes = 32 * 1024;
/** How long a node waits for lines: an agent that was killed meanwhile is asked again when that is over. */
const waitMs = 3000;
/** Between two questions of which the first had no lines, where the node didn't wait for any. */
const paceMs = 500;
const firstPauseMs = 250;
const lastPauseMs = 2000;

export interface Followed {
  readonly target: LogTarget;
  /** Null: from the newest `tail` lines on. */
  readonly cursor: string | null;
  readonly tail: number;
  readonly stream: LogStream | null;
  /** Whether it is gone by now. */
  readonly gone: () => boolean;
  readonly put: (chunk: ShownChunk) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Ends once nothing more can come. */
export async function followInstance(ask: AskLogs, followed: Followed): Promise<void> {
  const { target, tail, stream, gone, put, signal } = followed;
  const pause = (ms: number) => sleep(ms, undefined, { signal }).catch(() => {});
  let cursor = followed.cursor;
  let failures = 0;
  let told = false;
  while (!signal.aborted) {
    const ended = gone();
    const request: LogsRequest = {
      ...{ instance: target.instanceId, after: cursor, stream, since: null, previous: false },
      ...{ lines: cursor === null ? tail : partLines, bytes: partBytes },
      waitMs: ended ? 0 : waitMs,
    };
    const asked = performance.now();
    const answer = await ask(target.nodeId, request);
    if (signal.aborted) return;
    if (answer.kind !== 'read') {
      if (answer.kind === 'problem') {
        if (!told) await put(shownChunk({ ...target, ended }, answer));
        told = true;
        // Of an instance that is gone, on a node that is gone, nothing more will come.
        if (ended && failures > 5) return;
      }
      await pause(Math.min(firstPauseMs * 2 ** failures, lastPauseMs));
      failures = Math.min(failures + 1, 10);
      continue;
    }
    const first = cursor === null;
    const { lines, gap, more } = answer.reply;
    cursor = answer.reply.cursor;
    failures = 0;
    const over = ended && lines.length === 0 && !(more && !first);
    // That it can be read again is told, too; and the first place, to whoever comes back.
    if (first || lines.length > 0 || gap || told || over) await put(shownChunk({ ...target, ended: over }, answer));
    told = false;
    if (over) return;
    if (lines.length === 0 && performance.now() - asked < paceMs) await pause(paceMs);
  }
}
