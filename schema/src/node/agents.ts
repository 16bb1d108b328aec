/** Which agent speaks for a node. Two on different machines that say they are the same node would take turns at being it. */
import { z } from 'zod';
import type { Id } from '../ids.ts';

/** Another one for each state folder and each boot of a machine; the same over restarts of the agent. */
export const reportingAgent = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/),
  /** Name of the machine, for people. */
  host: z.string().min(1).max(255),
});
export type ReportingAgent = z.infer<typeof reportingAgent>;

/** Three reports long: after so long a silence of the one before, another agent is believed. */
export const agentSilentSeconds = 15;

/** Why the reports of one aren't taken: for the one who looks after the node. At most 1000 characters. */
export const contested = (
  nodeId: Id<'node'>,
  holder: { readonly host: string; readonly seconds: number },
  afterSeconds = agentSilentSeconds,
): string =>
  `${nodeId} is run by another agent, on the machine ${holder.host}, which was heard of ${Math.max(0, Math.round(holder.seconds))} s ago. ` +
  'Two machines can’t be one node: give this one an ATOLL_NODE_ID and credentials of its own, and where its state folder was copied, an ' +
  `empty one; or end the agent over there, and this one takes over ${afterSeconds} s later.`;
