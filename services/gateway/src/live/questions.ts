/** Questions that a service answers: no read model has the compiled rules. */
import { randomUUID } from 'node:crypto';
import { type ErrorCode, errorCodes } from '@atoll/schema/errors';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import {
  type NetworkCommand,
  type NetworkInput,
  type NetworkResult,
  networkCommands,
} from '@atoll/schema/network/commands';
import type { createCommandClient } from '@atoll/service/commands';
import type { Viewer } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';

const ANSWER_MS = 5000;
const isCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code);

export type TenantViewer = Viewer & { readonly tenant: Id<'tenant'> };
export type Commands = Pick<ReturnType<typeof createCommandClient>, 'call'>;

export const isOfTenant = (viewer: Viewer): viewer is TenantViewer => viewer.tenant !== null;

/** Throws what the service refuses with; what it says of the input is BAD_USER_INPUT. */
export async function askNetwork<N extends NetworkCommand>(
  commands: Commands,
  viewer: Viewer,
  question: N,
  data: NetworkInput<N>,
): Promise<NetworkResult<N>> {
  const reply = await commands.call('network', question, {
    key: `ask ${randomUUID()}`,
    tenant: viewer.tenant ?? PLATFORM,
    actor: `${viewer.tenant === null ? 'operator' : 'user'}:${viewer.subject}`,
    correlation: randomUUID(),
    traceparent: null,
    deadline: Date.now() + ANSWER_MS,
    seen: {},
    expectedVersion: null,
    data,
  });
  if (reply.ok) return networkCommands[question].result.parse(reply.result) as NetworkResult<N>;
  const { code, message } = reply.error;
  if (code === 'INVALID_ARGUMENT') throw new ApiError('BAD_USER_INPUT', message);
  throw isCode(code) ? new ApiError(code, message) : new Error(message);
}
