/** Sets of the node's own endpoints. */
import type { RuleEndpoint } from '@atoll/schema/node/network';
import type { Family } from './family.ts';
import { memoryOf } from './memory.ts';
import type { NodeNames } from './names.ts';
import { type IpSet, ipSet } from './set.ts';

/** Which address belongs to which interface. */
export const ownSet = (names: NodeNames, family: Family, endpoints: readonly RuleEndpoint[]): IpSet => {
  const memory = memoryOf(names, family);
  return ipSet(
    names,
    family,
    'hash:net,iface',
    'endpoints',
    endpoints.map((endpoint) =>
      memory.of('entry', endpoint, () => `${endpoint[family]},${names.interface(endpoint.instanceId)}`),
    ),
    'owns',
  );
};

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
