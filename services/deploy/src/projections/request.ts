/** The request behind a row, for what follows from it. */
import type { EventRecord } from '@atoll/schema/envelope';

export interface RequestColumns {
  readonly correlation: string;
  readonly traceparent: string | null;
  readonly cause: string;
}

export const requestOf = ({ id, correlation, traceparent }: EventRecord): RequestColumns => ({
  correlation,
  traceparent,
  cause: id,
});
