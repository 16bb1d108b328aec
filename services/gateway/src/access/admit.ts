/**
 * Whether a viewer may do something to the thing with an id. A thing outside of what they may read is missing, to the
 * letter; of one that they may read and not change, they are told what they lack.
 */
import type { Permission } from '@atoll/schema/permissions';
import type { Scope } from '@atoll/schema/tenancy/access';
import type { Viewer } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';
import { type Locator, readPermissionOf } from './locate.ts';

export type Admission =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'forbidden'; readonly error: ApiError };

const admitted: Admission = { kind: 'admitted' };
const missing: Admission = { kind: 'missing' };

const spoken = { tenant: 'in the whole tenant', environment: 'in that environment', namespace: 'in that namespace' };

export const lacking = (where: string, permission: Permission, scope: Scope): ApiError =>
  new ApiError(
    'FORBIDDEN',
    `${where} asks for the permission ${permission}, and no role of yours has it ${spoken[scope.level]}.`,
    { extra: { permission } },
  );

/** `id` null: the whole tenant. `where` is the field that asks, as `Mutation.createNamespace`. */
export async function admit(
  locator: Locator,
  viewer: Viewer,
  permission: Permission,
  { id, where }: { readonly id: string | null; readonly where: string },
): Promise<Admission> {
  const { access, tenant } = viewer;
  if (tenant === null || access.reach(permission).kind === 'everywhere') return admitted;
  const scope = id === null ? ({ level: 'tenant' } as const) : await locator.locate(tenant, id);
  if (scope === null) return missing;
  if (access.may(permission, scope)) return admitted;
  const read = id === null ? null : readPermissionOf(id);
  if (read !== null && !access.may(read, scope)) return missing;
  return { kind: 'forbidden', error: lacking(where, permission, scope) };
}
