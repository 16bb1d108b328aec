/** What the example made, to be removed however it ends. Tenants and environments stay: they hold nothing. */
import type { Atoll } from '@atoll/sdk/client';
import { AtollUserError } from '@atoll/sdk/errors';
import { eventually } from './watch.ts';

export const GONE_MS = 90_000;

export class Cleanup {
  readonly #namespaces = new Map<string, Atoll>();

  add(atoll: Atoll, namespaceId: string): void {
    this.#namespaces.set(namespaceId, atoll);
  }

  /** Deletes what is left, all at once, and waits until it is gone. */
  async run(): Promise<void> {
    await Promise.all([...this.#namespaces].map(([id, atoll]) => this.remove(atoll, id)));
  }

  async remove(atoll: Atoll, namespaceId: string): Promise<void> {
    try {
      await atoll.mutate.deleteNamespace({ namespaceId });
    } catch (error) {
      const isGoing = error instanceof AtollUserError && ['NOT_FOUND', 'BEING_DELETED'].includes(error.code);
      if (!isGoing) throw error;
    }
    await eventually(`namespace ${namespaceId} is gone`, GONE_MS, async () =>
      (await atoll.query.namespace({ id: namespaceId })) === null ? true : undefined,
    );
    this.#namespaces.delete(namespaceId);
  }
}
