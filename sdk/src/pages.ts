/** Paging: a connection's nodes one by one, however many pages they are. */

export interface Page<T> {
  readonly nodes: readonly T[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/**
 * All nodes of a connection, a page at a time: the next page is asked for when the last one is used up, so that leaving
 * the loop leaves the rest unread. Ends at once where the parent isn't there (null).
 *
 * @example
 * ```ts
 * for await (const instance of pages((after) => atoll.query.deploymentInstances({ id, first: 100, after }))) {
 *   console.log(instance.id, instance.status);
 * }
 * ```
 */
export async function* pages<T>(
  fetchPage: (after: string | null) => Promise<Page<T> | null>,
): AsyncGenerator<T, void, undefined> {
  for (let after: string | null = null; ; ) {
    const page: Page<T> | null = await fetchPage(after);
    if (page === null) return;
    yield* page.nodes;
    const { hasNextPage, endCursor } = page.pageInfo;
    // A page that says there is more and doesn't say where would be asked for for ever.
    if (!hasNextPage || endCursor === null || endCursor === after) return;
    after = endCursor;
  }
}

/** All of them in an array; at most `limit`, so that a mistake doesn't fill the memory. */
export async function collect<T>(nodes: AsyncIterable<T>, limit = 10_000): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const node of nodes) {
    if (all.length >= limit) throw new RangeError(`more than ${limit} nodes: read them one by one, or raise the limit`);
    all.push(node);
  }
  return all;
}
