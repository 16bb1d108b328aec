import { given } from '@atoll/events/given';
import { describe, expect, it } from 'vitest';
import { environment } from './environment.ts';

const tenant = 'ten_01h455vb4pex5vsknk084sn02q';
const environmentId = 'env_01h455vb4pex5vsknk084sn02q';
const create = { kind: 'create', tenant, environmentId, name: 'prod', environmentKind: 'PRODUCTION' } as const;

const created = { type: 'EnvironmentCreated', data: { environmentId, name: 'prod', kind: 'PRODUCTION' } } as const;

describe('an environment', () => {
  it('needs its tenant, takes its name, and leaves a mark that names its tenant', () => {
    expect(given(environment, []).when(create)).toEqual({
      ok: true,
      events: [{ type: 'EnvironmentCreated', data: { environmentId, name: 'prod', kind: 'PRODUCTION' } }],
      claims: [
        { op: 'require', set: 'tenant', key: tenant },
        { op: 'take', kind: 'unique', set: 'environment-name', key: `${tenant}/prod`, owner: environmentId },
        { op: 'take', kind: 'unique', set: 'environment', key: `${tenant}/${environmentId}`, owner: environmentId },
      ],
    });
  });

  it('has no labels, and then those that are set, while it and its tenant are there', () => {
    const labels = { team: 'blue' };
    const set = { kind: 'setLabels', tenant, labels } as const;
    const done = { type: 'EnvironmentLabelsSet', data: { environmentId, labels } } as const;
    const claims = [
      { op: 'require', set: 'tenant', key: tenant },
      { op: 'require', set: 'environment', key: `${tenant}/${environmentId}` },
    ];
    expect(given(environment, [created]).when(set)).toEqual({ ok: true, events: [done], claims });
    expect(given(environment, [created, done]).when(set)).toEqual({ ok: true, events: [], claims });
    expect(given(environment, [created]).when({ ...set, labels: {} })).toMatchObject({ events: [] });
    const deleted = { type: 'EnvironmentDeleted', data: { environmentId, name: 'prod' } } as const;
    for (const history of [[], [created, deleted]]) {
      expect(given(environment, history).when(set)).toMatchObject({ rejection: { code: 'NOT_FOUND' } });
    }
  });

  it('is created once', () => {
    expect(given(environment, [created]).when(create)).toMatchObject({
      ok: false,
      rejection: { code: 'ILLEGAL_STATE' },
    });
  });
});
