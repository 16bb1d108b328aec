import { describe, expect, it } from 'vitest';
import { nextStep, type Remains } from './draining.ts';

const node = 'node_01h455vb4pex5vsknk084sn02q';
const policies = ['pol_01h455vb4pex5vsknk084sn02q'] as const;
const services = ['svc_01h455vb4pex5vsknk084sn02q'] as const;
const subnets = ['sub_01h455vb4pex5vsknk084sn02q'] as const;
const mappings = ['map_01h455vb4pex5vsknk084sn02q'] as const;
const publicAddresses = ['pub_01h455vb4pex5vsknk084sn02q'] as const;
const left = { mappings, publicAddresses, policies, services, subnets };
const empty: Remains = { deployDrained: true, endpoints: 0, nodes: [], ...left };

describe('a closed namespace', () => {
  it.each([
    ['the deploy service to remove its instances', { ...empty, deployDrained: false, endpoints: 2, nodes: [node] }],
    ['2 addresses to be released', { ...empty, endpoints: 2, nodes: [node] }],
    [`nodes to apply the rules without it: ${node}`, { ...empty, nodes: [node] }],
  ] as const)('waits for %s', (blocker, remains) => {
    expect(nextStep(remains)).toEqual({ kind: 'wait', for: blocker });
  });

  it('that nothing needs any more loses its policies, services and subnets', () => {
    expect(nextStep(empty)).toEqual({ kind: 'remove', ...left });
  });
});
