/** `Query.reachabilityMatrix`: asked of the network service. */
import { type Id, idKind } from '@atoll/schema/ids';
import { type DecidingRule, type EndVerdict, MAX_OTHER_NAMESPACES } from '@atoll/schema/network/reachability';
import { admit } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import { ApiError } from '../errors.ts';
import type { Reader } from '../read/reader.ts';
import { createPolicyNames, type PolicyNames, policiesOf, shownDecidingRule, verdictMessage } from './policy-names.ts';
import { askService, type Commands, isOfTenant } from './questions.ts';
import { trafficOf } from './reachability.ts';
import type { LiveArgs, LiveResolver } from './resolvers.ts';

const where = 'Query.reachabilityMatrix';
const noSuch = (field = 'namespaceId') => new ApiError('NOT_FOUND', `\`${field}\` names no namespace of yours.`);

function placeOf(args: LiveArgs, name: 'fromGroup' | 'toGroup'): number {
  const place = args[name] ?? 0;
  if (typeof place === 'number' && place >= 0) return place;
  throw new ApiError('BAD_USER_INPUT', `\`${name}\` is the place of a group, from 0.`);
}

function otherIds({ otherNamespaceIds }: LiveArgs): Id<'namespace'>[] {
  const ids = Array.isArray(otherNamespaceIds) ? otherNamespaceIds.map(String) : [];
  if (ids.length > MAX_OTHER_NAMESPACES) {
    const message = `\`otherNamespaceIds\` may have ${MAX_OTHER_NAMESPACES} ids. Ask for the others by themselves.`;
    throw new ApiError('BAD_USER_INPUT', message);
  }
  if (ids.some((id) => idKind(id) !== 'namespace')) throw noSuch('otherNamespaceIds');
  return ids as Id<'namespace'>[];
}

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
      const [fromGroup, toGroup] = [placeOf(args, 'fromGroup'), placeOf(args, 'toGroup')];
      if (!isOfTenant(viewer) || idKind(id) !== 'namespace') throw noSuch();
      const others = otherIds(args);
      for (const one of [id, ...others]) {
        const admission = await admit(locator, viewer, 'policy:read', { id: one, where });
        if (admission.kind === 'forbidden') throw admission.error;
        if (admission.kind === 'missing') throw noSuch(one === id ? undefined : 'otherNamespaceIds');
      }
      const question = { namespaceId: id as Id<'namespace'>, others, traffic, fromGroup, toGroup };
      const { groups, groupCount, cells, omitted, nodes } = await askService(commands, viewer, {
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
        groups: groups.map(({ labels, ...group }) => ({
          ...group,
          labels: Object.entries(labels).map(([key, value]) => ({ key, value })),
        })),
        cells: cells.map(({ egress, ingress, outside, ...cell }) => ({
          ...cell,
          egress: verdict(egress, 'egress', names),
          ingress: verdict(ingress, 'ingress', names),
          outside: outside.map((rule) => shownDecidingRule(rule, names)),
        })),
        groupCount,
        omittedInstances: omitted,
        inForce: nodes.every((node) => node.standing === 'CURRENT'),
        nodes,
      };
    },
  };
}
