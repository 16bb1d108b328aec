/**
 * What somebody asks a policy to decide, looked at before its commit: for the right words, and in the one form that events
 * have. What must hold is in the claims of the commit.
 */
import { type EventStore, loadState } from '@atoll/events/store';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id, Tenant } from '@atoll/schema/ids';
import type { PolicyDefinition, PolicyPeer, PolicySchedule, TypedPolicyDefinition } from '@atoll/schema/network/spec';
import type { Pool } from 'pg';
import { namespaceRefusal } from '../denials.ts';
import type { Range } from '../domain/address.ts';
import { environment, environmentStream } from '../domain/environment.ts';
import { parseOutside } from '../domain/outside.ts';
import type { Intended } from '../domain/policy.ts';
import { isTimeZone } from '../domain/schedule.ts';

export interface DefinitionNeeds {
  readonly store: EventStore;
  readonly db: Pool;
  /** The platform's own addresses, which no CIDR stands for. */
  readonly poolRanges: () => readonly Range[];
  /** Null where the tenant has no such service. */
  readonly homeOfService: (tenant: Tenant, serviceId: Id<'service'>) => Promise<Id<'namespace'> | null>;
  /** By the one clock of all processes. */
  readonly now: () => Promise<Date>;
}

export type Asked =
  | { readonly ok: true; readonly intended: Intended }
  | { readonly ok: false; readonly rejection: Rejection };

/** As for one that there never was, whoever's it is. */
export const environmentNotFound = (field?: string) => reject('NOT_FOUND', 'There is no such environment.', field);

export const serviceNotFound = (field?: string) => reject('NOT_FOUND', 'There is no such service.', field);

async function environmentRefusal(store: EventStore, tenant: Tenant, id: Id<'environment'>, field: string) {
  const found = await loadState(store, { decider: environment, stream: environmentStream(id) });
  return found.tenant === tenant && found.state === 'open' ? null : environmentNotFound(field);
}

type TypedPeer = TypedPolicyDefinition['from'][number];
type Named = { readonly peer: PolicyPeer } | { readonly rejection: Rejection };

async function peerOf(needs: DefinitionNeeds, tenant: Tenant, peer: TypedPeer, field: string): Promise<Named> {
  const { store } = needs;
  switch (peer.kind) {
    case 'INSTANCES': {
      const rejection = await namespaceRefusal(store, tenant, peer.namespaceId, `${field}.namespaceId`);
      return rejection ? { rejection } : { peer };
    }
    case 'ENVIRONMENT': {
      const rejection = await environmentRefusal(store, tenant, peer.environmentId, `${field}.environmentId`);
      return rejection ? { rejection } : { peer };
    }
    case 'SERVICE': {
      const home = await needs.homeOfService(tenant, peer.serviceId);
      return home ? { peer } : { rejection: serviceNotFound(`${field}.serviceId`) };
    }
    case 'CIDR': {
      const parsed = parseOutside(peer, field, needs.poolRanges());
      return parsed.ok
        ? { peer: { kind: 'CIDR', cidr: parsed.cidr, except: parsed.except } }
        : { rejection: parsed.rejection };
    }
    default:
      return peer satisfies never;
  }
}

function scheduleFault({ startsAt, endsAt, timeZone }: PolicySchedule, now: Date): Rejection | null {
  const invalid = (message: string, field: string) => reject('INVALID_ARGUMENT', message, `schedule.${field}`);
  if (!isTimeZone(timeZone)) {
    return invalid(
      `${JSON.stringify(timeZone)} is no time zone. Give a name of the IANA database, like Europe/Berlin.`,
      'timeZone',
    );
  }
  if (endsAt === null) return null;
  if (Date.parse(endsAt) <= now.getTime()) {
    return invalid(
      'That is over: the policy would never decide. Give an end that is still to come, or none.',
      'endsAt',
    );
  }
  if (startsAt !== null && Date.parse(startsAt) >= Date.parse(endsAt)) {
    return invalid('It would end before it starts. Give a later end, or an earlier start.', 'endsAt');
  }
  return null;
}

export async function intendedOf(
  needs: DefinitionNeeds,
  tenant: Tenant,
  definition: TypedPolicyDefinition,
  schedule: PolicySchedule | null,
): Promise<Asked> {
  const sides: { from: PolicyPeer[]; to: PolicyPeer[] } = { from: [], to: [] };
  const homes: Record<Id<'service'>, Id<'namespace'>> = {};
  for (const side of ['from', 'to'] as const) {
    for (const [index, typed] of definition[side].entries()) {
      const named = await peerOf(needs, tenant, typed, `definition.${side}.${index}`);
      if ('rejection' in named) return { ok: false, rejection: named.rejection };
      sides[side].push(named.peer);
      if (named.peer.kind !== 'SERVICE') continue;
      const home = await needs.homeOfService(tenant, named.peer.serviceId);
      if (home) homes[named.peer.serviceId] = home;
    }
  }
  const now = await needs.now();
  const fault = schedule && scheduleFault(schedule, now);
  if (fault) return { ok: false, rejection: fault };
  const whole: PolicyDefinition = { ...definition, ...sides };
  return { ok: true, intended: { definition: whole, schedule, homes, now: now.toISOString() } };
}
