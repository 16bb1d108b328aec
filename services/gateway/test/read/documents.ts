/** Random documents over the SDL: aliases, fragments, variables, conditions, pages, `node`. */
import {
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  isInterfaceType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import type { Model } from '../../src/schema/model.ts';
import type { Random } from './random.ts';

export interface RandomDocument {
  readonly text: string;
  readonly variables: Record<string, unknown>;
}

export interface DocumentOptions {
  readonly model: Model;
  /** Root fields to choose from. */
  readonly roots: readonly string[];
  readonly skipFields: ReadonlySet<string>;
  /** An id for an argument of that field. */
  readonly id: (field: string) => string;
  /** A cursor of a row of that type under that order. */
  readonly cursor: (type: string, column: string) => string | null;
}

export function randomDocument(random: Random, options: DocumentOptions): RandomDocument {
  const { model } = options;
  const variables: Record<string, unknown> = {};
  const declared: string[] = [];
  const fragments: string[] = [];
  let names = 0;
  const fresh = (prefix: string) => {
    names += 1;
    return `${prefix}${names}`;
  };

  function value(type: string, of: unknown): string {
    if (random.chance(0.5)) return JSON.stringify(of);
    const name = fresh('v');
    declared.push(`$${name}: ${type}`);
    variables[name] = of;
    return `$${name}`;
  }

  /** Given whole, in part or not at all by variables; sometimes none, which asks for every row. */
  function labels(): string {
    const pairs = random.some(['app', 'tier'], 0).map((key) => ({ key, value: random.pick(['web', 'db']) }));
    if (random.chance(0.5)) {
      const name = fresh('v');
      declared.push(`$${name}: [LabelInput!]`);
      if (!random.chance(0.2)) variables[name] = pairs;
      return `$${name}`;
    }
    return `[${pairs.map(({ key, value: of }) => `{ key: "${key}", value: ${value('String!', of)} }`).join(', ')}]`;
  }

  function condition(): string {
    if (!random.chance(0.15)) return '';
    const name = fresh('c');
    declared.push(`$${name}: Boolean!`);
    variables[name] = random.chance(0.5);
    return ` @${random.pick(['include', 'skip'])}(if: $${name})`;
  }

  function args(parent: GraphQLObjectType, field: GraphQLField<unknown, unknown>): string {
    const parts: string[] = [];
    const how = model.field(parent, field.name);
    if (how.kind === 'connection') {
      if (random.chance(0.7)) parts.push(`first: ${value('Int', 1 + random.int(random.chance(0.8) ? 4 : 100))}`);
      const cursor = random.chance(0.4) ? options.cursor(how.row.type.name, how.sort.column) : null;
      const labelled = how.labels !== null && random.chance(0.3);
      if (labelled) parts.push(`labels: ${labels()}`);
      if (cursor !== null || random.chance(0.1)) parts.push(`after: ${value('String', cursor)}`);
    }
    if (how.kind === 'node' || (how.kind === 'row' && how.source.of === 'id')) {
      parts.push(`id: ${value('ID!', options.id(field.name))}`);
    }
    return parts.length > 0 ? `(${parts.join(', ')})` : '';
  }

  function field(parent: GraphQLObjectType, name: string, depth: number): string {
    const definition = parent.getFields()[name];
    if (!definition) throw new Error(`${parent.name}.${name}`);
    const alias = random.chance(0.35) ? `${fresh('k')}: ` : '';
    const named = getNamedType(definition.type);
    const isRow =
      parent === model.schema.getQueryType() || parent.getInterfaces().length > 0 || parent.name === 'PolicyReceipt';
    const head = `${alias || (isRow && definition.args.length > 0 ? `${fresh('k')}: ` : '')}${name}${isRow ? args(parent, definition) : ''}${condition()}`;
    if (isLeafType(named)) return head;
    if (isObjectType(named)) return `${head} ${selection(named, depth - 1)}`;
    if (isInterfaceType(named)) return `${head} ${nodeSelection(depth - 1)}`;
    throw new Error(`${parent.name}.${name}`);
  }

  function nodeSelection(depth: number): string {
    const types = random.some([...model.schema.getPossibleTypes(nodeInterface())], 1);
    const parts = types.map((type) => `... on ${type.name} ${selection(type, depth)}`);
    return `{ id __typename ${parts.join(' ')} }`;
  }

  function nodeInterface() {
    const type = model.schema.getType('Node');
    if (!isInterfaceType(type)) throw new Error('Node');
    return type;
  }

  function selection(type: GraphQLObjectType, depth: number): string {
    const all = Object.values(type.getFields()).filter(
      (candidate) => !options.skipFields.has(`${type.name}.${candidate.name}`),
    );
    const usable = depth > 0 ? all : all.filter((candidate) => isLeafType(getNamedType(candidate.type)));
    // Where only pages lie below, one of them must be taken.
    const from = usable.length > 0 ? usable : all;
    const parts = random.some(from, 1).map((candidate) => field(type, candidate.name, depth));
    if (random.chance(0.2)) parts.push(random.pick(['__typename', `${fresh('k')}: __typename`]));
    if (random.chance(0.15)) parts.push(`... ${condition()} { ${field(type, random.pick(from).name, depth)} }`);
    if (random.chance(0.1)) {
      const name = fresh('F');
      fragments.push(
        `fragment ${name} on ${type.name} { ${random
          .some(from, 1)
          .map((f) => field(type, f.name, depth))
          .join(' ')} }`,
      );
      parts.push(`...${name}${condition()}`);
      if (random.chance(0.3)) parts.push(`...${name}`);
    }
    // The same list shown verbatim and by its parts.
    const plainList = all.find((candidate) => {
      const inner = isNonNullType(candidate.type) ? candidate.type.ofType : candidate.type;
      return isListType(inner) && isObjectType(getNamedType(inner)) && candidate.name === 'labels';
    });
    if (plainList && random.chance(0.3)) parts.push(`${fresh('k')}: ${plainList.name} { key value }`);
    return `{ ${parts.join(' ')} }`;
  }

  const query = model.schema.getQueryType();
  if (!query) throw new Error('Query');
  const roots = Array.from({ length: 1 + random.int(3) }, () =>
    field(query, random.pick(options.roots), 3 + random.int(4)),
  );
  const head = declared.length > 0 ? `(${declared.join(', ')})` : '';
  return { text: `query Q${head} { ${roots.join(' ')} }\n${fragments.join('\n')}`, variables };
}
