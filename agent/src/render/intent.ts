import type { DesiredNetwork } from '@atoll/schema/node/network';

/** What is enforced. Without pools (nothing has been pulled yet) nothing is open. */
export type RuleIntent = Pick<DesiredNetwork, 'rules'> & { readonly pools: DesiredNetwork['pools'] | null };

/** The rule set contradicts itself: nothing of it can be applied. */
export class RuleSetInvalid extends Error {
  override readonly name = 'RuleSetInvalid';
}
