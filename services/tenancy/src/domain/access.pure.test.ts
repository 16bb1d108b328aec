import { given } from '@atoll/events/given';
import type { BuiltInRole } from '@atoll/schema/permissions';
import type { RoleRef, Scope } from '@atoll/schema/tenancy/access';
import { describe, expect, it } from 'vitest';
import { MAX_BINDINGS_OF_ONE, MAX_ROLES } from './access.ts';
import type { By } from './access-state.ts';
import { defaultLimits, type TenantCommand, type TenantEvent, tenant } from './tenant.ts';

const suffix = '01h455vb4pex5vsknk084sn0';
const tenantId = `ten_${suffix}2q` as const;
const memberId = (n: number) => `mem_${suffix}${n}q` as const;
const roleId = `role_${suffix}2q` as const;
const bindingId = `rb_${suffix}2q` as const;
const environmentId = `env_${suffix}2q` as const;
const namespaceId = `ns_${suffix}2q` as const;
const inEnvironment: Scope = { level: 'environment', environmentId };
const inNamespace: Scope = { level: 'namespace', environmentId, namespaceId };
const everywhere: Scope = { level: 'tenant' };

const operator: By = { kind: 'platform' };
const as = (subject: string, only: readonly string[] | null = null): By => ({ kind: 'subject', subject, only });

const created: TenantEvent = { type: 'TenantCreated', data: { tenantId, name: 'acme', limits: defaultLimits } };
const member = (n: number, subject: string, role: BuiltInRole | null): TenantEvent => ({
  type: 'MemberAdded',
  data: { tenantId, memberId: memberId(n), subject, role, displayName: null, email: null },
});
/** Olga 1, owner · Adam 2, admin · Dora 3, developer · Nora 4, with nothing. */
const people = [
  created,
  member(1, 'olga', 'owner'),
  member(2, 'adam', 'admin'),
  member(3, 'dora', 'developer'),
  member(4, 'nora', null),
];
const role = (permissions: string[], id = roleId): TenantEvent => ({
  type: 'RoleCreated',
  data: { tenantId, roleId: id, name: 'deployers', description: '', permissions },
});
const bound = (n: number, what: RoleRef, scope: Scope, id = bindingId): TenantEvent => ({
  type: 'RoleBound',
  data: { tenantId, bindingId: id, subjectId: memberId(n), role: what, scope },
});
const bind = (by: By, n: number, what: RoleRef, scope: Scope): TenantCommand => ({
  ...{ kind: 'bindRole', by, bindingId, subjectId: memberId(n), role: what, scope },
  namespaceName: scope.level === 'namespace' ? 'shop' : null,
});
const createRole = (by: By, permissions: string[], name = 'deployers'): TenantCommand => ({
  ...{ kind: 'createRole', by, roleId, name, description: '', permissions },
});
const change = (by: By, n: number, to: BuiltInRole | null): TenantCommand => ({
  ...{ kind: 'changeMemberRole', by, memberId: memberId(n), role: to },
});
const remove = (by: By, n: number): TenantCommand => ({ kind: 'removeMember', by, memberId: memberId(n) });

const code = (events: readonly TenantEvent[], command: TenantCommand): string => {
  const decision = given(tenant, events).when(command);
  return decision.ok ? 'OK' : decision.rejection.code;
};
const add = (by: By, to: BuiltInRole | null): TenantCommand => ({
  ...{ kind: 'addMember', by, memberId: memberId(9), subject: 'new', role: to, displayName: null, email: null },
});

describe('nobody gives more than they hold', () => {
  it.each([
    ['an owner makes owners', add(as('olga'), 'owner'), 'OK'],
    ['an admin makes none', add(as('adam'), 'owner'), 'GRANT_EXCEEDS_OWN'],
    ['an admin makes admins', add(as('adam'), 'admin'), 'OK'],
    ['a developer adds nobody', add(as('dora'), 'viewer'), 'FORBIDDEN'],
    ['who is nobody in the tenant adds nobody', add(as('mallory'), 'viewer'), 'FORBIDDEN'],
    ['the operator stands above', add(operator, 'owner'), 'OK'],
    ['a key that may not add members adds none', add(as('olga', ['member:read']), 'viewer'), 'FORBIDDEN'],
    ['a key gives no more than it may itself', add(as('olga', ['member:create']), 'viewer'), 'GRANT_EXCEEDS_OWN'],
    ['an admin makes nobody an owner', change(as('adam'), 4, 'owner'), 'GRANT_EXCEEDS_OWN'],
    ['nor themselves', change(as('adam'), 2, 'owner'), 'GRANT_EXCEEDS_OWN'],
    ['an owner does', change(as('olga'), 4, 'owner'), 'OK'],
    ['an admin binds no owner', bind(as('adam'), 4, 'owner', everywhere), 'GRANT_EXCEEDS_OWN'],
    ['but within a part, where there is nothing to own', bind(as('adam'), 4, 'owner', inNamespace), 'OK'],
    ['a developer binds nothing', bind(as('dora'), 4, 'viewer', inNamespace), 'FORBIDDEN'],
    [
      'an admin puts no permission into a role that they lack',
      createRole(as('adam'), ['owner:grant']),
      'GRANT_EXCEEDS_OWN',
    ],
    ['an owner does put it', createRole(as('olga'), ['owner:grant']), 'OK'],
  ] as const)('%s', (_what, command, expected) => {
    expect(code(people, command)).toBe(expected);
  });

  it('and says what it would be', () => {
    expect(given(tenant, people).when(add(as('adam'), 'owner'))).toMatchObject({
      rejection: { code: 'GRANT_EXCEEDS_OWN', field: 'role', message: expect.stringContaining('owner:grant') },
    });
  });

  it('who has a role in a part of the tenant gives it there and within, and nowhere else', () => {
    const events = [...people, bound(4, 'admin', inEnvironment)];
    expect(code(events, bind(as('nora'), 3, 'developer', inEnvironment))).toBe('OK');
    expect(code(events, bind(as('nora'), 3, 'developer', inNamespace))).toBe('OK');
    expect(code(events, bind(as('nora'), 3, 'developer', everywhere))).toBe('FORBIDDEN');
    const other = { level: 'environment', environmentId: `env_${suffix}3q` } as const;
    expect(code(events, bind(as('nora'), 3, 'developer', other))).toBe('FORBIDDEN');
    expect(code(events, add(as('nora'), 'viewer'))).toBe('FORBIDDEN');
  });

  it('is judged by what they hold at the commit: a role that was taken back gives nothing', () => {
    const events = [...people, bound(4, 'admin', inEnvironment)];
    const taken: TenantEvent = {
      type: 'RoleUnbound',
      data: { tenantId, bindingId, subjectId: memberId(4), role: 'admin', scope: inEnvironment },
    };
    expect(code([...events, taken], bind(as('nora'), 3, 'viewer', inEnvironment))).toBe('FORBIDDEN');
    const demoted: TenantEvent = {
      type: 'MemberRoleChanged',
      data: { tenantId, memberId: memberId(2), role: 'viewer', from: 'admin' },
    };
    expect(code([...people, demoted], add(as('adam'), 'viewer'))).toBe('FORBIDDEN');
  });

  it('also not by changing a role that they have themselves', () => {
    const events = [...people, role(['role:write', 'role:read']), bound(4, roleId, everywhere)];
    const more = (permissions: string[]) =>
      ({ kind: 'changeRole', by: as('nora'), roleId, permissions }) satisfies TenantCommand;
    expect(code(events, more(['role:write', 'role:read', 'member:create']))).toBe('GRANT_EXCEEDS_OWN');
    expect(code(events, more(['role:write']))).toBe('OK');
  });
});

describe('the last owner', () => {
  const bob = member(5, 'bob', 'owner');
  it.each([
    ['is not removed', remove(operator, 1)],
    ['does not leave', { kind: 'leave', by: as('olga') }],
    ['is not demoted, by nobody', change(as('olga'), 1, 'admin')],
    ['nor by the operator', change(operator, 1, null)],
  ] satisfies [string, TenantCommand][])('%s; once there is another, it goes', (_what, command) => {
    expect(given(tenant, people).when(command)).toMatchObject({
      rejection: { code: 'LAST_OWNER', message: expect.stringContaining('Make somebody else an owner first') },
    });
    expect(code([...people, bob], command)).toBe('OK');
  });

  it('by a binding is not unbound', () => {
    const events = [created, member(4, 'nora', 'viewer'), bound(4, 'owner', everywhere)];
    const unbind: TenantCommand = { kind: 'unbindRole', by: as('nora'), bindingId };
    expect(code(events, unbind)).toBe('LAST_OWNER');
    expect(code([...events, bob], unbind)).toBe('OK');
  });

  it('is nobody who owns a part of the tenant, nor a service account', () => {
    expect(code([...people, bound(4, 'owner', inNamespace)], remove(operator, 1))).toBe('LAST_OWNER');
    const robot: TenantEvent = {
      type: 'ServiceAccountCreated',
      data: { tenantId, serviceAccountId: `sa_${suffix}2q`, name: 'ci', role: 'owner', secretHash: 'a'.repeat(64) },
    };
    expect(code([...people, robot], remove(operator, 1))).toBe('LAST_OWNER');
  });

  it('there may be none of: a tenant of before there were owners goes on as it is', () => {
    const events = [created, member(2, 'adam', 'admin'), member(3, 'dora', 'developer')];
    expect(code(events, remove(as('adam'), 3))).toBe('OK');
    expect(code(events, { kind: 'leave', by: as('adam') })).toBe('OK');
  });

  it('is safe from whoever is none: only an owner takes that from somebody', () => {
    const events = [...people, bob];
    expect(code(events, remove(as('adam'), 5))).toBe('FORBIDDEN');
    expect(code(events, change(as('adam'), 5, 'viewer'))).toBe('FORBIDDEN');
    expect(code(events, remove(as('olga'), 5))).toBe('OK');
  });
});

describe('a member', () => {
  it('who is removed loses the bindings in the same commit, and may be added again', () => {
    const events = [...people, bound(4, 'developer', inNamespace)];
    const decision = given(tenant, events).when(remove(as('adam'), 4));
    expect(decision).toMatchObject({ ok: true, events: [{ type: 'RoleUnbound' }, { type: 'MemberRemoved' }] });
    const after = decision.ok ? [...events, ...decision.events] : [];
    expect(code(after, remove(as('adam'), 4))).toBe('NOT_FOUND');
    expect(given(tenant, after).state()).toMatchObject({ bindings: [] });
  });

  it('whose role is changed to what it is stays as it is', () => {
    expect(given(tenant, people).when(change(as('adam'), 3, 'developer'))).toEqual({
      ok: true,
      events: [],
      claims: [],
    });
  });

  it('leaves, and nobody else may for them', () => {
    expect(given(tenant, people).when({ kind: 'leave', by: as('dora') })).toMatchObject({
      events: [{ type: 'MemberRemoved', data: { memberId: memberId(3) } }],
    });
    expect(code(people, { kind: 'leave', by: operator })).toBe('ILLEGAL_STATE');
  });
});

describe("a role of a tenant's own", () => {
  it.each([
    ['a permission that nobody knows', ['deployment:reed'], 'INVALID_ARGUMENT', 'permissions.0'],
    ['one of the platform, from whomever', ['viewer:read', 'tenant:create'], 'INVALID_ARGUMENT', 'permissions.1'],
    ['one twice', ['viewer:read', 'viewer:read'], 'INVALID_ARGUMENT', 'permissions.1'],
  ])('does not have %s', (_what, permissions, expected, field) => {
    for (const by of [operator, as('olga')]) {
      const rejection = { code: expected, field };
      expect(given(tenant, people).when(createRole(by, permissions))).toMatchObject({ rejection });
    }
  });

  it('has a name that no other role has, a built-in one neither', () => {
    expect(code(people, createRole(as('adam'), ['viewer:read'], 'owner'))).toBe('NAME_TAKEN');
    expect(code(people, createRole(as('adam'), ['viewer:read'], 'operator'))).toBe('NAME_TAKEN');
    const other = role(['viewer:read'], `role_${suffix}3q` as typeof roleId);
    expect(code([...people, other], createRole(as('adam'), ['viewer:read']))).toBe('NAME_TAKEN');
    const rename = { kind: 'changeRole', by: as('adam'), roleId, name: 'deployers' } satisfies TenantCommand;
    expect(given(tenant, [...people, role(['viewer:read'])]).when(rename)).toEqual({
      ok: true,
      events: [],
      claims: [],
    });
  });

  it('that is bound is not deleted, and who has it is said; then it is', () => {
    const events = [...people, role(['deployment:write']), bound(4, roleId, inNamespace)];
    const drop: TenantCommand = { kind: 'deleteRole', by: as('adam'), roleId };
    expect(given(tenant, events).when(drop)).toMatchObject({
      rejection: { code: 'ROLE_IN_USE', message: expect.stringContaining(`nora (binding ${bindingId})`) },
    });
    const unbound = given(tenant, events).when({ kind: 'unbindRole', by: as('adam'), bindingId });
    expect(code(unbound.ok ? [...events, ...unbound.events] : [], drop)).toBe('OK');
  });

  it('there are at most so many of', () => {
    const many = Array.from({ length: MAX_ROLES }, (_, n): TenantEvent => {
      const id = `role_${suffix.slice(0, -2)}${String(n).padStart(4, '0')}` as const;
      return { type: 'RoleCreated', data: { tenantId, roleId: id, name: `r-${n}`, description: '', permissions: [] } };
    });
    expect(code([...people, ...many], createRole(as('adam'), ['viewer:read'], 'more'))).toBe('QUOTA_EXCEEDED');
  });
});

describe('a binding', () => {
  it('needs what it is for to be there at the commit', () => {
    expect(given(tenant, people).when(bind(as('adam'), 4, 'developer', inNamespace))).toMatchObject({
      ok: true,
      events: [{ type: 'RoleBound', data: { subjectId: memberId(4), role: 'developer', scope: inNamespace } }],
      claims: [
        { op: 'require', set: 'tenant', key: tenantId },
        { op: 'require', set: 'environment', key: `${tenantId}/${environmentId}` },
        { op: 'require', set: 'namespace-name', key: `${environmentId}/shop` },
      ],
    });
  });

  it.each([
    ['to nobody', bind(as('adam'), 8, 'developer', inNamespace), 'NOT_FOUND'],
    ['of no role', bind(as('adam'), 4, roleId, inNamespace), 'NOT_FOUND'],
    ['that is there already', bind(as('adam'), 3, 'viewer', inNamespace), 'ILLEGAL_STATE'],
  ])('%s is refused', (_what, command, expected) => {
    expect(code([...people, bound(3, 'viewer', inNamespace)], command)).toBe(expected);
  });

  it('of a role that is about nothing there is refused: it would only look as if it gave something', () => {
    const events = [...people, role(['member:read'])];
    expect(code(events, bind(as('adam'), 4, roleId, inNamespace))).toBe('INVALID_ARGUMENT');
    expect(code(events, bind(as('adam'), 4, roleId, everywhere))).toBe('OK');
  });

  it('is one of at most so many of one subject', () => {
    const many = Array.from({ length: MAX_BINDINGS_OF_ONE }, (_, n) => {
      const id = String(n).padStart(4, '0');
      const scope = { level: 'environment', environmentId: `env_${suffix.slice(0, -2)}${id}` } as const;
      return bound(4, 'viewer', scope, `rb_${suffix.slice(0, -2)}${id}` as typeof bindingId);
    });
    expect(code([...people, ...many], bind(as('adam'), 4, 'viewer', inNamespace))).toBe('QUOTA_EXCEEDED');
  });

  it('ends with the namespace that it is for, and those of other places stay', () => {
    const other = `rb_${suffix}3q` as typeof bindingId;
    const events = [...people, bound(4, 'viewer', inNamespace), bound(4, 'viewer', inEnvironment, other)];
    expect(given(tenant, events).when({ kind: 'endBindings', scope: inNamespace })).toMatchObject({
      events: [{ type: 'RoleUnbound', data: { bindingId } }],
    });
  });

  it('is gone with its tenant: what the place tells later changes nothing, and fails nothing', () => {
    const deletionId = `del_${suffix}3q` as const;
    const deleted: TenantEvent = { type: 'TenantDeleted', data: { tenantId, name: 'acme', deletionId } };
    const events = [...people, bound(4, 'viewer', inNamespace), deleted];
    expect(given(tenant, events).when({ kind: 'endBindings', scope: inNamespace })).toMatchObject({
      ok: true,
      events: [],
    });
  });

  it('that is not there is not ended', () => {
    expect(code(people, { kind: 'unbindRole', by: as('adam'), bindingId })).toBe('NOT_FOUND');
  });
});

describe('in a tenant that is suspended', () => {
  const suspended: TenantEvent = { type: 'TenantSuspended', data: { tenantId, reason: 'unpaid' } };
  it('nothing is given, and the operator alone takes away', () => {
    const events = [...people, suspended];
    expect(code(events, bind(operator, 4, 'viewer', inNamespace))).toBe('TENANT_SUSPENDED');
    expect(code(events, remove(as('adam'), 3))).toBe('TENANT_SUSPENDED');
    expect(code(events, remove(operator, 3))).toBe('OK');
  });
});
