import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { redact } from './redact.ts';
import { currentIds } from './spans.ts';

export type { Logger };

const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

function levelOf(wanted: string | undefined): string {
  return wanted && levels.includes(wanted) ? wanted : 'info';
}

/**
 * JSON lines on stdout; level by ATOLL_LOG_LEVEL (default info); secrets redacted; `traceId` and `correlation`
 * of the request that is being worked for are added.
 * `destination` is for tests.
 */
export function createLogger(name: string, destination?: DestinationStream): Logger {
  const options = {
    name,
    level: levelOf(process.env.ATOLL_LOG_LEVEL),
    base: { pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    mixin: currentIds,
    // On the finished line, so that texts of errors and nested objects are covered, too.
    hooks: { streamWrite: redact },
  };
  // Synchronous: the last lines before an exit are in order and complete.
  return pino(options, destination ?? pino.destination({ dest: 1, sync: true }));
}
