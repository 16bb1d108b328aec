/**
 * Documents compiled once per operation, shape of the variables, and what the viewer may do where, as far as it matters:
 * of each permission that the operation asks about, whether it is held everywhere, in parts of the tenant, or nowhere.
 * Which parts, is a parameter.
 */
import type { Access } from '@atoll/access/compiled';
import type { Permission } from '@atoll/schema/permissions';
import { type DocumentNode, type FragmentDefinitionNode, Kind, type OperationDefinitionNode } from 'graphql';
import { type CapabilitySet, everyCapability } from '../../schema/capability.ts';
import type { Model } from '../../schema/model.ts';
import { buildPlan } from './build.ts';
import type { Variables } from './collect.ts';
import type { MutationField, Plan, PlanField, RowField } from './plan.ts';
import { compileSelection, type SqlOptions, type Statement, type ViewerClass } from './sql.ts';
import { variableShape } from './variables.ts';

export interface Compiled {
  readonly plan: Plan;
  /** Of a query. Null where nothing of it is in the read models. */
  readonly statement: Statement | null;
  /** The text that PostgreSQL writes is the answer, unless a non-null row is missing. */
  readonly plain: boolean;
  /** Of the rows of each mutation's payload. */
  readonly payloads: ReadonlyMap<MutationField, Statement>;
}

export interface Compiler {
  compile(options: {
    document: DocumentNode;
    operation: OperationDefinitionNode;
    variables: Variables;
    viewerClass: ViewerClass;
    access: Access;
    /** What the viewer's plan excludes; nothing where it is left out. */
    capabilities?: CapabilitySet;
  }): Compiled;
}

interface PerOperation {
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  readonly shape: (variables: Variables) => string;
  /** Permissions that any compilation of it has asked about. */
  readonly asked: Set<Permission>;
  readonly compiled: Map<string, Compiled>;
}

/** Shapes of one operation; a client makes few, and who makes more pays for the compiling. */
const maxShapes = 64;

export function createCompiler(model: Model, liveNeeds: SqlOptions['liveNeeds']): Compiler {
  const known = new WeakMap<OperationDefinitionNode, PerOperation>();

  function perOperation(document: DocumentNode, operation: OperationDefinitionNode): PerOperation {
    const found = known.get(operation);
    if (found) return found;
    const fragments = new Map<string, FragmentDefinitionNode>();
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
    }
    const fresh = {
      ...{ fragments, shape: variableShape(operation, fragments) },
      ...{ asked: new Set<Permission>(), compiled: new Map<string, Compiled>() },
    };
    known.set(operation, fresh);
    return fresh;
  }

  return {
    compile({ document, operation, variables, viewerClass, access, capabilities = everyCapability }) {
      const { fragments, shape, asked, compiled } = perOperation(document, operation);
      const shaped = `${viewerClass} ${capabilities.key} ${shape(variables)}`;
      const keyOf = () => `${shaped} ${[...asked].map((permission) => access.reach(permission).kind).join(' ')}`;
      const found = compiled.get(keyOf());
      if (found) return found;
      const before = asked.size;
      const reach = (permission: Permission) => {
        asked.add(permission);
        return access.reach(permission).kind;
      };
      const may = (permission: Permission) => reach(permission) !== 'nowhere';
      const plan = buildPlan({ model, operation, fragments, variables, may, capabilities });
      const fresh = compilePlan(plan, { viewerClass, model, reach, liveNeeds });
      // Keys of before don't say what is asked about now.
      if (asked.size > before) compiled.clear();
      const [oldest] = compiled.keys();
      if (compiled.size >= maxShapes && oldest !== undefined) compiled.delete(oldest);
      compiled.set(keyOf(), fresh);
      return fresh;
    },
  };
}

function compilePlan(plan: Plan, options: SqlOptions): Compiled {
  const payloads = new Map<MutationField, Statement>();
  switch (plan.operation) {
    case 'query': {
      const statement = compileSelection(plan.selection, options);
      return { plan, statement, plain: statement !== null && plan.selection.every(isPlain), payloads };
    }
    case 'mutation':
      for (const field of plan.selection) {
        if (field.kind !== 'mutation') continue;
        const rows = field.payload.filter((part): part is RowField => part.kind === 'row');
        const statement = compileSelection(rows, options);
        if (statement) payloads.set(field, statement);
      }
      return { plan, statement: null, plain: false, payloads };
    case 'subscription':
      return { plan, statement: null, plain: false, payloads };
  }
}

function isPlain(field: PlanField): boolean {
  switch (field.kind) {
    case 'live':
    case 'introspection':
      return false;
    case 'row':
      return field.selection.every(isPlain);
    case 'connection':
      return field.parts.every((part) => {
        if (part.kind === 'nodes') return part.selection.every(isPlain);
        if (part.kind !== 'edges') return true;
        return part.parts.every((edge) => edge.kind !== 'node' || edge.selection.every(isPlain));
      });
    case 'typename':
    case 'column':
    case 'embedded':
    case 'nothing':
      return true;
  }
}
