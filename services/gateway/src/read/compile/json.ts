/** SQL that makes JSON. */

/** A function of PostgreSQL takes at most 100 arguments: 50 pairs. */
const maxPairs = 50;

/** Names of GraphQL, tables and columns: nothing else is ever written into a statement. */
export function word(name: string): string {
  if (!/^[_A-Za-z][_0-9A-Za-z]*$/.test(name)) throw new Error(`${name} is no name.`);
  return name;
}

export const literal = (name: string) => `'${word(name)}'`;
export type Pair = readonly [key: string, value: string];

export function jsonObject(pairs: readonly Pair[]): string {
  const build = (some: readonly Pair[]) =>
    `json_build_object(${some.map(([key, value]) => `${literal(key)}, ${value}`).join(', ')})`;
  if (pairs.length <= maxPairs) return build(pairs);
  const head = `left(${build(pairs.slice(0, maxPairs))}::text, -1)`;
  return `(${head} || ', ' || substr(${jsonObject(pairs.slice(maxPairs))}::text, 2))::json`;
}
