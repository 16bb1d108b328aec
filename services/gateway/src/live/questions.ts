/** Questions that services answer: no read model has what they are about. */
import { randomUUID } from 'node:crypto';
import { deployCommands } from '@atoll/schema/deploy/commands';
import type { Positions } from '@atoll/schema/envelope';
import { type ErrorCode, errorCodes } from '@atoll/schema/errors';
import { type Id, PLATFORM, type Tenant } from '@atoll/schema/ids';
import { networkCommands } from '@atoll/schema/network/commands';
import type { CommandRegistry, InputOf, ResultOf } from '@atoll/schema/registry';
import { tenancyCommands } from '@atoll/schema/tenancy/commands';
import type { createCommandClient } from '@atoll/service/commands';
import { actorOf, type Viewer } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';

const ANSWER_MS = 5000;
const isCode = (code: string): code is ErrorCode => Object.hasOwn(errorCodes, code);

const registries = { tenancy: tenancyCommands, deploy: deployCommands, network: networkCommands } as const;
type Registries = typeof registries;
type Asked = keyof Registries;
type QuestionOf<C extends Asked> = keyof Registries[C] & string;

export type TenantViewer = Viewer & { readonly tenant: Id<'tenant'> };
export type Commands = Pick<ReturnType<typeof createCommandClient>, 'call'>;

export const isOfTenant = (viewer: Viewer): viewer is TenantViewer => viewer.tenant !== null;

interface Question<C extends Asked, N extends QuestionOf<C>> {
  readonly context: C;
  readonly question: N;
  readonly data: InputOf<Registries[C], N>;
  /** Whom it is about, where the operator asks about a tenant; left out: the viewer's own. */
  readonly tenant?: Tenant;
  /** Milliseconds. */
  readonly patience?: number;
  /** Facts that the answer has to be at or after; left out: whatever is known. */
  readonly seen?: Positions;
}

/** Throws what the service refuses with; what it says of the input is BAD_USER_INPUT. */
export async function askService<C extends Asked, N extends QuestionOf<C>>(
  commands: Commands,
  viewer: Viewer,
  { context, question, data, tenant = viewer.tenant ?? PLATFORM, patience = ANSWER_MS, seen = {} }: Question<C, N>,
): Promise<ResultOf<Registries[C], N>> {
  const reply = await commands.call(context, question, {
    // Drawn anew each time: what was answered before is never the answer.
    key: `ask ${randomUUID()}`,
    tenant,
    actor: actorOf(viewer),
    correlation: randomUUID(),
    traceparent: null,
    deadline: Date.now() + patience,
    seen,
    expectedVersion: null,
    data,
  });
  if (reply.ok) return resultOf(context, question).parse(reply.result) as ResultOf<Registries[C], N>;
  const { code, message } = reply.error;
  if (code === 'INVALID_ARGUMENT') throw new ApiError('BAD_USER_INPUT', message);
  throw isCode(code) ? new ApiError(code, message) : new Error(message);
}

function resultOf<C extends Asked, N extends QuestionOf<C>>(context: C, question: N) {
  const registry: CommandRegistry = registries[context];
  const definition = registry[question];
  if (definition === undefined) throw new Error(`The ${context} service has no question ${question}.`);
  return definition.result;
}
