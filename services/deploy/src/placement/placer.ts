/** For whom a place is looked for. */
import type { Id } from '@atoll/schema/ids';

export interface Placer {
  readonly tenant: Id<'tenant'>;
  /** `own`: only nodes that run no other tenant's instances; `any`: whichever isn't kept by another tenant. */
  readonly nodes: 'any' | 'own';
}
