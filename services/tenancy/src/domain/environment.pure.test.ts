import { given } from '@atoll/events/given';
import { describe, expect, it } from 'vitest';
import { environment } from './environment.ts';

const tenant = 'ten_01h455vb4pex5vsknk084sn02q';
const environmentId = 'env_01h455vb4pex5vsknk084sn02q';
const create = { kind: 'create', tenant, environmentId, name: 'prod', environmentKind: 'PRODUCTION' } as const;

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

  it('is created once', () => {
    const created = { type: 'EnvironmentCreated', data: { environmentId, name: 'prod', kind: 'PRODUCTION' } } as const;
    expect(given(environment, [created]).when(create)).toMatchObject({
      ok: false,
      rejection: { code: 'ILLEGAL_STATE' },
    });
  });
});
