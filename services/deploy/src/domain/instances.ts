/**
 * The instances of a deployment by id: a value that is never changed, whose changed copies share what is the same. A
 * fold over a long stream makes a copy for each event, so that copying everything each time would cost the square.
 */
import type { Id } from '@atoll/schema/ids';
import type { Instance } from './instance.ts';

const BUCKETS = 16;
type Bucket = ReadonlyMap<Id<'instance'>, Instance>;

export class Instances {
  readonly size: number;
  readonly #buckets: readonly Bucket[];
  /** Made when first asked for. */
  #list: readonly Instance[] | null = null;

  private constructor(buckets: readonly Bucket[], size: number) {
    this.#buckets = buckets;
    this.size = size;
  }

  static readonly none = new Instances(Array<Bucket>(BUCKETS).fill(new Map()), 0);

  static of(instances: readonly Instance[]): Instances {
    const buckets = Array.from({ length: BUCKETS }, () => new Map<Id<'instance'>, Instance>());
    for (const instance of instances) buckets[bucketOf(instance.id)]?.set(instance.id, instance);
    return new Instances(buckets, instances.length);
  }

  get(id: Id<'instance'>): Instance | undefined {
    return this.#buckets[bucketOf(id)]?.get(id);
  }

  with(instance: Instance): Instances {
    return this.#changed(instance.id, (bucket) => bucket.set(instance.id, instance));
  }

  without(id: Id<'instance'>): Instances {
    return this.get(id) === undefined ? this : this.#changed(id, (bucket) => bucket.delete(id));
  }

  /** In the order in which they were placed. */
  list(): readonly Instance[] {
    this.#list ??= this.#buckets
      .flatMap((bucket) => (bucket.size === 0 ? [] : [...bucket.values()]))
      .sort((a, b) => a.order - b.order);
    return this.#list;
  }

  /** All of it: `of` takes it back. */
  toJSON(): readonly Instance[] {
    return this.list();
  }

  #changed(id: Id<'instance'>, change: (bucket: Map<Id<'instance'>, Instance>) => unknown): Instances {
    const index = bucketOf(id);
    const bucket = new Map(this.#buckets[index]);
    const before = bucket.size;
    change(bucket);
    return new Instances(this.#buckets.with(index, bucket), this.size + bucket.size - before);
  }
}

/** Ids end with what is random in them. */
function bucketOf(id: string): number {
  let sum = 0;
  for (let at = id.length - 1; at >= Math.max(0, id.length - 4); at--) sum = sum * 31 + id.charCodeAt(at);
  return sum % BUCKETS;
}
