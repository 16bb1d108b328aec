/** Sets of the node's own endpoints. */
import type { RuleEndpoint } from '@atoll/schema/node/network';
import type { Family } from './family.ts';
import type { NodeNames } from './names.ts';
import { type IpSet, ipSet } from './set.ts';

/** Which address belongs to which interface. */
export const ownSet = (names: NodeNames, family: Family, endpoints: readonly RuleEndpoint[]): IpSet =>
  ipSet(
    names,
    family,
    'hash:net,iface',
    'endpoints',
    endpoints.map((endpoint) => ownEntry(names, family, endpoint)),
    'owns',
  );

const ownEntries = new WeakMap<RuleEndpoint, Map<string, string>>();

function ownEntry(names: NodeNames, family: Family, endpoint: RuleEndpoint): string {
  const mine = `${names.prefix} ${family}`;
  const known = ownEntries.get(endpoint) ?? new Map<string, string>();
  const entry = known.get(mine) ?? `${endpoint[family]},${names.interface(endpoint.instanceId)}`;
  ownEntries.set(endpoint, known.set(mine, entry));
  return entry;
}

/** Their addresses alone. */
export const localSet = (names: NodeNames, family: Family, endpoints: readonly RuleEndpoint[]): IpSet =>
  ipSet(
    names,
    family,
    'hash:ip',
    'addresses of endpoints',
    endpoints.map((endpoint) => endpoint[family]),
    'owns',
  );
