/** What the operator decides about connections, before all tenants. Stream `platformPolicy:<id>`, of the platform. */
import { accept, type Decider, refuse } from '@atoll/events/decider';
import { equal } from '@atoll/schema/equal';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkEvent } from '@atoll/schema/network/events';
import type { PlatformDefinition } from '@atoll/schema/network/spec';
import { releaseAmount, releaseUnique, takeAmount, takeUnique } from './claims.ts';
import { ruleCount } from './consent.ts';

export type PlatformPolicyEvent = Extract<NetworkEvent, { type: `PlatformPolicy${string}` }>;

interface Known {
  readonly platformPolicyId: Id<'platformPolicy'>;
  readonly name: string;
  readonly revision: number;
  readonly definition: PlatformDefinition;
}
export type PlatformPolicyState =
  | { readonly status: 'absent' }
  | ({ readonly status: 'active' } & Known)
  | { readonly status: 'deleted' };

type Intended = Pick<Known, 'name' | 'definition'>;
/** `seen`: the revision that the caller has read, null where any will do. */
export type PlatformPolicyCommand =
  | ({ readonly kind: 'create'; readonly platformPolicyId: Id<'platformPolicy'> } & Intended)
  | ({ readonly kind: 'update'; readonly seen: number | null } & Intended)
  | { readonly kind: 'delete'; readonly seen: number | null };

export const platformPolicyStream = (id: string) => `platformPolicy:${id}`;
export const platformPolicyNotFound = reject(
  'NOT_FOUND',
  'There is no such policy of the platform.',
  'platformPolicyId',
);

/** Of all policies of the platform together: every node has them. */
export const maxPlatformRules = 1_000;
const all = 'platform';
const takeRules = (id: Id<'platformPolicy'>, definition: PlatformDefinition) =>
  takeAmount('platform-rules', all, id, ruleCount(definition), maxPlatformRules);

/**
 * A policy of the platform shuts whatever it likes, and lets through what goes in and out, or is one tenant's own: tenants are
 * let through to each other by nobody. Null where it is so.
 */
export function beyondPlatform({ action, from, to }: PlatformDefinition): Rejection | null {
  for (const source of from) {
    for (const [index, destination] of to.entries()) {
      const field = `definition.to.${index}`;
      if (source.kind === 'CIDR' && destination.kind === 'CIDR') {
        const say =
          'Neither side is an instance: a policy decides about connections of instances. Name some on one side.';
        return reject('INVALID_ARGUMENT', say, field);
      }
      if (action === 'DENY' || source.kind === 'CIDR' || destination.kind === 'CIDR') continue;
      const own = source.kind === 'TENANT' && destination.kind === 'TENANT' && source.tenantId === destination.tenantId;
      if (!own) {
        const say =
          'Tenants are let through to each other by nobody. An ALLOW of the platform has a CIDR on one side, or the same tenant on both.';
        return reject('INVALID_ARGUMENT', say, field);
      }
    }
  }
  return null;
}

function stale(state: Known, seen: number | null): Rejection | null {
  if (seen === null || seen === state.revision) return null;
  return reject(
    'VERSION_CONFLICT',
    `You have read version ${seen}, and it is at version ${state.revision}. Read it again and repeat the change.`,
  );
}

export const platformPolicy: Decider<PlatformPolicyState, PlatformPolicyCommand, PlatformPolicyEvent> = {
  initial: { status: 'absent' },

  decide(state, command) {
    if (command.kind === 'create') {
      if (state.status !== 'absent') return refuse(reject('ILLEGAL_STATE', 'The policy exists already.'));
      const { platformPolicyId, name, definition } = command;
      const beyond = beyondPlatform(definition);
      if (beyond) return refuse(beyond);
      return accept<PlatformPolicyEvent>(
        [{ type: 'PlatformPolicyCreated', data: { platformPolicyId, name, revision: 1, definition } }],
        [takeUnique('platform-policy-name', name, platformPolicyId), takeRules(platformPolicyId, definition)],
      );
    }
    if (state.status !== 'active') return refuse(platformPolicyNotFound);
    const conflict = stale(state, command.seen);
    if (conflict) return refuse(conflict);
    const { platformPolicyId, revision } = state;
    switch (command.kind) {
      case 'update': {
        const { name, definition } = command;
        const beyond = beyondPlatform(definition);
        if (beyond) return refuse(beyond);
        if (name === state.name && equal(definition, state.definition)) return accept<PlatformPolicyEvent>([]);
        const renamed =
          name === state.name
            ? []
            : [
                releaseUnique('platform-policy-name', state.name, platformPolicyId),
                takeUnique('platform-policy-name', name, platformPolicyId),
              ];
        return accept<PlatformPolicyEvent>(
          [{ type: 'PlatformPolicyUpdated', data: { platformPolicyId, name, revision: revision + 1, definition } }],
          [...renamed, takeRules(platformPolicyId, definition)],
        );
      }
      case 'delete':
        return accept<PlatformPolicyEvent>(
          [{ type: 'PlatformPolicyDeleted', data: { platformPolicyId, name: state.name } }],
          [
            releaseUnique('platform-policy-name', state.name, platformPolicyId),
            releaseAmount('platform-rules', all, platformPolicyId),
          ],
        );
      default:
        return command satisfies never;
    }
  },

  evolve(state, event) {
    switch (event.type) {
      case 'PlatformPolicyCreated':
      case 'PlatformPolicyUpdated':
        return { status: 'active', ...event.data };
      case 'PlatformPolicyDeleted':
        return { status: 'deleted' };
      case 'PlatformPolicyEnforced':
        return state;
      default:
        return event satisfies never;
    }
  },
};
