/** Who somebody is, by what they have shown. What they may do is not in it. */
import type { Id } from '@atoll/schema/ids';
import type { BuiltInRole, Permission } from '@atoll/schema/permissions';

/** What an issuer's token says of a person; personal data, for the moment of acceptance alone. */
export interface Profile {
  readonly displayName: string | null;
  readonly email: string | null;
}

/** By what somebody has shown who they are. Holds no secret. */
export type Credential =
  /** A token of the platform's own issuer, for the tenant named in it; null for the operator. */
  | { readonly kind: 'platformToken'; readonly tenant: Id<'tenant'> | null }
  /** A token of an issuer that a tenant has registered: `subjects` is who they are in each tenant that accepts it. */
  | {
      readonly kind: 'issuerToken';
      readonly issuerId: Id<'issuer'>;
      readonly subjects: ReadonlyMap<string, string>;
      readonly profiles: ReadonlyMap<string, Profile>;
    }
  | { readonly kind: 'apiKey'; readonly apiKeyId: Id<'apiKey'> };

interface Shown {
  readonly subject: string;
  /** Unix time in milliseconds; Infinity for a key that doesn't end. */
  readonly expiresAt: number;
  readonly credential: Credential;
}

export interface TenantIdentity extends Shown {
  readonly kind: 'tenant';
  readonly tenant: Id<'tenant'>;
  /** What the credential is restricted to; null where it isn't. */
  readonly scopes: ReadonlySet<Permission> | null;
  /** What a group of the issuer's gives to somebody who is no member. */
  readonly groupRole: BuiltInRole | null;
  /** They belong to several tenants, and haven't said which they mean: `tenant` is one of them. */
  readonly isAmbiguous: boolean;
}
export type Identity = (Shown & { readonly kind: 'operator' }) | TenantIdentity;

/** Who the holder of a credential is in a tenant; null where the tenant doesn't accept the credential. */
export function subjectIn(credential: Credential, subject: string, tenant: string): string | null {
  switch (credential.kind) {
    case 'platformToken':
      return credential.tenant === tenant ? subject : null;
    case 'issuerToken':
      return credential.subjects.get(tenant) ?? null;
    // A key is what somebody has made who is a member: it joins nothing.
    case 'apiKey':
      return null;
    default:
      return credential satisfies never;
  }
}
