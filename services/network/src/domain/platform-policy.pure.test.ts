import { given } from '@atoll/events/given';
import type { PlatformDefinition, PlatformPeer } from '@atoll/schema/network/spec';
import { describe, expect, it } from 'vitest';
import { type PlatformPolicyEvent, platformPolicy } from './platform-policy.ts';

const platformPolicyId = 'ppol_01h455vb4pex5vsknk084sn02q';
const all: PlatformPeer = { kind: 'ALL' };
const outside: PlatformPeer = { kind: 'CIDR', cidr: '0.0.0.0/0', except: [] };
const acme: PlatformPeer = { kind: 'TENANT', tenantId: 'ten_01h455vb4pex5vsknk084sn02q' };
const globex: PlatformPeer = { kind: 'TENANT', tenantId: 'ten_01h455vb4pex5vsknk084sn02r' };
const definition: PlatformDefinition = {
  ...{ action: 'DENY', priority: 0, log: false, from: [all], to: [outside] },
  traffic: [{ protocol: 'TCP', from: 25, to: 25 }],
};
const created: PlatformPolicyEvent = {
  type: 'PlatformPolicyCreated',
  data: { platformPolicyId, name: 'no-mail', revision: 1, definition },
};
const create = { kind: 'create', platformPolicyId, name: 'no-mail' } as const;

describe('a policy of the platform', () => {
  it.each([
    ['shuts everybody off from the outside', 'DENY', [all], [outside], true],
    ['shuts one tenant off from all', 'DENY', [acme], [all], true],
    ['lets everybody out', 'ALLOW', [all], [outside], true],
    ['lets the outside in to one tenant', 'ALLOW', [outside], [acme], true],
    ['lets a tenant through to itself', 'ALLOW', [acme], [acme], true],
    ['never lets one tenant through to another', 'ALLOW', [acme], [globex], false],
    ['never lets one tenant through to another, beside itself', 'ALLOW', [acme], [acme, globex], false],
    ['never lets all through to all', 'ALLOW', [all], [all], false],
    ['never lets all through to one', 'ALLOW', [all], [acme], false],
    ['decides nothing between addresses outside', 'DENY', [outside], [outside], false],
  ] as const)('%s', (_what, action, from, to, fine) => {
    const intended = { name: 'x', definition: { ...definition, action, from: [...from], to: [...to] } };
    const made = given(platformPolicy, []).when({ ...create, ...intended });
    const changed = given(platformPolicy, [created]).when({ kind: 'update', ...intended, seen: null });
    for (const one of [made, changed]) {
      expect(one.ok).toBe(fine);
      if (!one.ok)
        expect(one.rejection).toMatchObject({ code: 'INVALID_ARGUMENT', field: expect.stringMatching('to') });
    }
  });

  it('changes at the revision that was read, lets go of its old name, and is deleted once', () => {
    const update = { kind: 'update', name: 'other', definition } as const;
    expect(given(platformPolicy, [created]).when({ ...update, seen: 2 })).toMatchObject({
      rejection: { code: 'VERSION_CONFLICT' },
    });
    expect(given(platformPolicy, [created]).when({ ...update, seen: 1 })).toMatchObject({
      events: [{ data: { revision: 2, name: 'other' } }],
      claims: [
        { op: 'release', set: 'platform-policy-name', key: 'no-mail' },
        { op: 'take', set: 'platform-policy-name', key: 'other' },
        { set: 'platform-rules', amount: 1 },
      ],
    });
    expect(given(platformPolicy, [created]).when({ ...update, name: 'no-mail', seen: null })).toMatchObject({
      events: [],
    });
    const deleted: PlatformPolicyEvent = { type: 'PlatformPolicyDeleted', data: { platformPolicyId, name: 'no-mail' } };
    expect(given(platformPolicy, [created]).when({ kind: 'delete', seen: null })).toMatchObject({ events: [deleted] });
    for (const gone of [[], [created, deleted]]) {
      expect(given(platformPolicy, gone).when({ kind: 'delete', seen: null })).toMatchObject({
        rejection: { code: 'NOT_FOUND', field: 'platformPolicyId' },
      });
    }
  });
});
