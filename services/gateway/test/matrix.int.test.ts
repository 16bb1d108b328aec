/**
 * Every root field and every id argument × every role × {own, another's, missing}: generated from the SDL. The tenancy,
 * deploy and network services answer nothing here, so a mutation that gets as far as a command is UNAVAILABLE; what they
 * say of ids is in their own tests.
 */
import { idPrefixes } from '@atoll/schema/ids';
import { type BuiltInRole, permissionRegistry, rolePermissions, tenantRoleNames } from '@atoll/schema/permissions';
import type { Scope } from '@atoll/schema/tenancy/access';
import { newId } from '@atoll/service/ids';
import {
  type GraphQLField,
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { permissionOf } from '../src/schema/directives.ts';
import { loadSchema } from '../src/schema/load.ts';
import { type MatrixRow, mutationRows, queryRows, type Thing } from './matrix.ts';
import { type Platform, startPlatform, type TestTenant } from './platform.ts';
import { everything } from './scenario.ts';

const schema = loadSchema();
type Field = GraphQLField<unknown, unknown>;
const queries = Object.values(schema.getQueryType()?.getFields() ?? {});
const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});

type Things = Readonly<Record<Extract<Thing, string>, string>>;
/** Somebody who asks. `held`: by permission, whether they have it everywhere in the tenant, in `ours` alone, or nowhere. */
interface Role {
  readonly name: string;
  readonly token: string;
  readonly held: (permission: string) => 'everywhere' | 'ours' | 'nowhere';
}

let platform: Platform;
let roles: Role[];
/** One of each in a namespace of the tenant, in another environment of it, in another tenant, and nowhere. */
let ours: Things;
let elsewhere: Things;
let theirs: Things;
const missing = (): Things => ({
  ...{ tenant: newId('tenant'), member: newId('member'), serviceAccount: newId('serviceAccount') },
  ...{ role: newId('role'), binding: newId('binding'), environment: newId('environment') },
  ...{ namespace: newId('namespace'), deployment: newId('deployment'), release: newId('release') },
  ...{ rollout: newId('rollout'), instance: newId('instance'), subnet: newId('subnet'), policy: newId('policy') },
});

async function furnish(tenant: TestTenant, name: string): Promise<Things> {
  const { node: _, ...ids } = await everything(platform, tenant, name);
  const tenantId = tenant.id;
  const things = { ...missing(), ...ids, tenant: tenantId };
  const scope = { level: 'namespace', environmentId: ids.environment, namespaceId: ids.namespace };
  const secret = { name: `robot-${name}`, role: null, secretHash: 'a'.repeat(64) };
  const person = { subject: `guest-${name}`, role: null, displayName: null, email: null };
  const bound = { bindingId: things.binding, subjectId: things.member, role: things.role, scope };
  const own = { roleId: things.role, name: `role-${name}`, description: '', permissions: ['namespace:read'] };
  const told = {
    MemberAdded: { memberId: things.member, ...person },
    ServiceAccountCreated: { serviceAccountId: things.serviceAccount, ...secret },
    RoleCreated: own,
    RoleBound: bound,
  };
  const events = Object.entries(told).map(([type, data]) => ({ type, data: { tenantId, ...data } }));
  await platform.append(tenantId, 'tenancy', `tenant:${tenantId}`, ...events);
  return things;
}

const custom = ['viewer:read', 'tenant:read', 'environment:read', 'deployment:read', 'member:read', 'namespace:create'];

beforeAll(async () => {
  platform = await startPlatform();
  const acme = await platform.tenant('acme');
  const globex = await platform.tenant('globex');
  ours = await furnish(acme, 'ours');
  elsewhere = await furnish(acme, 'elsewhere');
  theirs = await furnish(globex, 'theirs');
  const tenantId = acme.id;
  const tell = (type: string, data: object) =>
    platform.append(tenantId, 'tenancy', `tenant:${tenantId}`, { type, data: { tenantId, ...data } });
  async function person(subject: string, role: BuiltInRole | null, bound?: { role: string; scope: Scope }) {
    const memberId = newId('member');
    await tell('MemberAdded', { memberId, subject, role, displayName: null, email: null });
    if (bound) await tell('RoleBound', { bindingId: newId('binding'), subjectId: memberId, ...bound });
    return await platform.issuer.sign({ subject, tenant: tenantId }, 3600);
  }
  const roleId = newId('role');
  await tell('RoleCreated', { roleId, name: 'custom', description: '', permissions: custom });
  const scope = { level: 'namespace', environmentId: ours.environment, namespaceId: ours.namespace } as Scope;
  const levelOf = (permission: string) => permissionRegistry[permission as keyof typeof permissionRegistry];
  const inOurs: Role['held'] = (permission) => {
    if (!rolePermissions.developer.some((held) => held === permission)) return 'nowhere';
    const { level, upward } = levelOf(permission);
    if (level === 'namespace') return 'ours';
    return upward ? (level === 'tenant' ? 'everywhere' : 'ours') : 'nowhere';
  };
  const all =
    (held: readonly string[]): Role['held'] =>
    (permission) =>
      held.includes(permission) ? 'everywhere' : 'nowhere';
  roles = [
    { name: 'operator', token: platform.operator, held: all(rolePermissions.operator) },
    ...(await Promise.all(
      tenantRoleNames.map(async (name) => ({
        ...{ name, token: await person(`the-${name}`, name), held: all(rolePermissions[name]) },
      })),
    )),
    {
      ...{ name: 'a role of its own', held: all(custom) },
      token: await person('the-custom', null, { role: roleId, scope: { level: 'tenant' } }),
    },
    {
      ...{ name: 'developer of a namespace', held: inOurs },
      token: await person('the-scoped', null, { role: 'developer', scope }),
    },
    { name: 'nobody', token: await person('the-nobody', null), held: all([]) },
  ];
});
afterAll(() => platform.stop());

function idPaths(type: GraphQLInputType, path: readonly string[] = []): string[] {
  const named = getNamedType(type);
  if (named.name === 'ID') return [path.join('.')];
  if (!isInputObjectType(named)) return [];
  return Object.values(named.getFields()).flatMap((field) => idPaths(field.type, [...path, field.name]));
}
const pathsOf = (field: Field): string[] =>
  field.args.flatMap((arg) => idPaths(arg.type, arg.name === 'input' ? [] : [arg.name]));

describe('the rows of the matrix', () => {
  it.each([
    ['Query', queries, queryRows],
    ['Mutation', mutations, mutationRows],
  ] as const)('are all root fields of %s, with all their ids', (_type, fields, rows) => {
    expect(Object.keys(rows).sort()).toEqual(fields.map(({ name }) => name).sort());
    for (const field of fields) {
      expect(Object.keys(rows[field.name]?.ids ?? {}).sort(), field.name).toEqual(pathsOf(field).sort());
    }
  });
});

/** A value that GraphQL takes; ids are put in after it. */
function someValue(type: GraphQLInputType): unknown {
  if (isNonNullType(type)) return someValue(type.ofType);
  if (isListType(type)) return [];
  if (isEnumType(type)) return type.getValues()[0]?.name;
  if (isInputObjectType(type)) {
    const needed = Object.values(type.getFields()).filter((field) => isNonNullType(field.type));
    return Object.fromEntries(needed.map((field) => [field.name, someValue(field.type)]));
  }
  const scalars: Record<string, unknown> = {
    Int: 1,
    Float: 1,
    Boolean: false,
    JSON: {},
    DateTime: '2026-01-01T00:00:00.000Z',
  };
  return scalars[type.name] ?? 'x';
}

function place(into: Record<string, unknown>, path: string, id: string, type: GraphQLInputType | undefined): void {
  const [first = '', ...rest] = path.split('.');
  if (rest.length === 0) {
    const list = type && isListType(isNonNullType(type) ? type.ofType : type);
    into[first] = list ? [id] : id;
    return;
  }
  into[first] ??= {};
  place(into[first] as Record<string, unknown>, rest.join('.'), id, undefined);
}

function argsFor(field: Field, row: MatrixRow, things: Things): Record<string, unknown> {
  const input = field.args.find(({ name }) => name === 'input');
  const inner = input && getNamedType(input.type);
  const given: Record<string, unknown> = input ? (someValue(input.type) as Record<string, unknown>) : { ...row.with };
  for (const [path, thing] of Object.entries(row.ids ?? {})) {
    const id = typeof thing === 'string' ? things[thing] : `${idPrefixes[thing.none]}_01h455vb4pex5vsknk084sn02q`;
    const type = inner && isInputObjectType(inner) ? inner.getFields()[path.split('.')[0] ?? '']?.type : undefined;
    place(given, path, id, type);
  }
  return input ? { input: given } : given;
}

/** The least that can be asked of a field. */
function selection(field: Field): string {
  const type = getNamedType(field.type);
  return isLeafType(type)
    ? ''
    : isObjectType(type) && 'userErrors' in type.getFields()
      ? '{ userErrors { code message field } }'
      : '{ __typename }';
}

async function ask(role: Role, kind: 'query' | 'mutation', field: Field, row: MatrixRow, things: Things) {
  const args = argsFor(field, row, things);
  const declared = field.args.filter(({ name }) => name in args).map((arg) => `$${arg.name}: ${arg.type}`);
  const passed = field.args.filter(({ name }) => name in args).map(({ name }) => `${name}: $${name}`);
  const list = (items: string[]) => (items.length > 0 ? `(${items.join(', ')})` : '');
  const { text } = await platform.query(
    role.token,
    `${kind} ${list(declared)} { ${field.name}${list(passed)} ${selection(field)} }`,
    args,
  );
  return text;
}

const isForbidden = (text: string) => text.includes('"extensions":{"code":"FORBIDDEN"');

/** To the operator every tenant's ids are of things that are there: of them only what is forbidden is asked. */
async function expectRow(role: Role, kind: 'query' | 'mutation', field: Field, row: MatrixRow): Promise<string[]> {
  const wrong: string[] = [];
  const where = `${kind} ${field.name} as ${role.name}`;
  const answers = {
    own: await ask(role, kind, field, row, ours),
    missing: await ask(role, kind, field, row, missing()),
    again: await ask(role, kind, field, row, missing()),
    foreign: await ask(role, kind, field, row, theirs),
    elsewhere: await ask(role, kind, field, row, elsewhere),
  };
  const held = role.held(permissionOf(schema, field) ?? '');
  if (held === 'nowhere') {
    for (const [which, text] of Object.entries(answers)) {
      if (!isForbidden(text) || text !== answers.own)
        wrong.push(`${where}, ${which}: not FORBIDDEN: ${text.slice(0, 200)}`);
    }
    return wrong;
  }
  if (held === 'everywhere' && isForbidden(answers.own)) wrong.push(`${where}: ${answers.own.slice(0, 200)}`);
  if (role.name === 'operator') return wrong;
  if (answers.foreign !== answers.missing || answers.again !== answers.missing) {
    wrong.push(
      `${where}: another tenant's is not as a missing one: ${answers.foreign.slice(0, 200)} · ${answers.missing.slice(0, 200)}`,
    );
  }
  if (held === 'ours' && answers.elsewhere !== answers.missing) {
    wrong.push(
      `${where}: elsewhere is not as a missing one: ${answers.elsewhere.slice(0, 200)} · ${answers.missing.slice(0, 200)}`,
    );
  }
  return wrong;
}

describe('every root field, every id of its arguments, every role', () => {
  it.each(queries.map((field) => [field.name, field] as const))('query %s', async (name, field) => {
    const row = queryRows[name] ?? {};
    const wrong = await Promise.all(roles.map((role) => expectRow(role, 'query', field, row)));
    expect(wrong.flat()).toEqual([]);
  });

  it.each(mutations.map((field) => [field.name, field] as const))('mutation %s', async (name, field) => {
    const row = mutationRows[name] ?? {};
    const wrong = await Promise.all(roles.map((role) => expectRow(role, 'mutation', field, row)));
    expect(wrong.flat()).toEqual([]);
  });
});
