/** Finds the ends of what is asked, and asks the rules of their nodes: all of it as of one moment. */
import { transaction } from '@atoll/events/database/transaction';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkInput } from '@atoll/schema/network/commands';
import type { ExplainedReachability, KnownEnd } from '@atoll/schema/network/reachability';
import { canonicalAddress, type Family, families, familyOf } from '@atoll/schema/node/decide';
import type { Pool } from 'pg';
import { betweenInstances, type End, notRoutable, throughOutside, throughRules, toOutside } from './explain.ts';
import {
  endAtAddress,
  endOfInstance,
  endsAtAddresses,
  findPublicAddress,
  findService,
  outwardAddress,
  type PublicAddress,
  type RulesOf,
  readStandings,
} from './read.ts';

type Question = NetworkInput<'ExplainReachability'>;
export type Told<T> = { readonly ok: true; readonly told: T } | { readonly ok: false; readonly rejection: Rejection };

const noSuch = (field: string) =>
  reject(
    'NOT_FOUND',
    'There is no such instance of yours, or it has no address: it was not given one yet, or is gone.',
    field,
  );
const noService = reject('NOT_FOUND', 'There is no such service of yours.', 'to.serviceId');

/** Reads as of one moment; nothing is locked. */
export const snapshot = 'set transaction isolation level repeatable read, read only';

/** Targets of a service that are told of; all are asked. */
const maxTargets = 50;

export async function askReachability(
  { pool, rulesOf }: { readonly pool: Pool; readonly rulesOf: RulesOf },
  tenant: Id<'tenant'>,
  { from, to, traffic }: Question,
): Promise<Told<ExplainedReachability>> {
  return await transaction(
    pool,
    async (tx) => {
      const endOf = async (end: KnownEnd): Promise<End> => ({ ...end, node: await rulesOf(tx, end.nodeId) });
      const found = await endOfInstance(tx, tenant, from);
      if (found === null) return { ok: false, rejection: noSuch('from') };
      const start = found;
      const source = await endOf(start);

      async function answer(kind: ExplainedReachability['kind'], flows: ExplainedReachability['flows']) {
        const nodes = new Set([start, ...flows.map((flow) => flow.to)].flatMap((end) => (end ? [end.nodeId] : [])));
        const standings = await readStandings(tx, [...nodes]);
        const allowed = flows.length > 0 && flows.every((flow) => flow.allowed);
        const told = flows.slice(0, maxTargets * families.length);
        const omitted = flows.length - told.length;
        const publicAddressId: Id<'publicAddress'> | null = null;
        const of = { from: start, kind, allowed, flows: told, omitted, nodes: standings, publicAddressId };
        return { ok: true, told: of } as const;
      }
      const toInstance = async (target: KnownEnd, asked: readonly Family[]) => {
        const end = await endOf(target);
        const flows = asked.map((family) => betweenInstances(source, end, family, traffic));
        return answer(target.instanceId === from ? 'ITSELF' : 'INSTANCE', flows);
      };
      /** To each of the targets that the source's node sends such connections to now. */
      async function toService(serviceId: Id<'service'>, asked: readonly Family[]) {
        const service = source.node.rules.services.find((one) => one.serviceId === serviceId);
        const port = service?.ports.find(
          (one) => traffic.protocol !== 'ICMP' && traffic.protocol === one.protocol && traffic.port === one.port,
        );
        if (port === undefined) return answer('SERVICE', []);
        const { protocol, targets } = port;
        const ends = await endsAtAddresses(
          tx,
          tenant,
          'ipv4',
          targets.map((target) => target.ipv4),
        );
        const flows: ExplainedReachability['flows'] = [];
        for (const target of targets) {
          const known = ends.get(target.ipv4);
          if (known === undefined) continue;
          const end = await endOf(known);
          for (const family of asked) flows.push(throughRules(source, end, family, { protocol, port: target.port }));
        }
        return answer('SERVICE', flows);
      }

      /** Out of the platform and in again, to each of the instances that the port leads to now. */
      async function toPublic({ publicAddressId, announcedBy }: PublicAddress, address: string, family: Family) {
        const { mappings } = announcedBy === null ? { mappings: [] } : (await rulesOf(tx, announcedBy)).rules;
        const mapping = mappings.find(
          (one) =>
            one.address === address &&
            traffic.protocol !== 'ICMP' &&
            traffic.protocol === one.protocol &&
            traffic.port === one.port,
        );
        const targets = mapping?.targets ?? [];
        const addresses = targets.map((target) => target.address);
        const ends = await endsAtAddresses(tx, tenant, family, addresses);
        const comesFrom = await outwardAddress(tx, source.nodeId, family);
        const flows: ExplainedReachability['flows'] = [];
        for (const target of targets) {
          const known = ends.get(target.address);
          if (known === undefined || mapping === undefined) continue;
          const { protocol } = mapping;
          // The node that answers for the address leads nobody there who is on it.
          const seenAs = announcedBy === source.nodeId ? null : comesFrom;
          const end = await endOf(known);
          flows.push(
            throughOutside(source, end, { family, address, seenAs, protocol, port: target.port, asked: traffic }),
          );
        }
        const told = await answer('PUBLIC_ADDRESS', flows);
        return { ok: true, told: { ...told.told, publicAddressId } } as const;
      }

      switch (to.kind) {
        case 'INSTANCE': {
          const target = await endOfInstance(tx, tenant, to.instanceId);
          return target === null
            ? { ok: false, rejection: noSuch('to.instanceId') }
            : await toInstance(target, families);
        }
        case 'SERVICE': {
          const service = await findService(tx, tenant, { column: 'service_id', value: to.serviceId });
          return service === null ? { ok: false, rejection: noService } : await toService(service, families);
        }
        case 'ADDRESS': {
          const family = familyOf(to.address);
          const address = canonicalAddress(to.address);
          const why = notRoutable(address);
          if (why !== null) return { ok: false, rejection: reject('INVALID_ARGUMENT', why, 'to.address') };
          if (!source.node.reader.isInside(family, address)) {
            const published = to.publicAsOutside ? null : await findPublicAddress(tx, tenant, address);
            if (published !== null) return await toPublic(published, address, family);
            return await answer('OUTSIDE', [toOutside(source, address, family, traffic)]);
          }
          const target = await endAtAddress(tx, tenant, family, address);
          if (target !== null) return await toInstance(target, [family]);
          const service = await findService(tx, tenant, { column: family, value: address });
          // The same, whether somebody else is there or nobody: nothing is told of it.
          return service === null ? await answer('UNKNOWN', []) : await toService(service, [family]);
        }
        default:
          return to satisfies never;
      }
    },
    snapshot,
  );
}
