/** Live question to an agent: what an instance has written, from one place in its log on. Stored nowhere but on the node. */
import { z } from 'zod';
import { processName } from '../deploy/spec.ts';
import { id } from '../ids.ts';

export const logStreams = ['STDOUT', 'STDERR'] as const;
export type LogStream = (typeof logStreams)[number];

/** Lines of one answer. */
export const mostLogLines = 1000;
/** Characters of a line: what it has beyond is left out. */
export const longestLogLine = 16_384;
/** Of one answer. */
export const mostLogBytes = 512 * 1024;
/** How long an agent waits for the next line before it answers that there is none. */
export const longestLogWaitMs = 10_000;

/** Before everything that an instance will ever write. */
export const logBeginning = '0.0.0.0';
/** How long a node keeps what an instance has written after it is gone. */
export const endedLogsKeptMs = 3_600_000;

/** A place in the log of one instance, between two lines. Only its node can read it. */
export const logCursor = z.string().regex(/^[0-9a-z]{1,12}\.[0-9a-z]{1,9}\.[0-9a-z]{1,8}\.[0-9a-z]{1,8}$/);

export const logsRequest = z.strictObject({
  instance: id('instance'),
  /** One beside the main one; left out: the main one. */
  process: processName.optional(),
  /** The next lines after it; null: the newest ones. */
  after: logCursor.nullable(),
  /** How many lines at most. */
  lines: z.number().int().min(0).max(mostLogLines),
  /** How many bytes at most, of the lines as JSON; one line is told, however long it is. */
  bytes: z.number().int().min(1).max(mostLogBytes),
  /** Only what was written at or after it, by the node's clock. */
  since: z.iso.datetime().nullable(),
  /** Null: both. */
  stream: z.enum(logStreams).nullable(),
  /** Only what was written before the newest start of its process. */
  previous: z.boolean(),
  /** With `after`: where there is no line yet, it is waited for so long. */
  waitMs: z.number().int().min(0).max(longestLogWaitMs),
});
export type LogsRequest = z.infer<typeof logsRequest>;

export const logLine = z.strictObject({
  /** When it was written, by the node's clock. */
  at: z.iso.datetime(),
  stream: z.enum(logStreams),
  /** Without its end of line. */
  text: z.string().max(longestLogLine),
  /** It was longer. */
  truncated: z.boolean(),
  /** The place after it. */
  cursor: logCursor,
});
export type LogLine = z.infer<typeof logLine>;

/** RUNNING · ENDED: its process has ended, and may be started again · NONE: there is no container of it · NOT_LOOKED: the agent has just begun, and doesn't know yet. */
export const loggedStates = ['RUNNING', 'ENDED', 'NONE', 'NOT_LOOKED'] as const;

export const logsReply = z.strictObject({
  state: z.enum(loggedStates),
  /** Oldest first. */
  lines: z.array(logLine).max(mostLogLines),
  /** The place after all that was looked at; null where nothing was ever written. */
  cursor: logCursor.nullable(),
  /** Between `after` and the first of the lines there were others, which are no longer kept. */
  gap: z.boolean(),
  /** With `after`: there are newer ones already. Without: there are older ones that were asked for as well. */
  more: z.boolean(),
});
export type LogsReply = z.infer<typeof logsReply>;
