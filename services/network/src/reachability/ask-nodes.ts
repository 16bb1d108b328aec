/** A question to the agents of several nodes at once: bounded in nodes and in time, and what doesn't answer is missing. */
import type { Id } from '@atoll/schema/ids';
import type { Logger } from '@atoll/service/log';
import { type NatsConnection, requestJson } from '@atoll/service/nats';
import type { z } from 'zod';

const answerMs = 1500;
/** Nodes asked at once; the others are asked as these answer. */
const atOnce = 128;
/** Nodes asked for one question at most: the others are told as missing. */
const maxNodes = 256;

interface NodeQuestion<Q, S extends z.ZodType<{ readonly nodeId: Id<'node'> }>> {
  /** For the log. */
  readonly what: string;
  readonly subject: (node: Id<'node'>) => string;
  readonly body: (question: Q) => object;
  readonly reply: S;
}

/** Null: it didn't answer, or not for itself. */
export async function askNodes<Q, S extends z.ZodType<{ readonly nodeId: Id<'node'> }>>(
  { nc, log }: { readonly nc: NatsConnection; readonly log: Logger },
  questions: ReadonlyMap<Id<'node'>, Q>,
  { what, subject, body, reply }: NodeQuestion<Q, S>,
): Promise<ReadonlyMap<Id<'node'>, z.infer<S> | null>> {
  const waiting = [...questions].slice(0, maxNodes);
  const answers = new Map<Id<'node'>, z.infer<S> | null>();
  async function askNext(): Promise<void> {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [nodeId, question] = next;
      try {
        const said = await requestJson(nc, subject(nodeId), body(question), { timeoutMs: answerMs });
        const parsed = reply.parse(said);
        answers.set(nodeId, parsed.nodeId === nodeId ? parsed : null);
      } catch (error) {
        log.debug({ err: error, nodeId, what }, 'a node does not tell');
        answers.set(nodeId, null);
      }
    }
  }
  await Promise.all(Array.from({ length: atOnce }, askNext));
  return answers;
}
