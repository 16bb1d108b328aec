/**
 * Tokens of issuers that tenants have registered. A token says who somebody is and never in which tenant: that follows
 * from the tenants that accept its issuer and audience, and from the membership in one of them.
 */
import type { Id } from '@atoll/schema/ids';
import { issuerAlgorithms } from '@atoll/schema/tenancy/identity';
import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Pool } from 'pg';
import { ApiError } from '../errors.ts';
import type { TenantIdentity } from './identity.ts';
import { accessTokenType } from './issuer.ts';
import type { KeySets } from './key-sets.ts';
import { groupRoleOf, profileOf, subjectOf } from './person.ts';
import { maxCandidates, type Registration, type Registrations } from './registrations.ts';
import { expired, refused } from './tokens.ts';

/** Clocks of others go wrong; by more than this they are to be set. */
const skewSeconds = 30;
const maxAudiences = 10;
const maxRemembered = 5000;

const algorithms: readonly string[] = issuerAlgorithms;
const accessTypes = new Set<string | undefined>([accessTokenType, `application/${accessTokenType}`]);
const anyTypes = new Set<string | undefined>([...accessTypes, 'jwt', 'application/jwt', undefined]);

const memberSql = {
  name: 'memberships_of_token',
  text: `select tenant_id from read.member join unnest($1::text[], $2::text[]) as asked(tenant, person)
    on tenant_id = tenant and subject = person order by tenant_id limit 2`,
};

interface Claimed {
  readonly iss: string;
  readonly audiences: readonly string[];
}
interface Verified extends Claimed {
  readonly payload: JWTPayload;
  readonly alg: string;
  readonly typ: string | undefined;
  readonly generation: number;
}

export interface Federated {
  /** `tenant` is the one that the client names. */
  verify(token: string, tenant: string | null): Promise<TenantIdentity>;
  /** Whether it was verified before. */
  knows(token: string): boolean;
}

const notAccepted = () => refused('The access token is not one that this platform accepts.');

export function createFederated(options: {
  registrations: Registrations;
  keySets: KeySets;
  pool: Pool;
  now?: () => number;
}): Federated {
  const { registrations, keySets, pool, now = Date.now } = options;
  const verified = new Map<string, Verified>();

  function remember(token: string, entry: Verified): void {
    verified.set(token, entry);
    const [oldest] = verified.keys();
    if (verified.size > maxRemembered && oldest !== undefined) verified.delete(oldest);
  }

  /** What the token says of itself; nothing of it is believed yet. */
  function claimed(token: string): Claimed {
    try {
      const { alg } = decodeProtectedHeader(token);
      const { iss, aud } = decodeJwt(token);
      const audiences = [aud ?? []].flat();
      const sane = audiences.length <= maxAudiences && audiences.every((one) => typeof one === 'string');
      if (!alg || !algorithms.includes(alg) || typeof iss !== 'string' || !sane) throw notAccepted();
      return { iss, audiences };
    } catch (error) {
      throw error instanceof ApiError ? error : notAccepted();
    }
  }

  async function check(
    token: string,
    { iss, audiences }: Claimed,
    accepted: readonly Registration[],
  ): Promise<Verified> {
    const keys = keySets.of(iss);
    const { generation } = keys;
    try {
      const { payload, protectedHeader } = await jwtVerify(token, (header, jws) => keys.key(header, jws), {
        issuer: iss,
        audience: accepted.map(({ audience }) => audience),
        algorithms: [...algorithms],
        clockTolerance: skewSeconds,
        requiredClaims: ['exp'],
        currentDate: new Date(now()),
      });
      if (typeof payload.iat === 'number' && payload.iat * 1000 > now() + skewSeconds * 1000) throw notAccepted();
      return { payload, alg: protectedHeader.alg, typ: protectedHeader.typ?.toLowerCase(), generation, iss, audiences };
    } catch (error) {
      if (error instanceof errors.JWTExpired) throw expired();
      if (error instanceof errors.JOSEError || error instanceof TypeError) throw notAccepted();
      throw error;
    }
  }

  function fits({ payload, alg, typ }: Verified, registration: Registration): boolean {
    const types = registration.tokenTypes === 'ANY_JWT' ? anyTypes : accessTypes;
    const audiences: readonly unknown[] = [payload.aud ?? []].flat();
    return registration.algorithms.includes(alg) && types.has(typ) && audiences.includes(registration.audience);
  }

  /** The tenant that is meant: the one that is named, the only one, the only one with a membership, or with a group. */
  async function choose(
    subjects: ReadonlyMap<Id<'tenant'>, string>,
    withGroups: readonly Id<'tenant'>[],
  ): Promise<{ readonly chosen: Id<'tenant'> | null; readonly isAmbiguous: boolean }> {
    const [first, second] = subjects.keys();
    if (first === undefined || second === undefined) return { chosen: first ?? null, isAmbiguous: false };
    const values = [[...subjects.keys()], [...subjects.values()]];
    const { rows } = await pool.query<{ tenant_id: Id<'tenant'> }>({ ...memberSql, values });
    // A tenant that registers somebody else's issuer, with roles for its groups, changes nothing for that one's members.
    const found = new Set(rows.length > 0 ? rows.map((row) => row.tenant_id) : withGroups);
    const [only, another] = found;
    return { chosen: only ?? first, isAmbiguous: another !== undefined };
  }

  return {
    knows: (token) => verified.has(token),
    async verify(token, tenant) {
      const known = verified.get(token);
      const asked = known ?? claimed(token);
      const { iss, audiences } = asked;
      const accepted = await registrations.of(iss, audiences, tenant);
      if (accepted.length === 0) throw notAccepted();
      if (accepted.length > maxCandidates) {
        throw new ApiError(
          'FORBIDDEN',
          'Many tenants accept your issuer: say which is meant in the header atoll-tenant.',
        );
      }
      const good = known && known.generation === keySets.of(iss).generation ? known : null;
      const entry = good ?? (await check(token, asked, accepted));
      const expiresAt = Number(entry.payload.exp) * 1000;
      if (expiresAt + skewSeconds * 1000 <= now()) throw expired();

      const subjects = new Map<Id<'tenant'>, string>();
      const matching = new Map<Id<'tenant'>, Registration>();
      for (const registration of accepted) {
        const subject = fits(entry, registration) ? subjectOf(registration, entry.payload) : null;
        if (subject === null || matching.has(registration.tenant)) continue;
        subjects.set(registration.tenant, subject);
        matching.set(registration.tenant, registration);
      }
      const withGroups = [...matching.values()].filter((one) => groupRoleOf(one, entry.payload) !== null);
      const { chosen, isAmbiguous } = await choose(
        subjects,
        withGroups.map((one) => one.tenant),
      );
      const registration = chosen === null ? undefined : matching.get(chosen);
      const subject = chosen === null ? undefined : subjects.get(chosen);
      if (chosen === null || !registration || subject === undefined) throw notAccepted();
      if (!good) remember(token, entry);
      const profiles = new Map([...matching].map(([id, one]) => [id, profileOf(one, entry.payload)]));
      return {
        ...{ kind: 'tenant', tenant: chosen, subject, expiresAt, scopes: null },
        groupRole: groupRoleOf(registration, entry.payload),
        isAmbiguous,
        credential: { kind: 'issuerToken', issuerId: registration.id, subjects, profiles },
      };
    },
  };
}
