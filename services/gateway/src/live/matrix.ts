/** `Query.reachabilityMatrix`: asked of the network service. */
import { type Id, idKind } from '@atoll/schema/ids';
import type { DecidingRule, EndVerdict } from '@atoll/schema/network/reachability';
import { admit } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import { ApiError } from '../errors.ts';
import type { Reader } from '../read/reader.ts';
import { createPolicyNames, type PolicyNames, policiesOf, shownDecidingRule, verdictMessage } from './policy-names.ts';
import { askService, type Commands, isOfTenant } from './questions.ts';
import { trafficOf } from './reachability.ts';
import type { LiveResolver } from './resolvers.ts';

const where = 'Query.reachabilityMatrix';
const noSuch = () => new ApiError('NOT_FOUND', '`namespaceId` is no namespace of yours.');

export function createReachabilityMatrix(commands: Commands, reader: Reader, locator: Locator): LiveResolver {
  const namesOf = createPolicyNames(reader);
  const verdict = (one: EndVerdict | null, direction: 'egress' | 'ingress', names: PolicyNames) =>
    one && {
      allowed: one.allowed,
      rule: one.rule && shownDecidingRule(one.rule, names),
      message: verdictMessage(one, direction, 'INSTANCE', names),
    };
  return {
    needs: [],
    inParts: true,
    async resolve(_row, args, { viewer }) {
      const id = String(args.namespaceId);
      const traffic = trafficOf(args);
      if (!isOfTenant(viewer) || idKind(id) !== 'namespace') throw noSuch();
      const admission = await admit(locator, viewer, 'policy:read', { id, where });
      if (admission.kind === 'forbidden') throw admission.error;
      if (admission.kind === 'missing') throw noSuch();
      const question = { namespaceId: id as Id<'namespace'>, traffic };
      const { groups, cells, omitted, nodes } = await askService(commands, viewer, {
        context: 'network',
        question: 'MapReachability',
        data: question,
      });
      const rules = cells.flatMap((cell): (DecidingRule | null)[] => [
        ...[cell.egress?.rule ?? null, cell.ingress?.rule ?? null],
        ...cell.outside,
      ]);
      const names = await namesOf(viewer, policiesOf(rules));
      return {
        groups: groups.map(({ labels, ...group }, index) => ({
          ...{ ...group, index },
          labels: Object.entries(labels).map(([key, value]) => ({ key, value })),
        })),
        cells: cells.map(({ egress, ingress, outside, ...cell }) => ({
          ...cell,
          egress: verdict(egress, 'egress', names),
          ingress: verdict(ingress, 'ingress', names),
          outside: outside.map((rule) => shownDecidingRule(rule, names)),
        })),
        omittedInstances: omitted,
        inForce: nodes.every((node) => node.standing === 'CURRENT'),
        nodes,
      };
    },
  };
}
