/**
 * What of the platform's nodes a tenant may use: the pools and classes of its plan, as far as they have come here, and
 * weights of its own. Stream `placementTerms:<tenant>`. The newest revision is a mark that whatever is placed for the tenant
 * requires in its commit: nothing is placed by terms that were replaced here, over any number of schedulers.
 */
import { accept, type Claim, type Decider } from '@atoll/events/decider';
import type { DeployEvent } from '@atoll/schema/deploy/events';
import type { PlacementWeights } from '@atoll/schema/deploy/placement';
import { equal } from '@atoll/schema/equal';
import type { Id } from '@atoll/schema/ids';
import { defaultTerms, type slaClasses } from '@atoll/schema/tenancy/plans';

export type SlaClass = (typeof slaClasses)[number];
export const PLACEMENT_TERMS = 'placement-terms';

export type TermsEvent = Extract<DeployEvent, { type: 'PlacementTermsAdopted' }>;
export interface Terms {
  /** 0 where none have come yet: what the default plan gives at first. */
  readonly revision: number;
  /** By name; any where it is empty. */
  readonly pools: readonly string[];
  readonly slaClasses: readonly SlaClass[];
  readonly weights: PlacementWeights | null;
}
export const noTerms: Terms = {
  revision: 0,
  pools: defaultTerms.pools,
  slaClasses: defaultTerms.slaClasses,
  weights: null,
};

export type TermsCommand = { readonly tenantId: Id<'tenant'> } & (
  | { readonly action: 'adopt'; readonly pools: readonly string[]; readonly slaClasses: readonly SlaClass[] }
  | { readonly action: 'weigh'; readonly weights: PlacementWeights | null }
);

const ownerOf = (tenant: Id<'tenant'>, revision: number) => `${tenant}@${revision}`;

/** For whatever is placed by the terms as they are; `by` takes and leaves the mark that nobody has before the first ones. */
export function termsUnchanged(tenant: Id<'tenant'>, { revision }: Terms, by: string): readonly Claim[] {
  const mark = { set: PLACEMENT_TERMS, key: tenant } as const;
  if (revision > 0) return [{ op: 'require', ...mark, owner: ownerOf(tenant, revision) }];
  return [
    { op: 'take', kind: 'unique', ...mark, owner: by },
    { op: 'release', kind: 'unique', ...mark, owner: by },
  ];
}

export const termsDecider: Decider<Terms, TermsCommand, TermsEvent> = {
  initial: noTerms,
  decide(state, command) {
    const { tenantId } = command;
    const { pools, slaClasses, weights } =
      command.action === 'adopt' ? { ...command, weights: state.weights } : { ...state, weights: command.weights };
    const next = { pools: [...pools], slaClasses: [...slaClasses], weights };
    const before = { pools: state.pools, slaClasses: state.slaClasses, weights: state.weights };
    if (equal(next, before)) return accept<TermsEvent>([]);
    const revision = state.revision + 1;
    const mark = { kind: 'unique', set: PLACEMENT_TERMS, key: tenantId } as const;
    const letGo: readonly Claim[] =
      state.revision === 0 ? [] : [{ op: 'release', ...mark, owner: ownerOf(tenantId, state.revision) }];
    return accept<TermsEvent>(
      [{ type: 'PlacementTermsAdopted', data: { tenantId, revision, ...next } }],
      [...letGo, { op: 'take', ...mark, owner: ownerOf(tenantId, revision) }],
    );
  },
  evolve: (_state, { data: { revision, pools, slaClasses, weights } }) => ({ revision, pools, slaClasses, weights }),
};
