/** Mutations of environments beyond their creation. */
import { type Keyed, mutation } from './definition.ts';
import { tenantOf } from './tenancy.ts';

interface EnvironmentInput extends Keyed {
  readonly environmentId: string;
}
interface ChangeInput extends EnvironmentInput {
  readonly name?: string | null;
  readonly kind?: string | null;
}

const changeEnvironment = mutation<ChangeInput>({
  touches: ['environmentId'],
  context: 'tenancy',
  command: 'ChangeEnvironment',
  rows: { environment: 'environmentId' },
  order: ({ environmentId, name, kind }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { environmentId, ...(name == null ? {} : { name }), ...(kind == null ? {} : { kind }) },
    expectedVersion: null,
  }),
});

interface PromotionInput extends EnvironmentInput {
  readonly promotesTo: readonly string[];
}

const setPromotion = mutation<PromotionInput>({
  touches: ['environmentId'],
  // What has run here may run there then, whatever the rules there: that is theirs to say who change them.
  mentions: [{ field: 'promotesTo', permission: 'environment:write' }],
  context: 'tenancy',
  command: 'SetPromotion',
  rows: { environment: 'environmentId' },
  order: ({ environmentId, promotesTo }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { environmentId, promotesTo },
    expectedVersion: null,
  }),
});

interface ImageRulesInput extends EnvironmentInput {
  readonly allowed?: readonly string[] | null;
  readonly promotedOnly: boolean;
}

const setImageRules = mutation<ImageRulesInput>({
  touches: ['environmentId'],
  context: 'tenancy',
  command: 'SetImageRules',
  rows: { environment: 'environmentId' },
  renamed: { rules: '' },
  order: ({ environmentId, allowed, promotedOnly }, { viewer }) => ({
    tenant: tenantOf(viewer),
    data: { environmentId, rules: { allowed: allowed ?? null, promotedOnly } },
    expectedVersion: null,
  }),
});

export const environmentMutations = { changeEnvironment, setPromotion, setImageRules };
