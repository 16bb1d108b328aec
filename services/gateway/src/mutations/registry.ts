/** Every mutation of the SDL; the gateway doesn't start where one is missing on either side. */
import { isPermission, permissionRegistry } from '@atoll/schema/permissions';
import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  isInputObjectType,
  isObjectType,
} from 'graphql';
import { permissionOf, tableOf } from '../schema/directives.ts';
import { accessMutations } from './access.ts';
import { addressMutations } from './addresses.ts';
import { batchMutations } from './batches.ts';
import type { AnyMutation } from './definition.ts';
import { deletionMutations } from './deletion.ts';
import { deployMutations } from './deploy.ts';
import { environmentMutations } from './environments.ts';
import { identityMutations } from './identity.ts';
import { labelMutations } from './labels.ts';
import { placementMutations } from './placement.ts';
import { planMutations } from './plans.ts';
import { platformPolicyMutations } from './platform-policies.ts';
import { policyMutations } from './policies.ts';
import { poolMutations } from './pools.ts';
import { quotaMutations } from './quotas.ts';
import { rolloutMutations } from './rollouts.ts';
import { serviceMutations } from './services.ts';
import { strategyMutations } from './strategies.ts';
import { tenancyMutations } from './tenancy.ts';

export const mutations: Readonly<Record<string, AnyMutation>> = {
  ...tenancyMutations,
  ...accessMutations,
  ...identityMutations,
  ...environmentMutations,
  ...planMutations,
  ...labelMutations,
  ...deployMutations,
  ...rolloutMutations,
  ...strategyMutations,
  ...batchMutations,
  ...placementMutations,
  ...poolMutations,
  ...policyMutations,
  ...platformPolicyMutations,
  ...addressMutations,
  ...serviceMutations,
  ...quotaMutations,
  ...deletionMutations,
};

/** Paths of all ids in an input, lists without their places. */
function idPaths(type: GraphQLInputType, path: readonly string[] = []): string[] {
  const named = getNamedType(type);
  if (named.name === 'ID') return [path.join('.')];
  if (!isInputObjectType(named)) return [];
  return Object.values(named.getFields()).flatMap((field) => idPaths(field.type, [...path, field.name]));
}

/** A mutation that may be allowed in a part of a tenant says in which part it acts, and of each id what it is. */
function* misplaced(
  schema: GraphQLSchema,
  field: GraphQLField<unknown, unknown>,
  { touches, mentions = [], wide = [] }: AnyMutation,
): Generator<string> {
  const where = `Mutation.${field.name}`;
  const permission = permissionOf(schema, field) ?? '';
  const level = isPermission(permission) ? permissionRegistry[permission].level : 'tenant';
  const inParts = level === 'environment' || level === 'namespace';
  if (inParts && typeof touches === 'string') {
    yield `${where}: ${permission} can be held for a part of a tenant, and its definition doesn't say which field of the input tells where it acts`;
  }
  if (!inParts && typeof touches !== 'string') {
    yield `${where}: ${permission} is held for a whole tenant alone, and its definition names fields that tell where it acts`;
  }
  const named = [...(typeof touches === 'string' ? [] : touches), ...mentions.map((mention) => mention.field), ...wide];
  const ids = field.args.flatMap((arg) => idPaths(arg.type));
  for (const id of ids) if (!named.includes(id)) yield `${where}: its definition doesn't say what the id ${id} is of`;
  for (const name of named) if (!ids.includes(name)) yield `${where}: its input has no id ${name}`;
}

export function mutationProblems(schema: GraphQLSchema): string[] {
  const fields = schema.getMutationType()?.getFields() ?? {};
  const problems = Object.keys(mutations).flatMap((name) =>
    name in fields ? [] : [`Mutation.${name} is not in the SDL`],
  );
  for (const field of Object.values(fields)) {
    const definition = mutations[field.name];
    const payload = getNamedType(field.type);
    if (!definition) {
      problems.push(`Mutation.${field.name} leads to no command`);
      continue;
    }
    problems.push(...misplaced(schema, field, definition));
    if (!isObjectType(payload)) continue;
    for (const part of Object.values(payload.getFields())) {
      const type = getNamedType(part.type);
      const isRow = isObjectType(type) && tableOf(schema, type) !== undefined;
      if (isRow && !(part.name in definition.rows))
        problems.push(`${payload.name}.${part.name} has no id in the answer`);
    }
  }
  return problems;
}
