/** Puts the answers of live fields where the compiled data has kept a place for them. */
import { GraphQLError } from 'graphql';
import type { LiveRequest, LiveResolvers } from '../live/resolvers.ts';
import type { Variables } from './compile/collect.ts';
import type { LiveField, PlanField, Selection } from './compile/plan.ts';
import { Failed, isObject, type JsonObject } from './complete.ts';

interface Slot {
  readonly field: LiveField;
  readonly object: JsonObject;
}

function* slots(selection: Selection, data: JsonObject): Generator<Slot> {
  for (const field of selection) yield* slotsOf(field, data);
}

function* slotsOf(field: PlanField, data: JsonObject): Generator<Slot> {
  switch (field.kind) {
    case 'live':
      yield { field, object: data };
      break;
    case 'row': {
      const row = data[field.key];
      if (isObject(row)) yield* slots(field.selection, row);
      break;
    }
    case 'connection': {
      const connection = data[field.key];
      if (!isObject(connection)) break;
      for (const part of field.parts) {
        const items = connection[part.key];
        if (!Array.isArray(items)) continue;
        for (const item of items) {
          if (!isObject(item)) continue;
          if (part.kind === 'nodes') yield* slots(part.selection, item);
          if (part.kind !== 'edges') continue;
          for (const edge of part.parts) {
            const node = item[edge.key];
            if (edge.kind === 'node' && isObject(node)) yield* slots(edge.selection, node);
          }
        }
      }
      break;
    }
    case 'typename':
    case 'column':
    case 'embedded':
    case 'nothing':
    case 'introspection':
      break;
    default:
      field satisfies never;
  }
}

/** All at once: what can be asked together is batched by the resolvers' loaders. Failures stay at their place. */
export async function fillLive(options: {
  selection: Selection;
  data: JsonObject;
  variables: Variables;
  resolvers: LiveResolvers;
  request: LiveRequest;
}): Promise<void> {
  const { selection, data, variables, resolvers, request } = options;
  await Promise.all(
    [...slots(selection, data)].map(async ({ field, object }) => {
      const resolver = resolvers[`${field.parent}.${field.field}`];
      const row = object[field.key];
      try {
        if (!resolver) throw new Error(`${field.where} is @live and has no resolver.`);
        object[field.key] = await resolver.resolve(isObject(row) ? row : {}, field.args(variables), request);
      } catch (error) {
        const failure =
          error instanceof GraphQLError ? error : new GraphQLError('live', { originalError: toError(error) });
        object[field.key] = new Failed(failure);
      }
    }),
  );
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));
