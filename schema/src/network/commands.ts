/** What can be asked of the network service. Subject: `cmd.network.<Name>`. */
import { z } from 'zod';
import { id } from '../ids.ts';
import type { InputOf, ResultOf } from '../registry.ts';
import { remains, remainsScope } from '../remains.ts';
import { labels, name } from '../text.ts';
import { reachabilityCommands } from './reachability.ts';
import { serviceCommands } from './services.ts';
import { isolationLevel, policySchedule, typedPolicyDefinition } from './spec.ts';

const schedule = policySchedule.nullable();

import { standingCommands } from './standing.ts';

export const networkCommands = {
  ...serviceCommands,
  /** A further subnet beside the namespace's first. `ipv4` as typed, or null for the next free range. */
  CreateSubnet: {
    input: z.strictObject({ namespaceId: id('namespace'), ipv4: z.string().max(100).nullable() }),
    result: z.strictObject({ subnetId: id('subnet') }),
  },
  CreateIsolationPolicy: {
    input: z.strictObject({ namespaceId: id('namespace'), name, definition: typedPolicyDefinition, schedule }),
    result: z.strictObject({ policyId: id('policy') }),
  },
  UpdateIsolationPolicy: {
    input: z.strictObject({ policyId: id('policy'), definition: typedPolicyDefinition, schedule }),
    result: z.strictObject({ policyId: id('policy') }),
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
  ...standingCommands,
} as const;

export type NetworkCommand = keyof typeof networkCommands;
export type NetworkInput<N extends NetworkCommand> = InputOf<typeof networkCommands, N>;
export type NetworkResult<N extends NetworkCommand> = ResultOf<typeof networkCommands, N>;
