/** Operations → the documents, the resource types and the typed methods of the client. */
import { completeText, type Operation, type Operations, upperFirst } from './operations.ts';

const suffix = { query: 'Query', mutation: 'Mutation', subscription: 'Subscription' } as const;
const resultType = (o: Operation) => `o.${upperFirst(o.name)}${suffix[o.kind]}`;
const variablesType = (o: Operation) => `${resultType(o)}Variables`;

const comment = (text: string, indent: string) =>
  text === ''
    ? ''
    : `${indent}/**\n${text
        .split('\n')
        .map((line) => `${indent} * ${line.replaceAll('*/', '* /')}\n`)
        .join('')}${indent} */\n`;

export function renderResources({ fragments }: Operations): string {
  const lines = [...fragments.keys()].sort().map((name) => `export type ${name} = o.${name}Fragment;`);
  return `import type * as o from './operations.ts';\n\n${lines.join('\n')}\n`;
}

export function renderDocuments({ fragments, operations }: Operations): string {
  const entries = operations.map((o) => {
    const text = completeText(o, fragments).replaceAll('`', '\\`').replaceAll('${', '\\${');
    return `  ${o.name}: new TypedDocument<${resultType(o)}, ${variablesType(o)}>('${o.kind}', ${JSON.stringify(o.path)}, \`${text}\`),`;
  });
  return `import { TypedDocument } from '../document.ts';
import type * as o from './operations.ts';

/** Every operation of the API as a document that \`request\` takes. */
export const documents = {
${entries.join('\n')}
} as const;
`;
}

/** What a query's method resolves to: the value at the operation's path; null where a parent on the way is. */
function valueType(o: Operation): string {
  const [first, second] = o.path;
  const root = `${resultType(o)}['${first}']`;
  return second === undefined ? root : `NonNullable<${root}>['${second}'] | null`;
}

export function renderMethods({ operations }: Operations): string {
  const of = (kind: Operation['kind']) => operations.filter((o) => o.kind === kind);
  const read = (o: Operation) => {
    const mark = o.optionalVariables ? '?' : '';
    const parameters = `variables${mark}: ${variablesType(o)}, options?: CallOptions`;
    return `${comment(o.description, '  ')}  ${o.name}(${parameters}): Promise<${valueType(o)}>;`;
  };
  const change = (o: Operation) => {
    const parameters = `input: ${variablesType(o)}['input'], options?: CallOptions`;
    const done = `${isDeletion(o) ? 'Deleted' : 'Done'}<${resultType(o)}['${o.name}']>`;
    return `${comment(o.description, '  ')}  ${o.name}(${parameters}): Promise<${done}>;`;
  };
  const bindRead = (o: Operation) => {
    const variables = o.optionalVariables ? 'variables ?? {}' : 'variables';
    const [first, second] = o.path;
    const value = second === undefined ? `data.${first}` : `data.${first}?.${second} ?? null`;
    return `  ${o.name}: (variables, options) => read(documents.${o.name}, ${variables}, options, (data) => ${value}),`;
  };
  const bindChange = (o: Operation) =>
    `  ${o.name}: (input, options) => change.${isDeletion(o) ? 'deleted' : 'done'}(documents.${o.name}, { input }, options, (data) => data.${o.name}),`;

  return `import type { Change, Read } from '../calls.ts';
import type { CallOptions, Deleted, Done } from '../options.ts';
import { documents } from './documents.ts';
import type * as o from './operations.ts';

/** Reads. Each resolves to the field of its name; null where there is none that you may see. */
export interface Queries {
${of('query').map(read).join('\n')}
}

/** Changes. Each resolves to its payload, or throws an AtollUserError where the payload has user errors. */
export interface Mutations {
${of('mutation').map(change).join('\n')}
}

export const bindQueries = (read: Read): Queries => ({
${of('query').map(bindRead).join('\n')}
});

export const bindMutations = (change: Change): Mutations => ({
${of('mutation').map(bindChange).join('\n')}
});
`;
}

const isDeletion = (o: Operation) => o.name.startsWith('delete');
