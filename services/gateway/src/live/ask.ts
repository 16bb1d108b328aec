/** A live question to a node's agent. */
import { type NatsConnection, RpcTimeout, RpcUnavailable, requestJson } from '@atoll/service/nats';
import type { z } from 'zod';
import { ApiError } from '../errors.ts';

export async function askNode<S extends z.ZodType>(
  nc: NatsConnection,
  subject: string,
  body: unknown,
  reply: S,
  timeoutMs: number,
): Promise<z.infer<S>> {
  let answer: unknown;
  try {
    answer = await requestJson(nc, subject, body, { timeoutMs });
  } catch (error) {
    if (error instanceof RpcUnavailable) {
      throw new ApiError('UNAVAILABLE', "The node's agent can't be reached now; try again.", { originalError: error });
    }
    if (error instanceof RpcTimeout) {
      throw new ApiError('UNAVAILABLE', "The node's agent did not answer in time; try again.", {
        originalError: error,
      });
    }
    throw error;
  }
  const parsed = reply.safeParse(answer);
  if (parsed.success) return parsed.data;
  throw new Error(`The agent's answer on ${subject} can't be read: ${JSON.stringify(answer).slice(0, 500)}`);
}
