import { given } from '@atoll/events/given';
import { describe, expect, it } from 'vitest';
import { type EndpointCommand, type EndpointEvent, endpoint } from './endpoint.ts';

const instanceId = 'ins_01h455vb4pex5vsknk084sn02q';
const subnetId = 'sub_01h455vb4pex5vsknk084sn02q';
const namespaceId = 'ns_01h455vb4pex5vsknk084sn02q';
const place = { instanceId, namespaceId, nodeId: 'node_01h455vb4pex5vsknk084sn02q' } as const;
const deploymentId = 'dep_01h455vb4pex5vsknk084sn02q';
const addresses = { subnetId, ipv4: '10.64.3.2', ipv6: 'fd61:746f:6c6c:3::2' } as const;
const secured = { generation: 7, hash: 'a'.repeat(64), enforcedAt: '2026-11-23T09:00:00.000Z' };

const allocate: EndpointCommand = { kind: 'allocate', ...place, ...addresses, deploymentId, labels: { app: 'web' } };
const refusal: EndpointCommand = { kind: 'refuse', ...place, deploymentId, message: 'full' };
const secure: EndpointCommand = { kind: 'secure', ...secured };
const release: EndpointCommand = { kind: 'release', ...place };

const Allocated: EndpointEvent = {
  type: 'EndpointAllocated',
  data: { ...place, ...addresses, deploymentId, labels: { app: 'web' } },
};
const Refused: EndpointEvent = { type: 'EndpointRefused', data: { ...place, deploymentId, message: 'full' } };
const Secured: EndpointEvent = { type: 'EndpointSecured', data: { ...place, ...secured } };
const Released: EndpointEvent = { type: 'EndpointReleased', data: { ...place, subnetId } };
const ReleasedWithout: EndpointEvent = { type: 'EndpointReleased', data: { ...place, subnetId: null } };

const histories = {
  absent: [],
  refused: [Refused],
  allocated: [Allocated],
  secured: [Allocated, Secured],
  released: [Allocated, Secured, Released],
} as const;
const commands = { allocate, refuse: refusal, secure, release };

const addressClaims = (op: 'take' | 'release') =>
  [addresses.ipv4, addresses.ipv6].map((key) => ({ op, kind: 'unique', set: 'address', key, owner: instanceId }));
const open = { op: 'require', set: 'namespace-open', key: namespaceId };
const subnetOpen = { op: 'require', set: 'subnet-open', key: addresses.subnetId };
const accepted = (events: readonly EndpointEvent[], claims: readonly object[] = []) => ({ ok: true, events, claims });
const nothing = accepted([]);
const illegal = { ok: false, rejection: { code: 'ILLEGAL_STATE' } };

describe('an endpoint', () => {
  it.each([
    ['allocate', 'absent', accepted([Allocated], [open, subnetOpen, ...addressClaims('take')])],
    ['allocate', 'refused', accepted([Allocated], [open, subnetOpen, ...addressClaims('take')])],
    ['allocate', 'allocated', nothing],
    ['allocate', 'secured', nothing],
    ['allocate', 'released', nothing],
    ['refuse', 'absent', accepted([Refused])],
    ['refuse', 'refused', nothing],
    ['refuse', 'allocated', nothing],
    ['refuse', 'secured', nothing],
    ['refuse', 'released', nothing],
    ['secure', 'absent', illegal],
    ['secure', 'refused', illegal],
    ['secure', 'allocated', accepted([Secured])],
    ['secure', 'secured', nothing],
    ['secure', 'released', nothing],
    ['release', 'absent', accepted([ReleasedWithout])],
    ['release', 'refused', accepted([ReleasedWithout])],
    ['release', 'allocated', accepted([Released], addressClaims('release'))],
    ['release', 'secured', accepted([Released], addressClaims('release'))],
    ['release', 'released', nothing],
  ] as const)('told to %s when it is %s', (command, status, decision) => {
    expect(given(endpoint, histories[status]).when(commands[command])).toMatchObject(decision);
  });

  it('says again why it is refused only when the reason changed', () => {
    expect(given(endpoint, [Refused]).when({ ...refusal, message: 'other' })).toMatchObject({
      events: [{ type: 'EndpointRefused', data: { message: 'other' } }],
    });
  });
});
