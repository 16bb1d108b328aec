/**
 * What a document asks for, with the fragments resolved and the conditions decided: a tree that says of every response
 * key where its value comes from. Pure. It depends on the variables only through `variableShape`, so that one plan
 * serves all requests of that shape; the values themselves are read per request.
 */
import type { Permission } from '@atoll/schema/permissions';
import type { FieldNode, GraphQLLeafType } from 'graphql';
import type { RowType, SortKey, Source } from '../../schema/model.ts';
import type { Variables } from './collect.ts';

/** A field's arguments, coerced. */
export type Args = (variables: Variables) => Readonly<Record<string, unknown>>;

/** How a value that isn't compiled to SQL is shown: by the names of the fields, from plain objects. */
export type Shape =
  | { readonly kind: 'leaf'; readonly nonNull: boolean; readonly type: GraphQLLeafType }
  | { readonly kind: 'list'; readonly nonNull: boolean; readonly item: Shape }
  | {
      readonly kind: 'object';
      readonly nonNull: boolean;
      readonly fields: readonly ShapeField[];
      readonly whole: boolean;
    };

export interface ShapeField extends Place {
  readonly name: string;
  /** Of `__typename`. */
  readonly typename: string | null;
  readonly shape: Shape;
}

/** Where in the document and in the schema a field is. */
export interface Place {
  readonly key: string;
  /** `Type.field`. */
  readonly where: string;
  readonly nodes: readonly FieldNode[];
}

export interface Page {
  readonly args: Args;
  /** Whether there is a cursor to go on from. */
  readonly continued: boolean;
}

export type EdgePart =
  | { readonly kind: 'typename'; readonly key: string; readonly name: string }
  | { readonly kind: 'cursor'; readonly key: string }
  | { readonly kind: 'node'; readonly key: string; readonly selection: Selection };

export type PageInfoField = 'hasNextPage' | 'hasPreviousPage' | 'startCursor' | 'endCursor';

export type ConnectionPart =
  | { readonly kind: 'typename'; readonly key: string; readonly name: string }
  | { readonly kind: 'edges'; readonly key: string; readonly parts: readonly EdgePart[] }
  | { readonly kind: 'nodes'; readonly key: string; readonly selection: Selection }
  | {
      readonly kind: 'pageInfo';
      readonly key: string;
      readonly parts: readonly (
        | { readonly kind: 'typename'; readonly key: string; readonly name: string }
        | { readonly kind: 'info'; readonly key: string; readonly field: PageInfoField }
      )[];
    };

export interface RowField extends Place {
  readonly kind: 'row';
  readonly nonNull: boolean;
  readonly row: RowType;
  readonly source: Source;
  readonly args: Args;
  readonly selection: Selection;
  readonly weight: number;
}

export interface ConnectionField extends Place {
  readonly kind: 'connection';
  readonly row: RowType;
  readonly source: Source;
  readonly sort: SortKey;
  readonly page: Page;
  /** Column of the labels that its rows must have; null where all are asked for. */
  readonly labels: string | null;
  readonly parts: readonly ConnectionPart[];
  readonly weight: number;
}

export interface LiveField extends Place {
  readonly kind: 'live';
  readonly parent: string;
  readonly field: string;
  readonly args: Args;
  readonly shape: Shape;
  readonly weight: number;
}

/** A mutation: the rows of its payload are compiled, the rest comes from the command's answer. */
export interface MutationField extends Place {
  readonly kind: 'mutation';
  readonly field: string;
  readonly args: Args;
  readonly payload: readonly (RowField | (ShapeField & { readonly kind: 'value' }))[];
  readonly weight: number;
}

export type PlanField =
  | { readonly kind: 'typename'; readonly key: string; readonly name: string }
  | (Place & { readonly kind: 'column'; readonly column: string })
  | (Place & { readonly kind: 'embedded'; readonly column: string; readonly shape: Shape })
  | RowField
  | ConnectionField
  | LiveField
  /** `node` of an id that no row of the viewer's can have. */
  | (Place & { readonly kind: 'nothing'; readonly weight: number })
  /** `__schema` and `__type`: answered by graphql-js. */
  | (Place & { readonly kind: 'introspection'; readonly weight: number });

export type Selection = readonly PlanField[];

export interface Needed {
  readonly permission: Permission;
  /** `Type.field` that asks for it. */
  readonly where: string;
}

export interface QueryPlan {
  readonly operation: 'query';
  readonly selection: Selection;
  readonly needed: readonly Needed[];
}
export interface MutationPlan {
  readonly operation: 'mutation';
  readonly selection: readonly (MutationField | Extract<PlanField, { readonly kind: 'typename' }>)[];
  readonly needed: readonly Needed[];
}
export interface SubscriptionPlan {
  readonly operation: 'subscription';
  readonly field: LiveField;
  readonly needed: readonly Needed[];
}
export type Plan = QueryPlan | MutationPlan | SubscriptionPlan;
