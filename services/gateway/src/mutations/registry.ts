/** Every mutation of the SDL; the gateway doesn't start where one is missing on either side. */
import { type GraphQLSchema, getNamedType, isObjectType } from 'graphql';
import { tableOf } from '../schema/directives.ts';
import type { AnyMutation } from './definition.ts';
import { deployMutations } from './deploy.ts';
import { environmentMutations } from './environments.ts';
import { identityMutations } from './identity.ts';
import { networkMutations } from './network.ts';
import { planMutations } from './plans.ts';
import { tenancyMutations } from './tenancy.ts';

export const mutations: Readonly<Record<string, AnyMutation>> = {
  ...tenancyMutations,
  ...identityMutations,
  ...environmentMutations,
  ...planMutations,
  ...deployMutations,
  ...networkMutations,
};

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
