/** What the compiler makes of policies that select by names like these: one policy for each name, from one instance to one other. */
import type { CompiledEndpoint, CompiledPolicy } from '@atoll/network/compile/model';
import type { RuleSet } from '@atoll/schema/node/network';
import { fixedId } from '../../../agent/test/fixtures.ts';
import { compiledAnew, nothing } from './compiled.ts';

const node = fixedId('node', 1);
const namespaceId = fixedId('namespace', 1);
const tenant = fixedId('tenant', 1);

/** By place in the list: `sources` carry the name as a value, `targets` as a key. */
const address = (side: 'sources' | 'targets', index: number) => {
  const number = 2 * index + (side === 'sources' ? 0 : 1) + 16;
  const [high, low] = [Math.floor(number / 250), (number % 250) + 1];
  return { ipv4: `10.65.${high}.${low}`, ipv6: `fd61:746f:6c6c:${high.toString(16)}::${low.toString(16)}` };
};

export function compiledNames(names: readonly string[]): RuleSet {
  const endpoint = (side: 'sources' | 'targets', name: string, index: number): CompiledEndpoint => ({
    ...{ instanceId: fixedId('instance', 2 * index + (side === 'sources' ? 0 : 1)), tenant, namespaceId, nodeId: node },
    ...{ environmentId: null, subnetId: fixedId('subnet', 1), isolated: false },
    ...address(side, index),
    labels: side === 'sources' ? { app: name } : { [name]: 'yes' },
  });
  const policies = names.map(
    (name, index): CompiledPolicy => ({
      ...{ policyId: fixedId('policy', index), tier: 'TENANT', tenant, namespaceId, revision: 1 },
      definition: {
        ...{ action: 'ALLOW', priority: 500, log: false },
        from: [{ kind: 'INSTANCES', namespaceId, labels: { app: name } }],
        to: [{ kind: 'INSTANCES', namespaceId, labels: { [name]: 'yes' } }],
        traffic: [{ protocol: 'TCP', from: 80, to: 80 }],
      },
    }),
  );
  const endpoints = names.flatMap((name, index) => [
    endpoint('sources', name, index),
    endpoint('targets', name, index),
  ]);
  return compiledAnew({ ...nothing, endpoints, policies }, node);
}

/** Who is behind each set, where all is as it should be: one instance, of one side of one name. */
export const expectedMembers = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => index)
    .flatMap((index) => (['sources', 'targets'] as const).map((side) => address(side, index).ipv4))
    .sort();
