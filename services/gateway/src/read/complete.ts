/**
 * CompleteValue and null propagation of the GraphQL specification (section 6.4.3, 6.4.4), over what isn't sent as
 * PostgreSQL wrote it: live values, payloads, and answers in which a non-null row is missing.
 */
import { GraphQLError } from 'graphql';
import { ApiError, located } from '../errors.ts';
import type { ConnectionPart, EdgePart, Place, PlanField, Selection, Shape } from './compile/plan.ts';

export type Path = readonly (string | number)[];
export type JsonObject = Record<string, unknown>;

/** Stands in the data where resolving failed. */
export class Failed {
  readonly error: GraphQLError;
  constructor(error: GraphQLError) {
    this.error = error;
  }
}

/** A non-null place that has nothing: the nearest nullable one above becomes null. */
export const bubble: unique symbol = Symbol('null in a non-null place');
type Completed = unknown | typeof bubble;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class Completion {
  readonly errors: GraphQLError[] = [];

  #fail(error: GraphQLError, place: Place, path: Path): void {
    const options = { nodes: [...place.nodes], path: [...path] };
    this.errors.push(
      error instanceof ApiError
        ? located(error, options)
        : new GraphQLError(error.message, { ...options, originalError: error.originalError ?? error }),
    );
  }

  #absent(place: Place, path: Path): typeof bubble {
    const text = `Cannot return null for non-nullable field ${place.where}: what it leads to is not in the read model now.`;
    this.#fail(new ApiError('UNAVAILABLE', text), place, path);
    return bubble;
  }

  /** Values by the names of their fields, as resolvers give them. */
  value(shape: Shape, value: unknown, place: Place, path: Path): Completed {
    if (value instanceof Failed) {
      this.#fail(value.error, place, path);
      return shape.nonNull ? bubble : null;
    }
    if (value === null || value === undefined) return shape.nonNull ? this.#absent(place, path) : null;
    switch (shape.kind) {
      case 'leaf':
        return shape.type.serialize(value);
      case 'list': {
        if (!Array.isArray(value)) throw new Error(`${place.where} is a list and got something else.`);
        const items = untilBubble(value, (item, index) => this.value(shape.item, item, place, [...path, index]));
        return items === bubble ? this.#lifted(shape) : items;
      }
      case 'object': {
        if (!isObject(value)) throw new Error(`${place.where} is an object and got something else.`);
        const object: JsonObject = {};
        for (const field of shape.fields) {
          const inner = [...path, field.key];
          const completed =
            field.typename === null ? this.value(field.shape, value[field.name], field, inner) : field.typename;
          if (completed === bubble) return this.#lifted(shape);
          object[field.key] = completed;
        }
        return object;
      }
    }
  }

  #lifted(shape: Shape): null | typeof bubble {
    return shape.nonNull ? bubble : null;
  }

  /** Rows by response key, as PostgreSQL gave them; null where a null bubbled up to here. */
  selection(selection: Selection, data: JsonObject, path: Path): JsonObject | null {
    const completed = this.#object(selection, data, path);
    return completed === bubble ? null : completed;
  }

  #object(selection: Selection, data: JsonObject, path: Path): JsonObject | typeof bubble {
    const object: JsonObject = {};
    for (const field of selection) {
      const value = this.field(field, data[field.key], [...path, field.key]);
      if (value === bubble) return bubble;
      object[field.key] = value;
    }
    return object;
  }

  field(field: PlanField, value: unknown, path: Path): Completed {
    switch (field.kind) {
      case 'typename':
        return field.name;
      case 'column':
      case 'embedded':
      case 'nothing':
        return value ?? null;
      case 'live':
        return this.value(field.shape, value, field, path);
      case 'introspection':
        if (value instanceof Failed) this.#fail(value.error, field, path);
        return value instanceof Failed ? null : (value ?? null);
      case 'row': {
        if (!isObject(value)) return field.nonNull ? this.#absent(field, path) : null;
        const row = this.#object(field.selection, value, path);
        return row === bubble && !field.nonNull ? null : row;
      }
      case 'connection': {
        if (!isObject(value)) return this.#absent(field, path);
        const object: JsonObject = {};
        for (const part of field.parts) {
          const completed = this.#part(part, value[part.key], [...path, part.key]);
          if (completed === bubble) return bubble;
          object[part.key] = completed;
        }
        return object;
      }
    }
  }

  /** Everything in a connection is non-null: a null in it takes the whole connection along. */
  #part(part: ConnectionPart, value: unknown, path: Path): Completed {
    if (part.kind === 'typename' || part.kind === 'pageInfo' || !Array.isArray(value)) return value;
    return untilBubble(value, (item, index) => {
      const object = isObject(item) ? item : {};
      const inner = [...path, index];
      return part.kind === 'nodes'
        ? this.#object(part.selection, object, inner)
        : this.#edge(part.parts, object, inner);
    });
  }

  #edge(parts: readonly EdgePart[], data: JsonObject, path: Path): JsonObject | typeof bubble {
    const object: JsonObject = {};
    for (const part of parts) {
      const value = data[part.key];
      const completed =
        part.kind === 'node' ? this.#object(part.selection, isObject(value) ? value : {}, [...path, part.key]) : value;
      if (completed === bubble) return bubble;
      object[part.key] = completed;
    }
    return object;
  }
}

/** What comes after the first null that bubbles isn't completed: it would only add errors about what is dropped. */
function untilBubble(
  items: readonly unknown[],
  complete: (item: unknown, index: number) => Completed,
): Completed[] | typeof bubble {
  const completed: Completed[] = [];
  for (const [index, item] of items.entries()) {
    const value = complete(item, index);
    if (value === bubble) return bubble;
    completed.push(value);
  }
  return completed;
}
