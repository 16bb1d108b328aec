/** Finds the ends of what is asked, and asks the rules of their nodes: all of it as of one moment. */
import { transaction } from '@atoll/events/database/transaction';
import { type Rejection, reject } from '@atoll/schema/errors';
import type { Id } from '@atoll/schema/ids';
import type { NetworkInput } from '@atoll/schema/network/commands';
import type { ExplainedReachability, KnownEnd } from '@atoll/schema/network/reachability';
import { canonicalAddress, families, familyOf } from '@atoll/schema/node/decide';
import type { Pool } from 'pg';
import { betweenInstances, type End, notRoutable, toOutside } from './explain.ts';
import { endAtAddress, endOfInstance, type RulesOf, readStandings } from './read.ts';

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
      const source = await endOf(found);

      async function answer(kind: ExplainedReachability['kind'], flows: ExplainedReachability['flows']) {
        const nodes = new Set([found, ...flows.map((flow) => flow.to)].flatMap((end) => (end ? [end.nodeId] : [])));
        const standings = await readStandings(tx, [...nodes]);
        return { ok: true, told: { from: shown(source), kind, flows, nodes: standings } } as const;
      }
      const reach = async (target: KnownEnd) => {
        const end = await endOf(target);
        return families.map((family) => betweenInstances(source, end, family, traffic));
      };

      const kindOf = ({ instanceId }: KnownEnd) => (instanceId === from ? 'ITSELF' : 'INSTANCE');

      switch (to.kind) {
        case 'INSTANCE': {
          const target = await endOfInstance(tx, tenant, to.instanceId);
          return target === null
            ? { ok: false, rejection: noSuch('to.instanceId') }
            : answer(kindOf(target), await reach(target));
        }
        case 'SERVICE':
          return { ok: false, rejection: noService };
        case 'ADDRESS': {
          const family = familyOf(to.address);
          const address = canonicalAddress(to.address);
          const why = notRoutable(address);
          if (why !== null) return { ok: false, rejection: reject('INVALID_ARGUMENT', why, 'to.address') };
          if (!source.node.reader.isInside(family, address)) {
            return answer('OUTSIDE', [toOutside(source, address, family, traffic)]);
          }
          const target = await endAtAddress(tx, tenant, family, address);
          // The same, whether somebody else is there or nobody: nothing is told of it.
          if (target === null) return answer('UNKNOWN', []);
          return answer(kindOf(target), [betweenInstances(source, await endOf(target), family, traffic)]);
        }
        default:
          return to satisfies never;
      }
    },
    snapshot,
  );
}

const shown = ({ node: _, ...end }: End): KnownEnd => end;
