import { given } from '@atoll/events/given';
import { expect, it } from 'vitest';
import { type HoldingCommand, type HoldingEvent, holding } from './holding.ts';

const facts = {
  ...({ holderId: 'dep_1', namespaceId: 'ns_01h455vb4pex5vsknk084sn02q' } as const),
  ...({ environmentId: 'env_01h455vb4pex5vsknk084sn02q', name: 'web', owner: 'deploy' } as const),
};
const told = (version: number, instances: number): HoldingEvent => ({
  type: 'QuotaCommitted',
  data: { ...facts, amounts: { instances }, told: version, reservationId: null },
});
const heal = (seen: number): HoldingCommand => ({
  ...{ kind: 'heal', tenant: 'ten_01h455vb4pex5vsknk084sn02q', told: 0 },
  seen,
});

it('what is stale is healed, and not what its owner has said since it was found so', () => {
  const [stale, fresh] = [told(4, 2), told(7, 3)];
  expect(given(holding, [stale]).when(heal(4))).toMatchObject({
    events: [
      { type: 'QuotaDifferenceFound' },
      { type: 'QuotaCommitted', data: { amounts: {} } },
      { type: 'QuotaDifferenceEnded' },
    ],
  });
  expect(given(holding, [stale, fresh]).when(heal(4))).toMatchObject({ ok: true, events: [] });
});
