/** What can be asked of access in a tenant; decided in access.ts. */
import type { Id } from '@atoll/schema/ids';
import type { BuiltInRole } from '@atoll/schema/permissions';
import type { BindingSubject, RoleRef, Scope } from '@atoll/schema/tenancy/access';
import type { By } from './access-state.ts';

export type AccessCommand =
  | {
      readonly kind: 'addMember';
      readonly by: By;
      readonly memberId: Id<'member'>;
      readonly subject: string;
      readonly role: BuiltInRole | null;
      readonly displayName: string | null;
      readonly email: string | null;
    }
  | {
      readonly kind: 'createServiceAccount';
      readonly by: By;
      readonly serviceAccountId: Id<'serviceAccount'>;
      readonly name: string;
      readonly role: BuiltInRole | null;
      readonly secretHash: string;
    }
  | {
      readonly kind: 'changeMemberRole';
      readonly by: By;
      readonly memberId: Id<'member'>;
      readonly role: BuiltInRole | null;
    }
  | { readonly kind: 'removeMember'; readonly by: By; readonly memberId: Id<'member'> }
  | { readonly kind: 'leave'; readonly by: By }
  | {
      readonly kind: 'createRole';
      readonly by: By;
      readonly roleId: Id<'role'>;
      readonly name: string;
      readonly description: string;
      readonly permissions: readonly string[];
    }
  | {
      readonly kind: 'changeRole';
      readonly by: By;
      readonly roleId: Id<'role'>;
      readonly name?: string | undefined;
      readonly description?: string | undefined;
      readonly permissions?: readonly string[] | undefined;
    }
  | { readonly kind: 'deleteRole'; readonly by: By; readonly roleId: Id<'role'> }
  | {
      readonly kind: 'bindRole';
      readonly by: By;
      readonly bindingId: Id<'binding'>;
      readonly subjectId: BindingSubject;
      readonly role: RoleRef;
      readonly scope: Scope;
      /** Of the namespace of the scope: its name, under which the claims know it. */
      readonly namespaceName: string | null;
    }
  | { readonly kind: 'unbindRole'; readonly by: By; readonly bindingId: Id<'binding'> }
  /** The namespace or environment is gone. */
  | { readonly kind: 'endBindings'; readonly scope: Scope };
