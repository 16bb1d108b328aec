/**
 * The sets that decisions name, and who is in them. An endpoint that comes is compared with the sets that look in one of
 * its places; a set that comes, with the endpoints of the places that it looks in.
 */
import type { AddressSet } from '@atoll/schema/node/network';
import { memberDigest, minus, noSum, plus, setDigest } from '@atoll/schema/node/rules-hash';
import type { CompiledEndpoint, CompiledService } from './model.ts';
import { byText } from './order.ts';
import type { Decision, NetworkSet, Selection } from './policy.ts';
import { placesOf, selectorOf, selects } from './selector.ts';
import type { Held, SetState } from './state.ts';

/** `born` and `gone`: nobody had it before, or has it any more. */
export interface SetChanges {
  readonly name: string;
  readonly kind: AddressSet['kind'];
  readonly born: boolean;
  readonly gone: boolean;
  readonly added: readonly string[];
  readonly removed: readonly string[];
}

const isIpv6 = (text: string) => text.includes(':');

/** Sorted. */
export function contentOf({ name, kind, texts }: SetState): AddressSet {
  const all = [...texts.keys()].sort(byText);
  return { name, kind, ipv4: all.filter((text) => !isIpv6(text)), ipv6: all.filter(isIpv6) };
}

export function addTo<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const there = index.get(key);
  if (there) there.add(value);
  else index.set(key, new Set([value]));
}
function removeFrom<K, V>(index: Map<K, Set<V>>, key: K, value: V): void {
  const there = index.get(key);
  there?.delete(value);
  if (there?.size === 0) index.delete(key);
}

export function createSets(serviceOf: (serviceId: string) => CompiledService | undefined) {
  const all = new Map<string, SetState>();
  const setsByPlace = new Map<string, Set<SetState>>();
  const setsByService = new Map<string, Set<SetState>>();
  const heldByPlace = new Map<string, Set<Held>>();
  /** Endpoints whose sets, node or addresses may have changed. */
  let endpoints = new Set<Held>();
  /** Sets that guard by other decisions now. */
  let decided = new Set<SetState>();
  let changed = new Set<SetState>();
  const unused = new Set<SetState>();

  function count(set: SetState, text: string, by: 1 | -1): void {
    const had = set.texts.get(text) ?? 0;
    if (had === 0 || had + by === 0) {
      if (!set.before.has(text)) set.before.set(text, had > 0);
      set.sum = (by === 1 ? plus : minus)(set.sum, memberDigest(text));
      changed.add(set);
    }
    if (had + by === 0) set.texts.delete(text);
    else set.texts.set(text, had + by);
  }
  function countEndpoint(set: SetState, { ipv4, ipv6 }: CompiledEndpoint, by: 1 | -1): void {
    count(set, ipv4, by);
    count(set, ipv6, by);
  }
  function enter(set: SetState, one: Held): void {
    set.members.add(one);
    one.sets.add(set);
    countEndpoint(set, one.endpoint, 1);
    for (const node of set.nodes) node.moved(one.endpoint.nodeId);
    endpoints.add(one);
  }
  function leave(set: SetState, one: Held): void {
    set.members.delete(one);
    one.sets.delete(set);
    countEndpoint(set, one.endpoint, -1);
    for (const node of set.nodes) node.moved(one.endpoint.nodeId);
    endpoints.add(one);
  }

  const isMember = (set: SetState, { places, endpoint }: Held) =>
    set.selectors.some((selector) => places.has(selector.place) && selects(selector, endpoint));

  /** Looks for its members anew. */
  function select(set: SetState): void {
    for (const { place } of set.selectors) removeFrom(setsByPlace, place, set);
    const peers = set.users > 0 && set.selection ? set.selection.peers : [];
    set.selectors = peers.flatMap((peer) => {
      const selector = selectorOf(set.selection?.tenant ?? null, peer, serviceOf);
      return selector ? [selector] : [];
    });
    for (const { place } of set.selectors) addTo(setsByPlace, place, set);
    for (const one of [...set.members]) if (!isMember(set, one)) leave(set, one);
    for (const { place } of set.selectors) {
      for (const one of heldByPlace.get(place) ?? []) if (!set.members.has(one) && isMember(set, one)) enter(set, one);
    }
  }

  const servicesOf = (set: SetState) =>
    (set.selection?.peers ?? []).flatMap((peer) => (peer.kind === 'SERVICE' ? [peer.serviceId] : []));

  function create(name: string, kind: AddressSet['kind'], selection: Selection | null): SetState {
    const set: SetState = {
      ...{ name, kind, selection, selectors: [], members: new Set(), texts: new Map(), sum: noSum, digest: 0n },
      ...{ before: new Map(), users: 0, guards: { ingress: new Set(), egress: new Set() }, classes: new Set() },
      ...{ nodes: new Set(), told: false },
    };
    all.set(name, set);
    changed.add(set);
    for (const serviceId of servicesOf(set)) addTo(setsByService, serviceId, set);
    return set;
  }

  function useSelection(selection: Selection): SetState {
    const set = all.get(selection.name) ?? create(selection.name, 'addresses', selection);
    set.users += 1;
    unused.delete(set);
    if (set.users === 1) select(set);
    return set;
  }
  function useNetworks({ name, ipv4, ipv6 }: NetworkSet): void {
    const set = all.get(name) ?? create(name, 'networks', null);
    set.users += 1;
    unused.delete(set);
    if (set.users === 1) for (const text of [...ipv4, ...ipv6]) if (!set.texts.has(text)) count(set, text, 1);
  }
  function unuse(name: string): SetState | undefined {
    const set = all.get(name);
    if (set === undefined) return undefined;
    set.users -= 1;
    if (set.users === 0) unused.add(set);
    return set;
  }

  function clear(set: SetState): void {
    select(set);
    for (const text of [...set.texts.keys()]) count(set, text, -1);
    for (const serviceId of servicesOf(set)) removeFrom(setsByService, serviceId, set);
    changed.add(set);
  }

  function place(one: Held): void {
    for (const at of one.places) {
      addTo(heldByPlace, at, one);
      for (const set of setsByPlace.get(at) ?? []) if (!one.sets.has(set) && isMember(set, one)) enter(set, one);
    }
  }
  function displace(one: Held): void {
    for (const set of [...one.sets]) leave(set, one);
    for (const at of one.places) removeFrom(heldByPlace, at, one);
  }

  return {
    get: (name: string) => all.get(name),
    all: (): AddressSet[] => [...all.values()].map(contentOf),
    use(decision: Decision): void {
      const { from, to, networks } = decision;
      for (const [selection, direction] of [
        [to, 'ingress'],
        [from, 'egress'],
      ] as const) {
        if (selection === null) continue;
        const set = useSelection(selection);
        set.guards[direction].add(decision);
        decided.add(set);
      }
      for (const set of networks) useNetworks(set);
    },
    release(decision: Decision): void {
      for (const [selection, direction] of [
        [decision.to, 'ingress'],
        [decision.from, 'egress'],
      ] as const) {
        const set = selection === null ? undefined : unuse(selection.name);
        if (set === undefined) continue;
        set.guards[direction].delete(decision);
        decided.add(set);
      }
      for (const set of decision.networks) unuse(set.name);
    },
    add(endpoint: CompiledEndpoint): Held {
      const one: Held = {
        ...{ endpoint, places: new Set(placesOf(endpoint)), sets: new Set(), class: null, node: null, gone: false },
      };
      endpoints.add(one);
      place(one);
      return one;
    },
    replace(one: Held, endpoint: CompiledEndpoint): void {
      displace(one);
      one.endpoint = endpoint;
      one.places = new Set(placesOf(endpoint));
      endpoints.add(one);
      place(one);
    },
    remove(one: Held): void {
      displace(one);
      endpoints.add(one);
    },
    serviceChanged(serviceId: string): void {
      for (const set of setsByService.get(serviceId) ?? []) select(set);
    },
    /** To be looked at by the take. Sets that nobody uses any more have lost their members by then. */
    dirty(): { endpoints: ReadonlySet<Held>; decided: ReadonlySet<SetState> } {
      for (const set of unused) clear(set);
      const found = { endpoints, decided };
      endpoints = new Set();
      decided = new Set();
      return found;
    },
    /** After the classes are what the sets say. */
    take(): SetChanges[] {
      const changes: SetChanges[] = [];
      for (const set of [...changed].sort((a, b) => byText(a.name, b.name))) {
        const gone = set.users === 0;
        const touched = [...set.before].sort(([a], [b]) => byText(a, b));
        const added = touched.flatMap(([text, before]) => (!before && set.texts.has(text) ? [text] : []));
        const removed = touched.flatMap(([text, before]) => (before && !set.texts.has(text) ? [text] : []));
        set.before.clear();
        set.digest = setDigest(set, set.sum);
        for (const node of set.nodes) if (added.length + removed.length > 0) node.touchSet(set.name);
        if (gone) all.delete(set.name);
        const born = !set.told && !gone;
        const news = born || (gone && set.told) || added.length + removed.length > 0;
        set.told = !gone;
        if (news) changes.push({ name: set.name, kind: set.kind, born, gone, added, removed });
      }
      changed = new Set();
      unused.clear();
      return changes;
    },
  };
}
export type Sets = ReturnType<typeof createSets>;
