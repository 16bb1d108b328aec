/**
 * Who asks, and what they may do: the identity of the token, and what the read models say of it now.
 *
 * What was read is remembered, with the grants compiled, until an event says that who may do what in the tenant has
 * changed: told by the projections' commit here, over NATS by that of another gateway, and looked for in the database
 * every second (`watchAccess`), should neither have come through. While that look fails, what is remembered is believed
 * for two seconds.
 */
import { type Access, compileGrants } from '@atoll/access/compiled';
import { builtInPermissions, type Grant, limitedTo, operatorGrants, wholeTenant } from '@atoll/access/grants';
import type { Id } from '@atoll/schema/ids';
import type { BuiltInRole, Permission, Role } from '@atoll/schema/permissions';
import type { BindingSubject } from '@atoll/schema/tenancy/access';
import type { Pool } from 'pg';
import { ApiError } from '../errors.ts';
import type { Credential, Identity, TenantIdentity } from './identity.ts';
import { type Entitled, entitledOf, entitledSql, type Membership, readMembership } from './memberships.ts';

export interface Viewer {
  readonly subject: string;
  /** The role for the whole tenant; `none` where only bindings say what they may do. */
  readonly role: Role | 'none' | 'guest';
  /** The membership or service account; null for the operator. */
  readonly subjectId: BindingSubject | null;
  /** What they may do somewhere; where, says `access`. */
  readonly permissions: ReadonlySet<Permission>;
  readonly access: Access;
  readonly grants: readonly Grant[];
  /** What an API key leaves of that, taken off already; null where nothing is. */
  readonly scopes: ReadonlySet<Permission> | null;
  readonly credential: Credential;
  /** Null for the operator. */
  readonly tenant: Id<'tenant'> | null;
  /** Why nothing of the tenant can be changed; null where it can. */
  readonly suspension: string | null;
  /** From when on its tenant is destroyed, which is closed until then; null where it isn't being deleted. */
  readonly closedUntil: string | null;
  /** What its plan gives it; null for the operator and for guests, of whom no plan says anything. */
  readonly entitled: Entitled | null;
  /** Of a guest, why they are one. */
  readonly refusal: ApiError | null;
  /** When the token ends: Unix time in milliseconds. */
  readonly expiresAt: number;
}

export interface Viewers {
  /** Throws FORBIDDEN where the identity has no membership. */
  of(identity: Identity): Promise<Viewer>;
  /** Somebody without a membership: may accept an invitation, and nothing else. */
  guest(identity: TenantIdentity, refusal: ApiError): Viewer;
  /** Who may do what in the tenant may have changed. */
  forget(tenant: string): void;
  forgetAll(): void;
  /** All changes that were committed before `at` (of this clock) are forgotten by now. */
  looked(at: number): void;
}

/** How long what is remembered is believed while nobody can look for changes. */
const believedMs = 2000;
/** And while somebody can. */
const oldestMs = 60_000;
const maxRemembered = 500_000;

type Known = Omit<Viewer, 'subject' | 'tenant' | 'expiresAt' | 'scopes' | 'credential' | 'refusal'>;
interface Remembered {
  readonly known: Known;
  readonly readAt: number;
}
/** Of one tenant. Forgetting drops it whole, so that an answer that is still on its way from before goes nowhere. */
interface TenantMemory {
  readonly subjects: Map<string, Remembered>;
  readonly reading: Map<string, Promise<Known | null>>;
}

const operatorAccess = compileGrants(operatorGrants);

const guestGrants: readonly Grant[] = [
  { binding: null, role: 'viewer', permissions: new Set<Permission>(['invitation:accept']), scope: wholeTenant },
];
const guestAccess = compileGrants(guestGrants);

/** What is said to whoever has no membership in the tenant that they mean, whether there is such a tenant or not. */
export const noMember = () =>
  new ApiError('FORBIDDEN', 'You are no member of the tenant that the token is for: ask one of its admins.');

const whichTenant = () =>
  new ApiError(
    'FORBIDDEN',
    'You belong to more than one tenant: say which by its id in the header atoll-tenant, over a WebSocket as `tenant` in connection_init.',
  );

/** Most members have one role and no binding: they share what is worked out. */
const shared = new Map<string, Access>();
function compiled(grants: readonly Grant[]): Access {
  const [first] = grants;
  if (first === undefined || grants.length > 1 || first.binding !== null) return compileGrants(grants);
  const known = shared.get(first.role) ?? compileGrants(grants);
  shared.set(first.role, known);
  return known;
}

function knownAs(role: BuiltInRole, grants: readonly Grant[]): Omit<Known, 'suspension' | 'closedUntil' | 'entitled'> {
  const access = compiled(grants);
  return { subjectId: null, role, permissions: access.permissions, access, grants };
}

function knownOf({ subjectId, role, grants, ...rest }: Membership): Known {
  const access = compiled(grants);
  return { ...rest, subjectId, role: role ?? 'none', permissions: access.permissions, access, grants };
}

/** Worked out once for as long as both are remembered. */
const limited = new WeakMap<Known, WeakMap<ReadonlySet<Permission>, Known>>();
function within(known: Known, scopes: ReadonlySet<Permission> | null): Known {
  if (scopes === null) return known;
  const before = limited.get(known)?.get(scopes);
  if (before) return before;
  const grants = limitedTo(known.grants, [...scopes]);
  const access = compileGrants(grants);
  const fresh: Known = { ...known, grants, access, permissions: access.permissions };
  const all = limited.get(known) ?? new WeakMap<ReadonlySet<Permission>, Known>();
  limited.set(known, all.set(scopes, fresh));
  return fresh;
}

const suspensionSql = {
  name: 'suspension',
  text: `select suspension ->> 'reason' as suspension, deletion ->> 'purgeAt' as "closedUntil", ${entitledSql} as entitled
    from read.tenant where id = $1`,
};

/** `pool` is the owner's: memberships aren't open to queries. `now` must not go back where the clock is set. */
export function createViewers(pool: Pool, now: () => number = () => performance.now()): Viewers {
  const tenants = new Map<string, TenantMemory>();
  let size = 0;
  let lookedAt = Number.NEGATIVE_INFINITY;

  function forgetAll(): void {
    tenants.clear();
    size = 0;
  }

  function memoryOf(tenant: string): TenantMemory {
    const known = tenants.get(tenant);
    if (known) return known;
    const fresh = { subjects: new Map(), reading: new Map() };
    tenants.set(tenant, fresh);
    return fresh;
  }

  async function read(memory: TenantMemory, tenant: string, subject: string): Promise<Known | null> {
    const readAt = now();
    const membership = await readMembership(pool, tenant, subject);
    // That somebody is no member is never remembered: they may become one at any moment.
    if (membership === null) {
      if (memory.subjects.size === 0 && tenants.get(tenant) === memory) tenants.delete(tenant);
      return null;
    }
    const known = knownOf(membership);
    if (tenants.get(tenant) === memory) {
      if (size >= maxRemembered) forgetAll();
      else if (!memory.subjects.has(subject)) size += 1;
      memory.subjects.set(subject, { known, readAt });
    }
    return known;
  }

  /** Somebody who is no member, by a group of their issuer's. */
  async function ofGroup(tenant: string, role: BuiltInRole): Promise<Known | null> {
    const { rows } = await pool.query<{ suspension: string | null; closedUntil: string | null; entitled: unknown }>({
      ...suspensionSql,
      values: [tenant],
    });
    const [found] = rows;
    if (!found) return null;
    const grants = [{ binding: null, role, permissions: builtInPermissions(role), scope: wholeTenant }];
    return { ...knownAs(role, grants), ...found, entitled: entitledOf(found.entitled) };
  }

  function isFresh({ readAt }: Remembered): boolean {
    const time = now();
    return time - readAt < (time - lookedAt < believedMs ? oldestMs : believedMs);
  }

  async function knownFor(tenant: string, subject: string): Promise<Known | null> {
    const memory = memoryOf(tenant);
    const remembered = memory.subjects.get(subject);
    if (remembered && isFresh(remembered)) return remembered.known;
    const already = memory.reading.get(subject);
    if (already) return await already;
    const reading = read(memory, tenant, subject).finally(() => memory.reading.delete(subject));
    memory.reading.set(subject, reading);
    return await reading;
  }

  return {
    async of(identity) {
      const { subject, expiresAt, credential } = identity;
      if (identity.kind === 'operator') {
        return {
          ...{ subject, role: 'operator', subjectId: null, permissions: operatorAccess.permissions },
          ...{
            access: operatorAccess,
            grants: operatorGrants,
            tenant: null,
            suspension: null,
            closedUntil: null,
            entitled: null,
            expiresAt,
          },
          ...{ scopes: null, credential, refusal: null },
        };
      }
      const { tenant, scopes, groupRole } = identity;
      if (identity.isAmbiguous) throw whichTenant();
      const member = await knownFor(tenant, subject);
      const known = member ?? (groupRole && (await ofGroup(tenant, groupRole)));
      if (known === null) throw noMember();
      return { ...within(known, scopes), subject, tenant, scopes, credential, refusal: null, expiresAt };
    },
    guest: ({ subject, tenant, expiresAt, credential }, refusal) => ({
      refusal,
      ...{ subject, tenant, expiresAt, credential, role: 'guest', subjectId: null },
      ...{ permissions: guestAccess.permissions, access: guestAccess, grants: guestGrants },
      ...{ scopes: null, suspension: null, closedUntil: null, entitled: null },
    }),
    forget(tenant) {
      size -= tenants.get(tenant)?.subjects.size ?? 0;
      tenants.delete(tenant);
    },
    forgetAll,
    looked(at) {
      lookedAt = at;
    },
  };
}

/** Whose log it is, and whose budget but for guests. */
export const scopeOf = (viewer: Viewer): string => viewer.tenant ?? 'platform';

/** Who does it, in commands and records. The operator is nobody of the tenant that it acts in, whatever its members are called. */
export const actorOf = ({ tenant, subject }: Viewer): string => `${tenant === null ? 'operator' : 'user'}:${subject}`;
