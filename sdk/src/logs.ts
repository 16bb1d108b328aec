/**
 * What instances write, as they write it: an async iterable that survives lost connections, each line once and in the order of its
 * instance. Lines that are no longer kept by the time they are asked for are told as a `gap`.
 */
import { type FollowOptions, type FollowWire, follow } from './follow.ts';
import { documents } from './generated/documents.ts';
import type { OnLogsSubscriptionVariables } from './generated/operations.ts';
import type { LogChunk } from './generated/resources.ts';

export interface LogsOptions extends FollowOptions {
  /** Either this, or `deploymentId`. */
  readonly instanceId?: string;
  /** The newest 50 of its instances, also those that come. */
  readonly deploymentId?: string;
  /** The last places that you have. */
  readonly after?: readonly { readonly instanceId: string; readonly cursor: string }[];
  /** How many of the lines that there are to begin with, 0–1000; default 10. */
  readonly tail?: number;
  /** Default: both. */
  readonly stream?: 'STDOUT' | 'STDERR';
}

/** Parts of up to some 100 KB. */
const MAX_WAITING = 50;

export function followLogs(wire: FollowWire, options: LogsOptions): AsyncGenerator<LogChunk, void, undefined> {
  const { instanceId, deploymentId, tail, stream } = options;
  const places = new Map((options.after ?? []).map((place) => [place.instanceId, place.cursor]));
  const variables = (): OnLogsSubscriptionVariables => ({
    ...{ instanceId: instanceId ?? null, deploymentId: deploymentId ?? null, stream: stream ?? null },
    ...(tail === undefined ? {} : { tail }),
    after: [...places].map(([id, cursor]) => ({ instanceId: id, cursor })),
  });
  return follow<{ readonly logs: LogChunk }, LogChunk>(
    wire,
    {
      text: documents.onLogs.text,
      variables,
      itemOf: (data) => data.logs,
      taken: (chunk) => {
        if (chunk.ended) places.delete(chunk.instanceId);
        else if (chunk.cursor !== null && chunk.cursor !== undefined) places.set(chunk.instanceId, chunk.cursor);
      },
      isLast: (chunk) => chunk.ended && chunk.instanceId === instanceId,
      mostWaiting: MAX_WAITING,
    },
    options,
  );
}

/** A line for a terminal: control characters, which could do anything to it, as `\x1b`. Tabs stay. */
export const printable = (text: string): string =>
  text.replaceAll(/\p{Cc}/gu, (character) =>
    character === '\t' ? character : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
