/** Arguments about logs, checked: what is wrong is said by name. */
import { type LogStream, type LogsRequest, logCursor, logStreams, mostLogLines } from '@atoll/schema/node/logs';
import { z } from 'zod';
import { ApiError } from '../errors.ts';
import type { LiveArgs } from '../live/resolvers.ts';
import type { InstanceTarget } from './targets.ts';

export function tailOf({ tail }: LiveArgs, least: number, usual: number): number {
  const given = tail ?? usual;
  if (typeof given === 'number' && given >= least && given <= mostLogLines) return given;
  throw new ApiError('BAD_USER_INPUT', `\`tail\` must be from ${least} to ${mostLogLines}.`);
}

const instant = z.iso.datetime({ offset: true });
export function sinceOf({ since }: LiveArgs): string | null {
  if (since == null) return null;
  const read = instant.safeParse(since);
  if (read.success) return new Date(read.data).toISOString();
  throw new ApiError('BAD_USER_INPUT', '`since` must be an instant as `2026-11-23T08:30:00.000Z`.');
}

export const streamOf = ({ stream }: LiveArgs): LogStream | null => logStreams.find((one) => one === stream) ?? null;

/** Of an instance whose processes have these names: of the main one nothing has to be said. */
export function processOf({ process }: LiveArgs, { processes }: InstanceTarget): Pick<LogsRequest, 'process'> {
  if (process == null || process === processes[0]) return {};
  if (typeof process === 'string' && processes.includes(process)) return { process };
  const has = processes.length === 0 ? 'Leave it out' : `It has ${processes.join(', ')}`;
  throw new ApiError('BAD_USER_INPUT', `\`process\` is no process of that instance. ${has}.`);
}

export function cursorOf(given: unknown): string {
  const read = logCursor.safeParse(given);
  if (read.success) return read.data;
  throw new ApiError('CURSOR_MALFORMED', '`after` is no cursor of a log: give one that was told with its lines.');
}

/** Places of one subscription. */
export const mostPlaces = 200;
const places = z.array(z.object({ instanceId: z.string(), cursor: z.string() }));

/** By instance. */
export function placesOf({ after }: LiveArgs): ReadonlyMap<string, string> {
  const given = places.parse(after ?? []);
  if (given.length > mostPlaces) {
    throw new ApiError(
      'BAD_USER_INPUT',
      `\`after\` can have at most ${mostPlaces} places: leave out those of instances that are gone.`,
    );
  }
  return new Map(given.map(({ instanceId, cursor }) => [instanceId, cursorOf(cursor)]));
}
