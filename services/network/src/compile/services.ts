/**
 * Services and names as one node needs them: those of the environments that it has endpoints of, since nobody else on it may
 * know of them. Pure and deterministic.
 */
import type { Id } from '@atoll/schema/ids';
import type { ServicePort } from '@atoll/schema/network/services';
import type { RuleNames, RuleService, RuleSet } from '@atoll/schema/node/network';
import { byText } from './order.ts';

export const ZONE = 'atoll.internal';

/** A namespace with endpoints on the node or services in an environment of these. */
export interface CompiledNamespace {
  readonly namespaceId: Id<'namespace'>;
  readonly environmentId: Id<'environment'> | null;
  readonly name: string | null;
}

export interface CompiledService {
  readonly serviceId: Id<'service'>;
  readonly namespaceId: Id<'namespace'>;
  readonly name: string;
  readonly ipv4: string;
  readonly ipv6: string;
  readonly ports: readonly ServicePort[];
  readonly affinitySeconds: number | null;
  /** Endpoints that it selects, and whether they take new connections. */
  readonly members: readonly { readonly ipv4: string; readonly ipv6: string; readonly serving: boolean }[];
}

/** An endpoint of the node. */
export interface HostedEndpoint {
  readonly instanceId: Id<'instance'>;
  readonly namespaceId: Id<'namespace'>;
  /** Some service may still send it connections. */
  readonly serving: boolean;
}

export type ServiceSections = Pick<RuleSet, 'services' | 'names' | 'serving'>;

export const noServices: ServiceSections = { services: [], names: { zone: ZONE, views: [] }, serving: [] };

/** Who sees each other's names: the environment, or the namespace alone where its environment isn't known. */
export const viewOf = ({ environmentId, namespaceId }: CompiledNamespace) => environmentId ?? namespaceId;
/** Its label in names. */
const labelOf = ({ name, namespaceId }: CompiledNamespace) => name ?? namespaceId.replace('_', '-');

export function compileServices(
  endpoints: readonly HostedEndpoint[],
  namespaces: readonly CompiledNamespace[],
  services: readonly CompiledService[],
): ServiceSections {
  const known = new Map(namespaces.map((one) => [one.namespaceId, one]));
  const hosted = new Set(
    endpoints.flatMap(({ namespaceId }) => {
      const found = known.get(namespaceId);
      return found === undefined ? [] : [viewOf(found)];
    }),
  );
  const seen = namespaces.filter((one) => hosted.has(viewOf(one)));
  const visible = new Set(seen.map((one) => one.namespaceId));
  const here = Map.groupBy(endpoints, (one) => one.namespaceId);
  const within = Map.groupBy(
    services.filter((one) => visible.has(one.namespaceId)),
    (one) => one.namespaceId,
  );

  // Who sees nothing needs no view: to them every name is missing.
  const views: RuleNames['views'] = [...Map.groupBy(seen, viewOf)]
    .filter(([, all]) => all.some((one) => within.has(one.namespaceId)))
    .sort(([a], [b]) => byText(a, b))
    .map(([environmentId, all]) => ({
      environmentId,
      namespaces: all
        .map((one) => ({
          name: labelOf(one),
          instances: (here.get(one.namespaceId) ?? []).map(({ instanceId }) => instanceId).sort(byText),
          services: (within.get(one.namespaceId) ?? [])
            .map(({ name, ipv4, ipv6, ports }) => ({
              ...{ name, ipv4, ipv6 },
              ports: ports.map(({ name, protocol, port }) => ({ name, protocol, port })),
            }))
            .sort((a, b) => byText(a.name, b.name)),
        }))
        .filter(({ instances, services }) => instances.length + services.length > 0)
        .sort((a, b) => byText(a.name, b.name)),
    }));

  return {
    services: [...within.values()]
      .flat()
      .map(compileService)
      .sort((a, b) => byText(a.serviceId, b.serviceId)),
    names: { zone: ZONE, views },
    serving: endpoints
      .filter((one) => one.serving)
      .map(({ instanceId }) => instanceId)
      .sort(byText),
  };
}

/** The same for every node that sees it. */
export function compileService({
  serviceId,
  ipv4,
  ipv6,
  affinitySeconds,
  ports,
  members,
}: CompiledService): RuleService {
  const sorted = [...members].sort((a, b) => byText(a.ipv4, b.ipv4));
  const pair = (member: (typeof members)[number]) => ({ ipv4: member.ipv4, ipv6: member.ipv6 });
  const targets = sorted.filter((member) => member.serving).map(pair);
  return {
    ...{ serviceId, ipv4, ipv6, affinitySeconds },
    ports: ports.map(({ protocol, port, targetPort }) => ({
      ...{ protocol, port },
      targets: targets.map((target) => ({ ...target, port: targetPort })),
    })),
    draining: sorted.filter((member) => !member.serving).map(pair),
  };
}
