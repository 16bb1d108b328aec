/** What of the variables a plan depends on. */
import { idKind } from '@atoll/schema/ids';
import { Kind, type OperationDefinitionNode, visit } from 'graphql';
import type { Fragments, Variables } from './collect.ts';

const someOf = (list: unknown) => Array.isArray(list) && list.length > 0;

/** As text: equal text, equal plan. */
export function variableShape(
  operation: OperationDefinitionNode,
  fragments: Fragments,
): (variables: Variables) => string {
  const conditions = new Set<string>();
  const cursors = new Set<string>();
  const ids = new Set<string>();
  const labels = new Set<string>();
  for (const definition of [operation, ...fragments.values()]) {
    visit(definition, {
      Directive(directive) {
        for (const { value } of directive.arguments ?? [])
          if (value.kind === Kind.VARIABLE) conditions.add(value.name.value);
      },
      Field(field) {
        for (const { name, value } of field.arguments ?? []) {
          if (value.kind !== Kind.VARIABLE) continue;
          if (name.value === 'after') cursors.add(value.name.value);
          if (name.value === 'labels') labels.add(value.name.value);
          if (name.value === 'id' && field.name.value === 'node') ids.add(value.name.value);
        }
      },
    });
  }
  return (variables) => {
    const parts = [
      ...[...conditions].map((name) => `${name}=${String(variables[name])}`),
      ...[...cursors].map((name) => `${name}:${variables[name] == null ? 'start' : 'after'}`),
      ...[...labels].map((name) => `${name}:${someOf(variables[name]) ? 'some' : 'all'}`),
      ...[...ids].map((name) => `${name}:${typeof variables[name] === 'string' ? idKind(variables[name]) : null}`),
    ];
    return parts.join(' ');
  };
}
