/** Fields that no read model answers: by `Type.field`, each with the columns that it needs of its row. */
import type { Viewer } from '../auth/viewers.ts';

export type LiveArgs = Readonly<Record<string, unknown>>;

/** One request: who asks, and until when an answer is of use. */
export interface LiveRequest {
  readonly viewer: Viewer;
  /** Unix time in milliseconds. */
  readonly deadline: number;
}

export interface LiveResolver {
  /** Columns of the parent's row. Root fields need none. */
  readonly needs: readonly string[];
  resolve(row: Readonly<Record<string, unknown>>, args: LiveArgs, request: LiveRequest): Promise<unknown>;
}

export type LiveResolvers = Readonly<Record<string, LiveResolver>>;
