/** What can be asked of the network service. Subject: `cmd.network.<Name>`. */
import { z } from 'zod';
import { id } from '../ids.ts';
import type { InputOf, ResultOf } from '../registry.ts';
import { remains, remainsScope } from '../remains.ts';
import { labels, name } from '../text.ts';
import { addressCommands } from './addresses.ts';
import { connectionLogCommands } from './connection-log.ts';
import { flowCommands } from './flows.ts';
import { nodeCommands } from './nodes.ts';
import { platformPolicyCommands } from './platform-policies.ts';
import { policyWarning, policyWarningCommands } from './policies.ts';
import { reachabilityCommands } from './reachability.ts';
import { serviceCommands } from './services.ts';
import { isolationLevel, policySchedule, typedPolicyDefinition } from './spec.ts';

const schedule = policySchedule.nullable();

import { standingCommands } from './standing.ts';

export const networkCommands = {
  ...serviceCommands,
  ...addressCommands,
  CreateIsolationPolicy: {
    input: z.strictObject({ namespaceId: id('namespace'), name, definition: typedPolicyDefinition, schedule }),
    result: z.strictObject({ policyId: id('policy'), warnings: z.array(policyWarning).default([]) }),
  },
  UpdateIsolationPolicy: {
    input: z.strictObject({ policyId: id('policy'), definition: typedPolicyDefinition, schedule }),
    result: z.strictObject({ policyId: id('policy'), warnings: z.array(policyWarning).default([]) }),
  },
  /** All labels of the policy itself: not those that it selects by. */
  SetIsolationPolicyLabels: {
    input: z.strictObject({ policyId: id('policy'), labels }),
    result: z.strictObject({ policyId: id('policy') }),
  },
  DeleteIsolationPolicy: {
    input: z.strictObject({ policyId: id('policy') }),
    result: z.strictObject({ policyId: id('policy') }),
  },
  SetNamespaceIsolation: {
    input: z.strictObject({ namespaceId: id('namespace'), level: isolationLevel }),
    result: z.strictObject({ namespaceId: id('namespace') }),
  },
  /** Changes nothing: how much of a scope, of the tenant that it is sent under, is left here. */
  CountRemains: { input: z.strictObject({ scope: remainsScope }), result: remains },
  ...reachabilityCommands,
  ...platformPolicyCommands,
  ...standingCommands,
  ...flowCommands,
  ...policyWarningCommands,
  ...connectionLogCommands,
  ...nodeCommands,
} as const;

export type NetworkCommand = keyof typeof networkCommands;
export type NetworkInput<N extends NetworkCommand> = InputOf<typeof networkCommands, N>;
export type NetworkResult<N extends NetworkCommand> = ResultOf<typeof networkCommands, N>;
