/**
 * Every mutation, with every id that it takes, answers another tenant's thing as one that there isn't, byte for byte, and
 * changes nothing: asked of the services that judge it, by an owner, a developer, and the operator in a tenant's name.
 * Generated from the schema: a mutation without a row fails.
 */
import { formatSecret, secretText } from '@atoll/schema/credentials';
import { idPrefixes } from '@atoll/schema/ids';
import type { Atoll } from '@atoll/sdk/client';
import { newId } from '@atoll/service/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { operatorOf, seeded, unique } from '../platform/clients.ts';
import { checkoutFor, runShell } from '../platform/documents.ts';
import { Platform } from '../platform/platform.ts';
import { eventCounts, reserved } from '../platform/store.ts';
import { waitFor } from '../platform/waiting.ts';
import { newNamespace, push, small, steady } from '../platform/workloads.ts';
import { type Case, rows, type Thing } from './tenants-rows.ts';

type Things = Readonly<Record<Thing, string>>;

let platform: Platform;
let ours: Things;
let theirs: Things;
let askers: readonly (readonly [name: string, token: string])[];

const nothingSecret = secretText(Buffer.alloc(32, 7));
const tokenOf = (id: string) => formatSecret('invitation', id as `inv_${string}`, nothingSecret);

const labels = [{ key: 'foreign', value: 'matrix' }];

/** One of each, made through the API. */
async function furnish(at: number, image: string, addressRange: string): Promise<Things> {
  const { id: tenant, owner, name } = seeded(platform.ready, at);
  const { mutate, query } = owner;
  const namespace = await newNamespace(owner, 'matrix');
  const inNamespace = { namespaceId: namespace.id };
  const [created, policy, account, key, invited, role, added, gone] = await Promise.all([
    mutate.createDeployment({ ...small, ...inNamespace, name: 'matrix', image, replicas: 1, labels }),
    mutate.createIsolationPolicy({ ...inNamespace, name: 'matrix', from: {}, toLabels: [], ports: [{ from: 80 }] }),
    mutate.createServiceAccount({ name: 'matrix', role: 'VIEWER' }),
    mutate.createApiKey({ name: 'matrix' }),
    mutate.inviteMember({ role: 'VIEWER' }),
    mutate.createRole({ name: 'matrix', permissions: ['namespace:read'] }),
    mutate.addMember({ subject: `matrix-of-${name}`, role: 'VIEWER' }),
    mutate.createEnvironment({ name: 'gone', kind: 'TEST' }),
  ]);
  const bound = await mutate.bindRole({ memberId: added.member.id, roleId: role.role.id, ...inNamespace });
  const plan = await query.deletionPlan({ id: gone.environment.id });
  const { deletion } = await mutate.deleteEnvironment({
    ...{ environmentId: gone.environment.id, confirm: plan?.confirm ?? '' },
  });
  const deletionId = deletion?.id ?? '';
  const ended = async () => ((await query.deletion({ id: deletionId }))?.status === 'COMPLETED' ? true : undefined);
  await waitFor('the deletion is over', 60_000, ended);
  await steady(owner, created.deployment.id);
  const { batch } = await mutate.startBatch({ scopeId: namespace.id, labels, operation: { kind: 'SUSPEND' } });
  const batchId = batch?.id ?? '';
  const idle = async () => ((await query.batch({ id: batchId }))?.status === 'COMPLETED' ? true : undefined);
  await waitFor('the batch has found nothing to suspend', 60_000, idle);
  const { service } = await mutate.createService({
    ...{ ...inNamespace, name: 'matrix', selector: [], ports: [{ port: 80 }] },
  });
  const { publicAddress } = await mutate.allocatePublicAddress({ ...inNamespace, name: 'matrix' });
  const publicAddressId = publicAddress?.id ?? '';
  const { portMapping } = await mutate.createPortMapping({
    ...{ publicAddressId, port: 443, deploymentId: created.deployment.id },
  });
  const [subnet] = (await query.namespaceSubnets({ id: namespace.id }))?.nodes ?? [];
  const [issuer] = (await query.issuers({}))?.nodes ?? [];
  const [first] = (await operatorOf(platform.ready).query.plans({}))?.nodes ?? [];
  return {
    ...{ tenant, namespace: namespace.id, environment: namespace.environment.id, deployment: created.deployment.id },
    ...{ policy: policy.isolationPolicy.id, serviceAccount: account.clientId, apiKey: key.apiKey.id },
    ...{ invitation: invited.invitation.id, role: role.role.id, member: added.member.id },
    ...{ binding: bound.roleBinding.id, deletion: deletionId, issuer: issuer?.id ?? '', plan: first?.id ?? '' },
    service: service?.id ?? '',
    batch: batchId,
    // There is none: it is answered as one of somebody else's.
    platformPolicy: newId('platformPolicy'),
    ...{ pool: newId('pool'), node: newId('node') },
    ...{ subnet: subnet?.id ?? '', publicAddress: publicAddressId, portMapping: portMapping?.id ?? '', addressRange },
    ...{ subject: `matrix-of-${name}`, token: tokenOf(invited.invitation.id) },
  };
}

const isKind = (thing: Thing): thing is Exclude<Thing, 'subject' | 'token'> => Object.hasOwn(idPrefixes, thing);

function missing(thing: Thing): string {
  if (thing === 'token') return tokenOf(missing('invitation'));
  return isKind(thing) ? newId(thing) : unique('nobody');
}

async function post(token: string, query: string, variables: object = {}): Promise<string> {
  const response = await fetch(platform.ready.graphqlUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query, variables }),
  });
  return `${response.status} ${await response.text()}`;
}

interface TypeRef {
  readonly kind: string;
  readonly name: string | null;
  /** Not asked for within the innermost. */
  readonly ofType?: TypeRef | null;
}
interface Named {
  readonly name: string;
  readonly type: TypeRef;
}
interface Introspected {
  readonly __schema: {
    readonly mutationType: { readonly fields: readonly { readonly name: string; readonly args: readonly Named[] }[] };
    readonly types: readonly { readonly name: string; readonly inputFields: readonly Named[] | null }[];
  };
}
const typeRef = 'type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }';
const introspection = `{ __schema {
  mutationType { fields { name args { name ${typeRef} } } }
  types { name inputFields { name ${typeRef} } }
} }`;

/** By mutation: its input's type, and its paths to ids, with whether the value is a list. */
let mutations: ReadonlyMap<string, { readonly input: string; readonly ids: ReadonlyMap<string, boolean> }>;

const innermost = (type: TypeRef): TypeRef => (type.ofType ? innermost(type.ofType) : type);
const isList = (type: TypeRef): boolean => type.kind === 'LIST' || (type.ofType ? isList(type.ofType) : false);

async function readSchema(operator: Atoll): Promise<typeof mutations> {
  const { __schema: told } = await operator.request<Introspected, object>(introspection);
  const fieldsOf = new Map(told.types.map(({ name, inputFields }) => [name, inputFields ?? []]));
  const idsIn = (type: string, path: string): [string, boolean][] =>
    (fieldsOf.get(type) ?? []).flatMap((field) => {
      const { name } = innermost(field.type);
      const here = `${path}${field.name}`;
      return name === 'ID' ? [[here, isList(field.type)]] : idsIn(name ?? '', `${here}.`);
    });
  return new Map(
    told.mutationType.fields.map(({ name, args }) => {
      const input = args[0] ? (innermost(args[0].type).name ?? '') : '';
      return [name, { input, ids: new Map(idsIn(input, '')) }];
    }),
  );
}

beforeAll(async () => {
  platform = await Platform.start({ env: { ATOLL_RUNTIME: 'simulated' } });
  const { ready } = platform;
  const operator = operatorOf(ready);
  mutations = await readSchema(operator);
  const image = await push(ready, 'v1');
  const { addressRange } = await operator.mutate.addAddressRange({ purpose: 'PUBLIC', cidr: '203.0.113.0/28' });
  const range = addressRange?.id ?? '';
  [ours, theirs] = await Promise.all([furnish(0, image, range), furnish(1, image, range)]);
  const [own] = ready.tokens.tenants;
  askers = [
    ['owner', own?.owner ?? ''],
    ['developer', own?.developer ?? ''],
    ['operator', ready.tokens.operator],
  ];
}, 150_000);
afterAll(async () => {
  await platform?.discard();
});

function place(input: Record<string, unknown>, path: string, value: unknown): void {
  const [first = '', ...rest] = path.split('.');
  if (rest.length === 0) {
    input[first] = value;
    return;
  }
  // Where a list is expected, one thing is a list of one.
  const inner = { ...(input[first] as object | undefined) };
  place(inner, rest.join('.'), value);
  input[first] = inner;
}

/** The answer, with the value that was asked for called by its path. */
async function ask(token: string, mutation: string, ids: Case, replaced: string, value: string): Promise<string> {
  const { input: type, ids: lists } = mutations.get(mutation) ?? { input: '', ids: new Map<string, boolean>() };
  const input: Record<string, unknown> = { ...rows[mutation]?.with };
  for (const [path, thing] of Object.entries(ids)) {
    const id = path === replaced ? value : ours[thing];
    place(input, path, lists.get(path) === true ? [id] : id);
  }
  const query = `mutation ($input: ${type}!) { ${mutation}(input: $input) { userErrors { code message field } position } }`;
  return (await post(token, query, { input })).replaceAll(value, `<${replaced}>`);
}

const codeOf = (answer: string) => /"code":"([A-Z_]+)"/.exec(answer)?.[1];

/** To the operator every tenant is there, and ids are of the tenant that is named with them. */
const isAsked = (asker: string, ids: Case, path: string) =>
  asker !== 'operator' || (path !== 'tenantId' && ids.tenantId !== undefined && ids.planId === undefined);

test('every mutation has its row, with every id of its input', () => {
  expect(Object.keys(rows).sort()).toEqual([...mutations.keys()].sort());
  for (const [name, { ids }] of mutations) {
    const asked = rows[name]?.cases.flatMap((one) => Object.entries(one)) ?? [];
    const paths = asked.filter(([, thing]) => isKind(thing)).map(([path]) => path);
    expect([...new Set(paths)].sort(), name).toEqual([...ids.keys()].sort());
  }
});

describe('another tenant’s thing is answered as one that there isn’t', () => {
  const asked = Object.entries(rows).flatMap(([mutation, { cases }]) =>
    cases.flatMap((ids) => Object.entries(ids).map(([path, thing]) => ({ mutation, ids, path, thing }))),
  );

  test.each(asked)('$mutation: $path of $thing', async ({ mutation, ids, path, thing }) => {
    const before = await eventCounts(platform.ready);
    for (const [asker, token] of askers) {
      if (!isAsked(asker, ids, path)) continue;
      const foreign = await ask(token, mutation, ids, path, theirs[thing]);
      const none = await ask(token, mutation, ids, path, missing(thing));
      expect(foreign, asker).toBe(none);
      // It was the id that decided, or before it that nobody of that role may ask.
      expect(codeOf(foreign), `${asker}: ${foreign}`).toMatch(/^(NOT_FOUND|FORBIDDEN)$/);
    }
    expect(await eventCounts(platform.ready)).toEqual(before);
  });

  test('and keeps no room in the quotas', async () => {
    await expect.poll(() => reserved(platform.ready), { timeout: 60_000 }).toBe(0);
  });
});

test('the example of a batch finds what has the label, and restarts it in waves to the end', async () => {
  const checkout = checkoutFor(platform.home);
  try {
    const ran = await runShell(checkout.path, [
      `node examples/batch.ts --label foreign=matrix --start ${ours.environment}`,
    ]);
    expect(ran.output).toContain("1 deployments: 1 change, 0 stay, 0 can't");
    expect(ran.output).toContain('matrix CHANGED 1 → 2');
    expect(ran.output, ran.output).toContain("COMPLETED: 0 wait, 0 run, 1 are done, 0 aren't");
    expect(ran.ok, ran.output).toBe(true);
  } finally {
    checkout.remove();
  }
}, 120_000);
