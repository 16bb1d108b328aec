/** setQuota. */
import { measureNames, type QuotaMeasure } from '@atoll/schema/tenancy/quotas';
import { shownMeasure } from '../project/tenancy-quotas.ts';
import { type Keyed, mutation } from './definition.ts';
import { repetition } from './lists.ts';
import { tenantOf } from './tenancy.ts';

interface SetQuotaInput extends Keyed {
  readonly environmentId?: string | null;
  readonly namespaceId?: string | null;
  readonly limits: readonly { readonly measure: string; readonly limit?: number | null }[];
}

const measureOf: ReadonlyMap<string, QuotaMeasure> = new Map(
  measureNames.map((measure) => [shownMeasure(measure), measure]),
);

const setQuota = mutation<SetQuotaInput>({
  touches: ['namespaceId', 'environmentId'],
  context: 'tenancy',
  command: 'SetQuota',
  rows: { environment: 'environmentId', namespace: 'namespaceId' },
  order({ environmentId, namespaceId, limits }, { viewer }) {
    const twice = repetition(
      limits.map(({ measure }) => measure),
      'limits',
      'measure',
    );
    if (twice) return twice;
    const given = limits.map(({ measure, limit }) => [measureOf.get(measure) ?? measure, limit ?? null]);
    return {
      tenant: tenantOf(viewer),
      data: {
        environmentId: environmentId ?? null,
        namespaceId: namespaceId ?? null,
        limits: Object.fromEntries(given),
      },
      expectedVersion: null,
    };
  },
  renamed: Object.fromEntries(measureNames.map((measure) => [`limits.${measure}`, 'limits'])),
});

export const quotaMutations = { setQuota };
