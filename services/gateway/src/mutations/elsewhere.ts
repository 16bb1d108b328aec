/** Whether a mutation is about something that, for this viewer, isn't there. */
import { type Rejection, reject } from '@atoll/schema/errors';
import { type IdKind, idKind } from '@atoll/schema/ids';
import { isPermission, type Permission } from '@atoll/schema/permissions';
import type { GraphQLSchema } from 'graphql';
import { admit } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import type { Viewer } from '../auth/viewers.ts';
import type { MutationField } from '../read/compile/plan.ts';
import { isObject } from '../read/complete.ts';
import { permissionOf } from '../schema/directives.ts';
import type { AnyMutation } from './definition.ts';

/** As the services say it of what isn't there. */
const spokenKind: Partial<Record<IdKind, string>> = {
  environment: 'environment',
  namespace: 'namespace',
  deployment: 'deployment',
  policy: 'isolation policy',
  subnet: 'subnet',
  service: 'service',
  publicAddress: 'public address',
  portMapping: 'port mapping',
  binding: 'role binding',
  batch: 'batch',
};

function notThere(id: string, field: string): Rejection {
  const kind = idKind(id);
  return reject('NOT_FOUND', `There is no such ${(kind && spokenKind[kind]) ?? 'resource'}.`, field);
}

/** All of them, where the path leads to or through lists. */
function idsAt(input: unknown, path: string): string[] {
  const values = path
    .split('.')
    .reduce<unknown[]>((inner, name) => inner.flatMap((value) => (isObject(value) ? value[name] : [])).flat(), [input]);
  return values.filter((value): value is string => typeof value === 'string');
}

function permissionFor(schema: GraphQLSchema, { field, where }: MutationField): Permission {
  const found = schema.getMutationType()?.getFields()[field];
  const permission = found && permissionOf(schema, found);
  if (permission === undefined || !isPermission(permission)) throw new Error(`${where} asks for no permission.`);
  return permission;
}

/** Null where the viewer may do it there. Throws FORBIDDEN where they may see the thing, and may not do that to it. */
export async function elsewhere(asked: {
  readonly schema: GraphQLSchema;
  readonly locator: Locator;
  readonly field: MutationField;
  readonly definition: AnyMutation;
  readonly input: unknown;
  readonly viewer: Viewer;
}): Promise<Rejection | null> {
  const { schema, locator, field, input, viewer } = asked;
  const { touches, mentions = [] } = asked.definition;
  const fields = typeof touches === 'string' ? [] : touches;
  const given = (name: string) => idsAt(input, name).map((id) => ({ name, id }));
  const [first = { name: '', id: null }] = fields.flatMap(given);
  const own = touches === 'platform' ? [] : [{ ...first, permission: permissionFor(schema, field) }];
  const named = mentions.flatMap((mention) => given(mention.field).map((at) => ({ ...at, ...mention })));
  for (const { name, id, permission } of [...own, ...named]) {
    const admission = await admit(locator, viewer, permission, { id, where: field.where });
    if (admission.kind === 'forbidden') throw admission.error;
    if (admission.kind === 'missing') return notThere(id ?? '', name);
  }
  return null;
}
