/** An exported log: JSON lines of three kinds. docs/audit.md has them with examples. */
import type { ChainedRecord } from './chain.ts';

/** The first line: what comes after it is chained to this hash. */
export interface StartLine {
  readonly kind: 'start';
  readonly tenant: string;
  /** Cursor of the last record before; 0 for a log from its beginning. */
  readonly after: string;
  /** That record's hash; the genesis where there is none. */
  readonly hash: string;
}

export interface RecordLine extends ChainedRecord {
  readonly kind: 'record';
  readonly hash: string;
}

/** The last line: where the log ends, signed by the platform (JWS, compact). */
export interface HeadLine {
  readonly kind: 'head';
  readonly signed: string;
}

export type LogLine = StartLine | RecordLine | HeadLine;

/** What a signed head says. */
export interface SignedHead {
  readonly tenant: string;
  readonly cursor: string;
  readonly hash: string;
  /** Unix time in seconds. */
  readonly iat: number;
}

/** `typ` of the JWS of a head: nothing else that the platform signs passes for one. */
export const headType = 'atoll-log-head+jws';
/** Type of the record that says up to where a log was trimmed, and what the rest is chained to. */
export const trimmedType = 'audit.LogTrimmed';
