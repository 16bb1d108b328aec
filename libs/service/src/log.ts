import type { Logger } from 'pino';

export type { Logger };
/** JSON lines on stdout; level by ATOLL_LOG_LEVEL (default info); secrets redacted; traceId of the current span added. */
export declare function createLogger(name: string): Logger;
