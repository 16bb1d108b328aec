/** `Query.connectionLog` and `Query.platformConnectionLog`: asked of the network service, which asks the nodes. */
import { type Id, idKind } from '@atoll/schema/ids';
import type { PlatformConnection, TenantConnection } from '@atoll/schema/network/connection-log';
import { mostLoggedConnections } from '@atoll/schema/node/connection-log';
import { z } from 'zod';
import { admit } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import { ApiError } from '../errors.ts';
import type { Reader } from '../read/reader.ts';
import { createPolicyNames, type PolicyNames, platformPolicyNames } from './policy-names.ts';
import { askService, type Commands, isOfTenant, type TenantViewer } from './questions.ts';
import type { LiveArgs, LiveResolver } from './resolvers.ts';

const where = 'Query.connectionLog';
const noSuchOfPlatform = () => new ApiError('NOT_FOUND', '`platformPolicyId` is no policy of the platform.');
const noSuch = (field: 'namespaceId' | 'policyId') =>
  new ApiError(
    'NOT_FOUND',
    field === 'namespaceId'
      ? '`namespaceId` is no namespace of yours.'
      : '`policyId` is no isolation policy of the namespace.',
  );

function firstOf({ first }: LiveArgs): number {
  if (typeof first === 'number' && first >= 1 && first <= mostLoggedConnections) return first;
  throw new ApiError('BAD_USER_INPUT', `\`first\` must be from 1 to ${mostLoggedConnections}.`);
}
const instant = z.iso.datetime({ offset: true });
function sinceOf({ since }: LiveArgs): string | null {
  if (since == null) return null;
  const read = instant.safeParse(since);
  if (read.success) return new Date(read.data).toISOString();
  throw new ApiError('BAD_USER_INPUT', '`since` must be an instant as `2026-11-23T08:30:00.000Z`.');
}

type Connection = TenantConnection | PlatformConnection;
/** `seen`: the instances that the viewer may know of. */
const shownConnection = (
  { direction, family, ...one }: Connection,
  names: PolicyNames,
  seen: (id: string | null) => string | null,
) => ({
  ...{ ...one, direction: direction.toUpperCase(), family: family.toUpperCase() },
  policyName: names.get(one.policyId) ?? null,
  sourceInstanceId: seen(one.sourceInstanceId),
  destinationInstanceId: seen(one.destinationInstanceId),
});

export function createConnectionLogField(commands: Commands, reader: Reader, locator: Locator): LiveResolver {
  const namesOf = createPolicyNames(reader);

  async function mustSee(viewer: TenantViewer, id: string, field: 'namespaceId' | 'policyId'): Promise<void> {
    const admission = await admit(locator, viewer, 'policy:read', { id, where });
    if (admission.kind === 'forbidden') throw admission.error;
    if (admission.kind === 'missing') throw noSuch(field);
  }

  /** Instances of other namespaces of the tenant that the viewer may not read the policies of are not told by name. */
  async function visible(viewer: TenantViewer, connections: readonly TenantConnection[]): Promise<ReadonlySet<string>> {
    const ids = new Set(
      connections.flatMap((one) => [one.sourceInstanceId ?? [], one.destinationInstanceId ?? []].flat()),
    );
    const seen = await Promise.all(
      [...ids].map(async (id) => {
        const { kind } = await admit(locator, viewer, 'policy:read', { id, where });
        return kind === 'admitted' ? [id] : [];
      }),
    );
    return new Set(seen.flat());
  }

  return {
    needs: [],
    inParts: true,
    async resolve(_row, args, { viewer }) {
      const namespaceId = String(args.namespaceId);
      const policyId = args.policyId == null ? null : String(args.policyId);
      const [first, since] = [firstOf(args), sinceOf(args)];
      if (!isOfTenant(viewer) || idKind(namespaceId) !== 'namespace') throw noSuch('namespaceId');
      await mustSee(viewer, namespaceId, 'namespaceId');
      if (policyId !== null && idKind(policyId) !== 'policy') throw noSuch('policyId');
      if (policyId !== null) await mustSee(viewer, policyId, 'policyId');
      const told = await askService(commands, viewer, {
        context: 'network',
        question: 'ReadConnectionLog',
        data: { namespaceId: namespaceId as Id<'namespace'>, policyId: policyId as Id<'policy'> | null, since, first },
      });
      const names = await namesOf(viewer, new Set(told.connections.map((one) => one.policyId)));
      const seen = await visible(viewer, told.connections);
      const shown = (id: string | null) => (id !== null && seen.has(id) ? id : null);
      return {
        connections: told.connections.map((one) => shownConnection(one, names, shown)),
        more: told.more,
        leftOut: told.leftOut,
        missing: told.missing,
      };
    },
  };
}

/** The operator's: nothing of any tenant is hidden from them. */
export function createPlatformConnectionLogField(commands: Commands, reader: Reader): LiveResolver {
  return {
    needs: [],
    async resolve(_row, args, { viewer }) {
      const platformPolicyId = args.platformPolicyId == null ? null : String(args.platformPolicyId);
      const [first, since] = [firstOf(args), sinceOf(args)];
      if (platformPolicyId !== null && idKind(platformPolicyId) !== 'platformPolicy') throw noSuchOfPlatform();
      const told = await askService(commands, viewer, {
        context: 'network',
        question: 'ReadPlatformConnectionLog',
        data: { platformPolicyId: platformPolicyId as Id<'platformPolicy'> | null, since, first },
      });
      const names = await platformPolicyNames(reader, [...new Set(told.connections.map((one) => one.policyId))]);
      const { connections, ...rest } = told;
      return { ...rest, connections: connections.map((one) => shownConnection(one, names, (id) => id)) };
    },
  };
}
