/** What the example made, to be removed however it ends: its namespaces, and then the tenant with all that it has. */
import type { Atoll } from '@atoll/sdk/client';
import { AtollUserError } from '@atoll/sdk/errors';
import type { Deletion } from '@atoll/sdk/generated/resources';
import { eventually } from './watch.ts';

export const GONE_MS = 90_000;

export class Cleanup {
  readonly #namespaces = new Map<string, Atoll>();
  #tenant: { readonly operator: Atoll; readonly id: string } | null = null;

  add(atoll: Atoll, namespaceId: string): void {
    this.#namespaces.set(namespaceId, atoll);
  }

  addTenant(operator: Atoll, id: string): void {
    this.#tenant = { operator, id };
  }

  /** Deletes what is left, all at once, and waits until it is gone. */
  async run(): Promise<void> {
    await Promise.all([...this.#namespaces].map(([id, atoll]) => this.remove(atoll, id)));
  }

  /** Previews the tenant's deletion, confirms just that, and resolves with what every service has counted at the end. */
  async removeTenant(): Promise<Deletion | null> {
    if (this.#tenant === null) return null;
    const { operator, id: tenantId } = this.#tenant;
    const plan = await operator.query.deletionPlan({ id: tenantId });
    if (plan === null) throw new Error(`there is no tenant ${tenantId}`);
    const input = { tenantId, confirm: plan.confirm, retentionHours: 0 };
    const { deletion } = await operator.mutate.deleteTenant(input);
    const id = deletion?.id ?? '';
    const done = await eventually(`tenant ${tenantId} is gone`, GONE_MS, async () => {
      const now = await operator.query.deletion({ id });
      return now?.status === 'COMPLETED' ? now : undefined;
    });
    this.#tenant = null;
    return done;
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
