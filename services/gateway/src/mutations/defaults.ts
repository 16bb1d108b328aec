/** Input values with null where there is a default: null is as good as left out, there. */
import { type GraphQLInputType, isInputObjectType, isListType, isNonNullType } from 'graphql';

export function withDefaults(type: GraphQLInputType, value: unknown): unknown {
  if (value === null || value === undefined) return value;
  if (isNonNullType(type)) return withDefaults(type.ofType, value);
  if (isListType(type)) return Array.isArray(value) ? value.map((item) => withDefaults(type.ofType, item)) : value;
  if (!isInputObjectType(type) || typeof value !== 'object') return value;
  const given = new Map<string, unknown>(Object.entries(value));
  for (const [name, field] of Object.entries(type.getFields())) {
    if (!given.has(name)) continue;
    const inner = given.get(name);
    const standard = inner === null && field.defaultValue !== undefined && field.defaultValue !== null;
    given.set(name, standard ? field.defaultValue : withDefaults(field.type, inner));
  }
  return Object.fromEntries(given);
}
