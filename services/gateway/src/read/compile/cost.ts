/**
 * What a request costs, with its variables: the weight of each field, times the sizes of the pages that it is on. A page
 * costs at least its size, as does a live field with a `first`.
 */
import type { Variables } from './collect.ts';
import { pageSize } from './page.ts';
import type { ConnectionPart, Plan, PlanField, Selection } from './plan.ts';

function selectionCost(selection: Selection, variables: Variables): number {
  let sum = 0;
  for (const field of selection) sum += fieldCost(field, variables);
  return sum;
}

function partCost(part: ConnectionPart, variables: Variables): number {
  switch (part.kind) {
    case 'typename':
    case 'pageInfo':
      return 0;
    case 'nodes':
      return selectionCost(part.selection, variables);
    case 'edges': {
      let sum = 0;
      for (const edge of part.parts) if (edge.kind === 'node') sum += selectionCost(edge.selection, variables);
      return sum;
    }
  }
}

function fieldCost(field: PlanField, variables: Variables): number {
  switch (field.kind) {
    case 'typename':
    case 'column':
    case 'embedded':
      return 0;
    case 'nothing':
    case 'introspection':
      return field.weight;
    case 'row':
      return field.weight + selectionCost(field.selection, variables);
    case 'live': {
      const args = field.args(variables);
      return field.weight * ('first' in args ? pageSize(field.args, variables) : 1);
    }
    case 'connection': {
      let each = field.weight;
      for (const part of field.parts) each += partCost(part, variables);
      return each * pageSize(field.page.args, variables);
    }
  }
}

export function cost(plan: Plan, variables: Variables): number {
  switch (plan.operation) {
    case 'query':
      return selectionCost(plan.selection, variables);
    case 'mutation': {
      let sum = 0;
      for (const field of plan.selection) {
        if (field.kind === 'typename') continue;
        sum += field.weight;
        for (const part of field.payload) if (part.kind === 'row') sum += fieldCost(part, variables);
      }
      return sum;
    }
    case 'subscription':
      return plan.field.weight;
  }
}
