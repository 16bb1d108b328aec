/** `Query.reachability`: asked of the network service, and told to who may read the policies at both ends. */
import { type Id, idKind } from '@atoll/schema/ids';
import type {
  AskedTarget,
  AskedTraffic,
  EndVerdict,
  ExplainedReachability,
  KnownEnd,
  ReachabilityFlow,
} from '@atoll/schema/network/reachability';
import { askedTarget, askedTraffic } from '@atoll/schema/network/reachability';
import { admit } from '../access/admit.ts';
import type { Locator } from '../access/locate.ts';
import { ApiError } from '../errors.ts';
import type { Reader } from '../read/reader.ts';
import { createPolicyNames, type PolicyNames, policiesOf, shownDecidingRule, verdictMessage } from './policy-names.ts';
import { askService, type Commands, isOfTenant, type TenantViewer } from './questions.ts';
import type { LiveArgs, LiveResolver } from './resolvers.ts';

const where = 'Query.reachability';
const wrong = (message: string) => new ApiError('BAD_USER_INPUT', message);
const noSuch = (field: string) =>
  new ApiError('NOT_FOUND', `\`${field}\` is no instance and no service of yours, or it has no address yet.`);

export function trafficOf({ protocol, port }: LiveArgs): AskedTraffic {
  if (protocol === 'ICMP') {
    if (port == null) return { protocol, icmp: 'ECHO_REQUEST' };
    throw wrong('ICMP has no ports: leave out `port`.');
  }
  const asked = askedTraffic.safeParse({ protocol: protocol ?? 'TCP', port });
  if (asked.success) return asked.data;
  throw wrong('`port` must be from 1 to 65535.');
}

function targetOf({ to }: LiveArgs): AskedTarget {
  const { id = null, address = null } = (to ?? {}) as { id?: string | null; address?: string | null };
  if ((id === null) === (address === null)) throw wrong('Give `to` either an `id` or an `address`, and not both.');
  if (address !== null) {
    const asked = askedTarget.safeParse({ kind: 'ADDRESS', address });
    if (asked.success) return asked.data;
    throw wrong('`to.address` must be an IPv4 or IPv6 address.');
  }
  const kind = idKind(String(id));
  if (kind === 'instance') return { kind: 'INSTANCE', instanceId: id as Id<'instance'> };
  if (kind === 'service') return { kind: 'SERVICE', serviceId: id as Id<'service'> };
  throw noSuch('to.id');
}

function viaOf({ from, kind }: ExplainedReachability, { to }: ReachabilityFlow) {
  if (kind === 'PUBLIC_ADDRESS') return 'OUTSIDE';
  if (to !== null) return to.nodeId === from.nodeId ? 'LOCAL' : 'OVERLAY';
  return 'OUTSIDE';
}

const shownEnd = ({ instanceId, namespaceId, nodeId }: KnownEnd) => ({ instanceId, namespaceId, nodeId });

/** As it is told of an address of the platform at which nothing is: what a viewer can't read is as if it weren't there. */
function asUnknown(told: ExplainedReachability): ExplainedReachability {
  return {
    ...{ from: told.from, kind: 'UNKNOWN', allowed: false, flows: [], omitted: 0, publicAddressId: null },
    nodes: told.nodes.filter(({ nodeId }) => nodeId === told.from.nodeId),
  };
}

function shown(told: ExplainedReachability, names: PolicyNames) {
  const verdict = (one: EndVerdict, direction: 'egress' | 'ingress') => ({
    allowed: one.allowed,
    rule: one.rule && shownDecidingRule(one.rule, names),
    message: verdictMessage(one, direction, told.kind, names),
  });
  return {
    allowed: told.allowed,
    omittedFlows: told.omitted,
    from: shownEnd(told.from),
    destination: told.kind,
    flows: told.flows.map((flow) => ({
      ...{ family: flow.family, source: flow.source, destination: flow.destination, port: flow.port },
      ...{ target: flow.to && shownEnd(flow.to), via: viaOf(told, flow), allowed: flow.allowed },
      egress: verdict(flow.egress, 'egress'),
      ingress: flow.ingress && verdict(flow.ingress, 'ingress'),
    })),
    inForce: told.nodes.every((node) => node.standing === 'CURRENT'),
    nodes: told.nodes,
  };
}

export function createReachability(commands: Commands, reader: Reader, locator: Locator): LiveResolver {
  const namesOf = createPolicyNames(reader);

  /** A thing that can't be read isn't there. */
  async function mustSee(viewer: TenantViewer, id: string, field: string): Promise<void> {
    const admission = await admit(locator, viewer, 'policy:read', { id, where });
    if (admission.kind === 'forbidden') throw admission.error;
    if (admission.kind === 'missing') throw noSuch(field);
  }

  async function maySeeAll(
    viewer: TenantViewer,
    { flows, publicAddressId: id }: ExplainedReachability,
  ): Promise<boolean> {
    const ids = new Set(flows.flatMap((flow) => (flow.to ? [flow.to.instanceId] : [])));
    const admissions = [...ids].map((id) => admit(locator, viewer, 'policy:read', { id, where }));
    if (id !== null) admissions.push(admit(locator, viewer, 'publicAddress:read', { id, where }));
    return (await Promise.all(admissions)).every(({ kind }) => kind === 'admitted');
  }

  return {
    needs: [],
    inParts: true,
    async resolve(_row, args, { viewer }) {
      const from = String(args.from);
      const traffic = trafficOf(args);
      const to = targetOf(args);
      if (!isOfTenant(viewer) || idKind(from) !== 'instance') throw noSuch('from');
      await mustSee(viewer, from, 'from');
      if (to.kind === 'INSTANCE') await mustSee(viewer, to.instanceId, 'to.id');
      if (to.kind === 'SERVICE') await mustSee(viewer, to.serviceId, 'to.id');
      const explain = (target: AskedTarget) =>
        askService(commands, viewer, {
          context: 'network',
          question: 'ExplainReachability',
          data: { from: from as Id<'instance'>, to: target, traffic },
        });
      let told = await explain(to);
      let seen = await maySeeAll(viewer, told);
      if (!seen && told.kind === 'PUBLIC_ADDRESS' && to.kind === 'ADDRESS') {
        // One that the viewer may not read is as anybody's.
        told = await explain({ ...to, publicAsOutside: true });
        seen = true;
      }
      const readable = seen ? told : asUnknown(told);
      const rules = readable.flows.flatMap((flow) => [flow.egress.rule, flow.ingress?.rule ?? null]);
      return shown(readable, await namesOf(viewer, policiesOf(rules)));
    },
  };
}
