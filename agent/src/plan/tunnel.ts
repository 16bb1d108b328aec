/** Wanted tunnel × the one that is there → what to run. Pure; where everything is as it should be, the plan is empty. */
import type { NodeNames } from '../render/names.ts';
import { linkLine, routeLine, type TunnelState, type Underlay } from '../render/tunnel.ts';

/** In the order in which it is run. */
export interface TunnelPlan {
  /** `ip -batch`; the link comes first, and is new where `isNew`. */
  readonly link: readonly string[];
  readonly isNew: boolean;
  /** `ip -batch`: neighbours and routes. */
  readonly ip: readonly string[];
  /** `bridge -batch`. */
  readonly bridge: readonly string[];
}

export const isDone = ({ link, ip, bridge }: TunnelPlan) => link.length + ip.length + bridge.length === 0;

/** What is to be set, and what is left over. */
function difference(wanted: ReadonlyMap<string, string>, there: ReadonlyMap<string, string>) {
  return {
    set: [...wanted].filter(([key, value]) => there.get(key) !== value),
    gone: [...there].filter(([key]) => !wanted.has(key)),
  };
}

/** `own` is the end that `wanted` was made of. */
export function planTunnel(
  names: NodeNames,
  own: Underlay | null,
  wanted: TunnelState,
  observed: TunnelState,
): TunnelPlan {
  const dev = names.tunnel;
  if (wanted.link === null || own === null) {
    return { link: observed.link === null ? [] : [`link del ${dev}`], isNew: false, ip: [], bridge: [] };
  }
  const isNew = observed.link?.fixed !== wanted.link.fixed;
  const now = isNew ? { neighbours: new Map(), ends: new Map(), routes: new Map() } : observed;
  const [neighbours, ends, routes] = [
    difference(wanted.neighbours, now.neighbours),
    difference(wanted.ends, now.ends),
    difference(wanted.routes, now.routes),
  ];
  return {
    link: isNew
      ? [...(observed.link === null ? [] : [`link del ${dev}`]), linkLine(names, own)]
      : linkChanges(dev, wanted.link, observed.link),
    isNew,
    ip: [
      ...neighbours.set.map(([hop, mac]) => `neigh replace ${hop} lladdr ${mac} dev ${dev} nud permanent`),
      // What is replaced is never away in between.
      ...routes.set.map(([address, hop]) => routeLine(names, 'replace', address, hop)),
      ...routes.gone.map(([address, hop]) => routeLine(names, 'del', address, hop)),
      ...neighbours.gone.map(([hop]) => `neigh del ${hop} dev ${dev}`),
    ],
    bridge: [
      ...ends.gone.map(([mac]) => `fdb del ${mac} dev ${dev} self`),
      ...ends.set.map(([mac, end]) => {
        const [address, port] = end.split(' ');
        return `fdb replace ${mac} dev ${dev} dst ${address} port ${port} self permanent`;
      }),
    ],
  };
}

type Link = NonNullable<TunnelState['link']>;

function linkChanges(dev: string, wanted: Link, observed: Link | null): string[] {
  return [
    ...(observed?.mac === wanted.mac ? [] : [`link set ${dev} address ${wanted.mac}`]),
    ...(observed?.mtu === wanted.mtu ? [] : [`link set ${dev} mtu ${wanted.mtu}`]),
    ...(observed?.up ? [] : [`link set ${dev} up`]),
  ];
}
