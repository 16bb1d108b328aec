/** Questions about isolation. They change nothing, and answer as of everything that is committed when they are asked. */
import type { EventStore } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import { type Id, PLATFORM } from '@atoll/schema/ids';
import type { connectionLogCommands } from '@atoll/schema/network/connection-log';
import type { flowCommands } from '@atoll/schema/network/flows';
import type { nodeCommands } from '@atoll/schema/network/nodes';
import type { policyWarningCommands } from '@atoll/schema/network/policies';
import type { reachabilityCommands } from '@atoll/schema/network/reachability';
import type { standingCommands } from '@atoll/schema/network/standing';
import type { CommandAnswer, CommandContext, CommandHandlers } from '@atoll/service/commands';
import type { Logger } from '@atoll/service/log';
import type { NatsConnection } from '@atoll/service/nats';
import type { Pool } from 'pg';
import { readToldTunnels } from '../nodes/told-tunnels.ts';
import type { KnownPools } from '../pools/ranges.ts';
import { askReachability, type Told } from '../reachability/ask.ts';
import { askMatrix } from '../reachability/ask-matrix.ts';
import { askConnectionLog, askPlatformConnectionLog } from '../reachability/connection-log.ts';
import { askEnforcement, askPlatformEnforcement } from '../reachability/enforcement.ts';
import { askFlows, askPlatformFlows } from '../reachability/flows.ts';
import { type RulesOf, readToldStandings } from '../reachability/read.ts';
import { askWarnings } from './policy-warnings.ts';

export interface Questions {
  readonly pool: Pool;
  readonly nc: NatsConnection;
  readonly log: Logger;
  readonly store: EventStore;
  readonly rulesOf: RulesOf;
  readonly pools: Pick<KnownPools, 'refresh'>;
  /** True once the tables have the position; false at the deadline. */
  readonly waitFor: (position: number, deadline: number) => Promise<boolean>;
}

const notATenant = reject('FORBIDDEN', 'Networks belong to tenants: the platform itself has none.');
const notThePlatform = reject('FORBIDDEN', 'Nodes belong to the platform.');
const policiesOfPlatform = reject('FORBIDDEN', 'The policies of the platform are the operator’s.');
const notCaughtUp = reject('UNAVAILABLE', 'The tables have not caught up with the events. Try again in a moment.');

type QuestionCommands = typeof reachabilityCommands &
  typeof standingCommands &
  typeof flowCommands &
  typeof connectionLogCommands &
  typeof nodeCommands &
  typeof policyWarningCommands;

export function questionHandlers(questions: Questions): CommandHandlers<QuestionCommands> {
  const { store, waitFor } = questions;

  async function answer<T>(
    { tenant, deadline }: CommandContext,
    ask: (tenant: Id<'tenant'>) => Promise<Told<T>>,
  ): Promise<CommandAnswer<T>> {
    if (tenant === PLATFORM) return { ok: false, rejection: notATenant };
    const position = await store.lastPosition();
    if (!(await waitFor(position, deadline))) return { ok: false, rejection: notCaughtUp };
    await questions.pools.refresh();
    const outcome = await ask(tenant);
    return outcome.ok ? { ok: true, result: outcome.told, position, version: 0 } : outcome;
  }

  /** Of what is the platform's: for the operator alone. */
  async function tell<T>(
    { tenant, deadline }: CommandContext,
    refusal: Rejection,
    ask: () => Promise<Told<T>>,
  ): Promise<CommandAnswer<T>> {
    if (tenant !== PLATFORM) return { ok: false, rejection: refusal };
    const position = await store.lastPosition();
    if (!(await waitFor(position, deadline))) return { ok: false, rejection: notCaughtUp };
    const outcome = await ask();
    return outcome.ok ? { ok: true, result: outcome.told, position, version: 0 } : outcome;
  }
  const told = <T>(all: T) => ({ ok: true, told: all }) as const;

  return {
    ReadStandings: ({ nodeIds }, context) =>
      tell(context, notThePlatform, async () => told({ nodes: await readToldStandings(questions.pool, nodeIds) })),
    ReadTunnels: ({ nodeIds }, context) =>
      tell(context, notThePlatform, async () => told({ nodes: await readToldTunnels(questions.pool, nodeIds) })),
    ReadPlatformEnforcement: ({ platformPolicyIds }, context) =>
      tell(context, policiesOfPlatform, async () =>
        told({ policies: await askPlatformEnforcement(questions.pool, platformPolicyIds) }),
      ),
    ReadPlatformFlows: ({ platformPolicyIds }, context) =>
      tell(context, policiesOfPlatform, async () =>
        told({ policies: await askPlatformFlows(questions, platformPolicyIds) }),
      ),
    ReadPlatformConnectionLog: (input, context) =>
      tell(context, policiesOfPlatform, () => askPlatformConnectionLog(questions, input)),
    ReadFlows: ({ policyIds }, context) => answer(context, (tenant) => askFlows(questions, tenant, policyIds)),
    ReadPolicyWarnings: ({ policyIds }, context) =>
      answer(context, (tenant) => askWarnings(questions.pool, tenant, policyIds)),
    ReadConnectionLog: (input, context) => answer(context, (tenant) => askConnectionLog(questions, tenant, input)),
    ReadEnforcement: (input, context) => answer(context, (tenant) => askEnforcement(questions.pool, tenant, input)),
    MapReachability: (input, context) => answer(context, (tenant) => askMatrix(questions, tenant, input)),
    ExplainReachability: (input, context) => answer(context, (tenant) => askReachability(questions, tenant, input)),
  };
}
