/**
 * What a rendering has of the one before it, so that what didn't change costs a comparison and is the same object again. Only a
 * cache: without it the same comes out, apart from the aliases.
 */
import { type Family, families } from './family.ts';
import type { NodeNames } from './names.ts';

const mostCalled = 200_000;

class Memory {
  /** By what it is, what was made of objects that stay the same while they don't change. */
  readonly #made = new Map<string, WeakMap<object, { readonly version: number; readonly value: unknown }>>();
  #version = 0;
  readonly #called = new Map<string, string>();
  #before = new Map<string, unknown>();
  #now = new Map<string, unknown>();
  /** Sets whose content of now is under their other name (`names.aliasOf`): rules and members changed in one step. */
  readonly #aliased = new Set<string>();

  /** `make` says the same for the same object, until names change. */
  of<T>(what: string, about: object, make: () => T): T {
    let made = this.#made.get(what);
    if (made === undefined) {
      made = new WeakMap();
      this.#made.set(what, made);
    }
    const known = made.get(about);
    if (known?.version === this.#version) return known.value as T;
    const value = make();
    made.set(about, { version: this.#version, value });
    return value;
  }
  /** The kernel's name of a set of the rule set, where it was told anew: with another one, all that named it is made anew. */
  called(set: string, name: string): void {
    if (this.#called.get(set) !== name && this.#called.has(set)) this.renamed();
    this.#called.set(set, name);
    if (this.#called.size > mostCalled) this.#called.clear();
  }
  /** A name stands for something else from now on. */
  renamed(): void {
    this.#version++;
  }
  isAliased(set: string): boolean {
    return this.#aliased.has(set);
  }
  setAliased(set: string, aliased: boolean): void {
    if (aliased) this.#aliased.add(set);
    else this.#aliased.delete(set);
    this.renamed();
  }
  noAliases(): void {
    this.#aliased.clear();
    this.renamed();
  }

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
    const memory = memoryOf(names, family);
    memory.noAliases();
    for (const set of found) memory.setAliased(names.withoutAlias(set), true);
  }
}

/** From now on under the other one of its two names. */
export function changeAlias(names: NodeNames, family: Family, set: string): void {
  const memory = memoryOf(names, family);
  const plain = names.withoutAlias(set);
  memory.setAliased(plain, !memory.isAliased(plain));
}
