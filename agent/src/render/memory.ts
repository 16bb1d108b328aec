/**
 * What a rendering has of the one before it, so that what didn't change costs a comparison and is the same object again. Only a
 * cache: without it the same comes out, apart from the aliases.
 */
import { type Family, families } from './family.ts';
import type { NodeNames } from './names.ts';

class Memory {
  #before = new Map<string, unknown>();
  #now = new Map<string, unknown>();
  /** Sets whose content of now is under their other name (`names.aliasOf`): rules and members changed in one step. */
  readonly aliased = new Set<string>();

  recall(key: string): unknown {
    return this.#now.get(key) ?? this.#before.get(key);
  }
  keep<T>(key: string, value: T): T {
    this.#now.set(key, value);
    return value;
  }
  /** At the end of a rendering: what it didn't use is forgotten. */
  turn(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}

const memories = new WeakMap<NodeNames, Readonly<Record<Family, Memory>>>();

export function memoryOf(names: NodeNames, family: Family): Memory {
  const known = memories.get(names) ?? { ipv4: new Memory(), ipv6: new Memory() };
  memories.set(names, known);
  return known[family];
}

/** Those of the sets in the kernel that an earlier process left under their other name only. */
export function adoptAliases(names: NodeNames, present: ReadonlySet<string>): void {
  const found = [...present].filter((set) => names.isAlias(set) && !present.has(names.withoutAlias(set)));
  for (const family of families) {
    const { aliased } = memoryOf(names, family);
    aliased.clear();
    for (const set of found) aliased.add(names.withoutAlias(set));
  }
}

/** From now on under the other one of its two names. */
export function changeAlias(names: NodeNames, family: Family, set: string): void {
  const { aliased } = memoryOf(names, family);
  const plain = names.withoutAlias(set);
  if (!aliased.delete(plain)) aliased.add(plain);
}
