/** Who an agent is, is in the subject: NATS lets a node publish under its own id only. */
import { type Id, id } from '@atoll/schema/ids';
import type { z } from 'zod';

const nodeId = id('node');

/** `node.<id>.…` → the id; null where that is none. */
export function nodeOfSubject(subject: string): Id<'node'> | null {
  const parsed = nodeId.safeParse(subject.split('.')[1]);
  return parsed.success ? parsed.data : null;
}

/** The answer to a body that can't be taken, with the first thing that is wrong with it. */
export function faultyBody(subject: string, error: z.ZodError | undefined) {
  const issue = error?.issues[0];
  const what = issue ? `${issue.path.join('.') || 'body'}: ${issue.message}` : 'the subject names no node';
  return { error: { code: 'INVALID_ARGUMENT', message: `${subject}: ${what}` } };
}
