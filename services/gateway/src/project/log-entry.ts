/** A record of a tenant's log before it has its place there. */
import type { LogScope } from './log-scope.ts';

/** What became of one resource: the fields that differ. `before` is null where it wasn't there, `after` where it is gone. */
export interface Change {
  /** The table of the read model, which stands for the kind of the resource. */
  readonly kind: string;
  readonly id: string;
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

export interface LogEntry extends Partial<LogScope> {
  readonly tenant_id: string;
  readonly event_id: string;
  readonly type: string;
  readonly resource_id: string;
  readonly time: string;
  readonly actor: string;
  readonly cause: string | null;
  readonly correlation: string;
  readonly traceparent: string | null;
  readonly data: unknown;
  readonly changes: readonly Change[] | null;
}
