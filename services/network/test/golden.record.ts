/**
 * Records the golden streams of network, to the ones of deploy of the same release:
 * `npm run gen -- --ship 1.2.3` runs it.
 */
import { accept, type Decider } from '@atoll/events/decider';
import { goldenReleases, readGolden } from '@atoll/events/testing/golden';
import { createRecorder, goldenId } from '@atoll/events/testing/record-golden';
import type { DeployEvent } from '@atoll/schema/deploy/events';
import type { EventRecord } from '@atoll/schema/envelope';
import { PLATFORM, type Tenant } from '@atoll/schema/ids';
import { networkEvents } from '@atoll/schema/network/events';
import type { ServiceSpec } from '@atoll/schema/network/services';
import type { PlatformDefinition } from '@atoll/schema/network/spec';
import { addressRange, addressRangeStream } from '../src/domain/address-range.ts';
import { connection, connectionStream } from '../src/domain/connection.ts';
import { endpoint, endpointStream } from '../src/domain/endpoint.ts';
import { environment, environmentStream } from '../src/domain/environment.ts';
import { type NamespaceEvent, namespace, namespaceStream } from '../src/domain/namespace.ts';
import { type NodeCommand, node, nodeStream } from '../src/domain/node.ts';
import { type PlatformPolicyEvent, platformPolicy, platformPolicyStream } from '../src/domain/platform-policy.ts';
import { type Intended, type PolicyEvent, policy, policyStream } from '../src/domain/policy.ts';
import { portMapping, portMappingStream } from '../src/domain/port-mapping.ts';
import { publicAddress, publicAddressStream } from '../src/domain/public-address.ts';
import { service, serviceStream } from '../src/domain/service.ts';
import { enforcement, enforcementStream, nodeRules, nodeRulesStream } from '../src/domain/standing.ts';
import { subnet, subnetStream } from '../src/domain/subnet.ts';
import { subnetGrowth, subnetGrowthStream } from '../src/domain/subnet-growth.ts';
import { namespaceSupply, namespaceSupplyStream, poolSupply, poolSupplyStream } from '../src/domain/supply.ts';

const [, , release = ''] = process.argv;
const { run, write } = createRecorder('network', networkEvents);

const tenant = goldenId('tenant', 1);
const namespaceId = goldenId('namespace', 1);
const because = (cause: string) => ({ tenant, actor: 'service:network', cause });
const hash = (digit: string) => digit.repeat(64);
let generation = 0;
const secured = () => ({
  generation: ++generation,
  hash: hash((generation % 10).toString()),
  enforcedAt: new Date(Date.parse('2026-11-23T09:00:00.123Z') + generation * 500).toISOString(),
});

for (const number of [1, 2]) {
  const id = goldenId('namespace', number);
  const created = because(goldenId('event', 100_005 + number));
  run(namespace, { ...created, stream: namespaceStream(id) }, {
    ...{ kind: 'open', namespaceId: id, environmentId: goldenId('environment', 1), name: `shop-${number}` },
  } as const);
  const subnetId = goldenId('subnet', number);
  run(subnet, { ...created, stream: subnetStream(subnetId) }, {
    ...{
      kind: 'allocate',
      useBefore: '2100-01-01T00:00:00.000Z',
      outOf: [goldenId('addressRange', 1), goldenId('addressRange', 2)],
      subnetId,
      namespaceId: id,
      ipv4: `10.64.${number}.0/24`,
      ipv6: `fd61:746f:6c6c:${number}::/64`,
    },
  } as const);
}
run(namespace, { stream: namespaceStream(namespaceId), tenant, actor: 'user:ann' }, {
  ...{ kind: 'setIsolation', namespaceId, level: 'SUBNET' },
} as const);
const trial = goldenId('namespace', 2);
const closing = because(goldenId('event', 100_008));
run(namespace, { ...closing, stream: namespaceStream(trial) }, { kind: 'close', namespaceId: trial });
run(subnet, { ...closing, stream: subnetStream(goldenId('subnet', 2)) }, { kind: 'release' });
run(namespace, { ...closing, stream: namespaceStream(trial) }, { kind: 'drain', namespaceId: trial });

const opens = (from: number): Intended => ({
  definition: {
    ...{ action: 'ALLOW', priority: 500, log: false },
    from: [{ kind: 'INSTANCES', namespaceId, labels: { role: 'client' } }],
    to: [{ kind: 'INSTANCES', namespaceId, labels: { role: 'server' } }],
    traffic: [{ protocol: 'TCP', from, to: 8090 }],
  },
  ...{ schedule: null, homes: {}, now: '2026-11-23T09:00:00.000Z' },
});
const byAnn = (number: number) => ({
  stream: policyStream(goldenId('policy', number)),
  tenant,
  actor: 'user:ann',
});
for (const number of [1, 2]) {
  run(policy, byAnn(number), {
    ...{ kind: 'create', policyId: goldenId('policy', number), namespaceId, name: `web-${number}`, ...opens(8080) },
  } as const);
}
/** Receipts are facts as the node tells them: nothing is decided on the stream. */
const receipt: Decider<null, PolicyEvent, PolicyEvent> = {
  initial: null,
  decide: (_, event) => accept([event]),
  evolve: (state) => state,
};
const receiptOfPlatform: Decider<null, PlatformPolicyEvent, PlatformPolicyEvent> = {
  initial: null,
  decide: (_, event) => accept([event]),
  evolve: (state) => state,
};
for (const nodeId of [goldenId('node', 1), goldenId('node', 2)]) {
  const policyId = goldenId('policy', 1);
  const data = { policyId, namespaceId, revision: 1, nodeId, ...secured() };
  run(receipt, { ...byAnn(1), actor: `node:${nodeId}`, cause: goldenId('event', 300_009) }, {
    ...{ type: 'PolicyEnforced', data },
  } as const);
}
run(policy, byAnn(1), { kind: 'update', ...opens(8081), seen: 3 });

/** A node is connected, moves, and is gone; the other one stays. */
for (const number of [1, 2]) {
  const nodeId = goldenId('node', number);
  const told = { stream: nodeStream(nodeId), tenant: PLATFORM, actor: `node:${nodeId}` } as const;
  const at = (host: number) => ({
    ...{ kind: 'attach', nodeId },
    underlay: { address: `192.0.2.${host}`, port: 9789, mac: `02:00:00:00:00:0${host}`, mtu: 1500 },
  });
  run(node, told, at(number) as NodeCommand);
  if (number === 1) continue;
  run(node, told, at(3) as NodeCommand);
  run(node, { ...told, actor: 'service:network' }, { kind: 'detach', reason: 'SILENT' });
}

// The second node takes long for it, then refuses it, and has it at last.
const slow = goldenId('node', 2);
const since = '2026-11-23T09:00:04.000Z';
const ofSlow = { stream: nodeRulesStream(slow), tenant: PLATFORM, actor: 'service:network' } as const;
const ofPolicy = { ...ofSlow, stream: enforcementStream(goldenId('policy', 1)), tenant };
const onSlow = { policyId: goldenId('policy', 1), namespaceId, nodeId: slow };
for (const [reason, message] of [
  ['LATE', null],
  ['REFUSED', 'line 7 failed'],
] as const) {
  const told = { nodeId: slow, generation: 12, appliedGeneration: 9, reason, message, since };
  run(nodeRules, ofSlow, { kind: 'lag', told });
  run(enforcement, ofPolicy, { kind: 'lag', told: { ...onSlow, reason, since } });
}
run(nodeRules, ofSlow, { kind: 'catchUp', told: { nodeId: slow, generation: 12 } });
run(enforcement, ofPolicy, { kind: 'catchUp', told: onSlow });

/** Instances come and go as deploy tells it: in the newest release where the story is only checked. The third one finds no address at first. */
let host = 1;
const placedBy = new Map<string, string>();
const told = release === '' ? (goldenReleases().at(-1) ?? '') : release;
for (const event of readGolden(told, 'deploy') as (EventRecord & DeployEvent)[]) {
  if (event.type === 'InstancePlaced') {
    const { instanceId, nodeId, deploymentId, labels } = event.data;
    const at = { ...because(event.id), stream: endpointStream(instanceId) };
    placedBy.set(instanceId, event.id);
    const place = { instanceId, namespaceId, nodeId };
    if (instanceId === goldenId('instance', 3)) {
      const message = 'No address is free in 10.64.1.0/24.';
      run(endpoint, at, { kind: 'refuse', ...place, deploymentId, message });
    }
    host += 1;
    const addresses = { ipv4: `10.64.1.${host}`, ipv6: `fd61:746f:6c6c:1::${host.toString(16)}` };
    const subnetId = goldenId('subnet', 1);
    run(endpoint, at, {
      kind: 'allocate',
      ...place,
      deploymentId,
      subnetId,
      ...addresses,
      labels,
    });
  }
  if (event.type === 'InstanceStarted') {
    const { instanceId, nodeId } = event.data;
    // Before it was started, and because it was placed.
    const because = { tenant, cause: placedBy.get(instanceId) ?? event.id };
    const at = { ...because, actor: `node:${nodeId}`, stream: endpointStream(instanceId) };
    run(endpoint, at, { kind: 'secure', ...secured() });
  }
  const turn = { InstanceReady: 'serve', InstanceUnready: 'withdraw', InstanceStopRequested: 'withdraw' } as const;
  if (event.type in turn) {
    const { instanceId } = event.data as { readonly instanceId: string };
    const at = { ...because(event.id), stream: endpointStream(instanceId) };
    run(endpoint, at, { kind: turn[event.type as keyof typeof turn] });
    if (event.type === 'InstanceStopRequested') run(endpoint, at, { kind: 'drain' });
  }
  if (event.type === 'InstanceStopped' || event.type === 'InstanceLost') {
    const { instanceId, nodeId } = event.data;
    const at = { ...because(event.id), stream: endpointStream(instanceId) };
    run(endpoint, at, { kind: 'release', instanceId, namespaceId, nodeId });
  }
}
run(policy, byAnn(2), { kind: 'delete', seen: null });

// Tenancy's story ends with the tenant suspended and resumed.
const ofTenant = { stream: connectionStream(tenant), ...because(goldenId('event', 100_012)) };
run(connection, ofTenant, { kind: 'isolate', tenantId: tenant, told: 12 });
run(connection, { ...ofTenant, cause: goldenId('event', 100_013) }, { kind: 'reconnect', tenantId: tenant, told: 13 });
const old = goldenId('tenant', 2);
const ofOld = {
  stream: connectionStream(old),
  tenant: old,
  actor: 'service:network',
  cause: goldenId('event', 100_080),
};
run(connection, ofOld, { kind: 'isolate', tenantId: old, told: 80 });
run(connection, ofOld, { kind: 'forget', tenantId: old, told: 81 });

run(policy, byAnn(1), { kind: 'setLabels', labels: { team: 'web' }, seen: null });

const ofService = (number: number) => ({
  stream: serviceStream(goldenId('service', number)),
  tenant,
  actor: 'user:ann',
});
const leadsTo = (targetPort: number, affinitySeconds: number | null): ServiceSpec => ({
  selector: { role: 'server' },
  ports: [{ name: 'http', protocol: 'TCP', port: 80, targetPort }],
  affinitySeconds,
});
for (const number of [1, 2]) {
  const serviceId = goldenId('service', number);
  const addresses = { ipv4: `10.127.0.${number}`, ipv6: `fd61:746f:6c6c:ffff:ffff:ffff:ffff:${number}` };
  const spec = leadsTo(8080, null);
  run(service, ofService(number), {
    ...{ kind: 'create', serviceId, namespaceId, name: `web-${number}`, ...addresses, spec },
  } as const);
}
run(service, ofService(1), { kind: 'update', spec: leadsTo(8081, 60), seen: 1 });
run(service, ofService(1), { kind: 'setLabels', labels: { team: 'web' }, seen: 2 });
run(service, ofService(2), { kind: 'delete', seen: null });
// On at its start and off again, by nobody's hand; then the environment goes, as at the end of tenancy's story.
const term = { startsAt: '2026-11-24T09:00:00.000Z', endsAt: '2026-11-25T09:00:00.000Z', windows: [], timeZone: 'UTC' };
run(policy, byAnn(1), { kind: 'update', ...opens(8082), schedule: term, seen: null });
for (const now of [term.startsAt, term.endsAt]) {
  run(policy, { ...byAnn(1), actor: 'service:network' }, { kind: 'keepTime', now });
}
const environmentId = goldenId('environment', 2);
const ofEnvironment = { ...because(goldenId('event', 100_004)), stream: environmentStream(environmentId) };
run(environment, ofEnvironment, { kind: 'open', environmentId });
run(environment, ofEnvironment, { kind: 'close', environmentId });

// An old one, whose environment is told later.
const [early, first] = [goldenId('namespace', 3), goldenId('environment', 1)];
const ofEarly = { ...because(goldenId('event', 100_006)), stream: namespaceStream(early) };
const openedEarly: Decider<null, NamespaceEvent, NamespaceEvent> = {
  initial: null,
  decide: (_, event) => accept([event]),
  evolve: (state) => state,
};
run(openedEarly, ofEarly, {
  ...{ type: 'NamespaceOpened', data: { namespaceId: early, environmentId: null, name: null } },
} as const);
run(namespace, ofEarly, { kind: 'locate', namespaceId: early, environmentId: first, name: 'shop-3' });
/** The operator's plan of addresses, and what the tenant has of public ones. */
const byOperator = (number: number) => ({
  stream: addressRangeStream(goldenId('addressRange', number)),
  tenant: PLATFORM as Tenant,
  actor: 'user:ops',
});
const ranges = [
  { purpose: 'INSTANCES', cidr: '10.64.0.0/10', within: null },
  { purpose: 'INSTANCES', cidr: 'fd61:746f:6c6c::/48', within: null },
  { purpose: 'SERVICES', cidr: '10.127.0.0/16', within: goldenId('addressRange', 1) },
  { purpose: 'PUBLIC', cidr: '203.0.113.0/24', within: null },
  { purpose: 'RESERVED', cidr: '192.168.0.0/24', within: null },
] as const;
for (const [index, range] of ranges.entries()) {
  const rangeId = goldenId('addressRange', index + 1);
  run(addressRange, byOperator(index + 1), { kind: 'add', rangeId, ...range });
}
run(addressRange, byOperator(5), { kind: 'withdraw' });
run(
  subnetGrowth,
  { stream: subnetGrowthStream(namespaceId), tenant, actor: 'user:ann' },
  { namespaceId, automatic: true },
);
const further = goldenId('subnet', 3);
const byAnnOf = (stream: string) => ({ stream, tenant, actor: 'user:ann' });
run(subnet, byAnnOf(subnetStream(further)), {
  ...{ kind: 'allocate', useBefore: '2100-01-01T00:00:00.000Z', outOf: [], subnetId: further, namespaceId },
  ...{ ipv4: '10.64.16.0/20', ipv6: 'fd61:746f:6c6c:16::/64' },
} as const);
run(subnet, byAnnOf(subnetStream(further)), { kind: 'close', other: goldenId('subnet', 1) });
for (const number of [1, 2]) {
  const publicAddressId = goldenId('publicAddress', number);
  const portMappingId = goldenId('portMapping', number);
  const address = `203.0.113.${number}`;
  const reserved = { namespaceId, useBefore: '2100-01-01T00:00:00.000Z' };
  run(publicAddress, byAnnOf(publicAddressStream(publicAddressId)), {
    ...{ kind: 'allocate', publicAddressId, rangeId: goldenId('addressRange', 4), name: `web-${number}`, address },
    ...{ ...reserved, resting: null },
  } as const);
  run(portMapping, byAnnOf(portMappingStream(portMappingId)), {
    ...{ kind: 'create', portMappingId, publicAddressId, address, protocol: 'TCP', port: 443, ...reserved },
    target: { kind: 'DEPLOYMENT', deploymentId: goldenId('deployment', 1), port: 8080 },
  } as const);
}
run(
  publicAddress,
  { ...byAnnOf(publicAddressStream(goldenId('publicAddress', 1))), actor: 'service:network' },
  { kind: 'announce', nodeId: goldenId('node', 1) },
);
run(portMapping, byAnnOf(portMappingStream(goldenId('portMapping', 2))), { kind: 'delete' });
const gone = goldenId('publicAddress', 2);
run(publicAddress, byAnnOf(publicAddressStream(gone)), { kind: 'release', restsUntil: '2026-11-24T00:00:00.000Z' });
run(addressRange, byOperator(4), { kind: 'rested', publicAddressId: gone, address: '203.0.113.2' });

const platformPolicyId = goldenId('platformPolicy', 1);
const ofPlatform = {
  stream: platformPolicyStream(platformPolicyId),
  tenant: PLATFORM,
  actor: 'user:operator',
} as const;
const shutOut = (port: number): PlatformDefinition => ({
  ...{ action: 'DENY', priority: 0, log: true, traffic: [{ protocol: 'TCP', from: port, to: port }] },
  from: [{ kind: 'ALL' }],
  to: [{ kind: 'CIDR', cidr: '0.0.0.0/0', except: [] }],
});
run(platformPolicy, ofPlatform, { kind: 'create', platformPolicyId, name: 'no-mail', definition: shutOut(25) });
const proof = { platformPolicyId, revision: 1, nodeId: goldenId('node', 1), ...secured() };
run(receiptOfPlatform, { ...ofPlatform, actor: `node:${goldenId('node', 1)}` }, {
  ...{ type: 'PlatformPolicyEnforced', data: proof },
} as const);
run(platformPolicy, ofPlatform, { kind: 'update', name: 'no-mail', definition: shutOut(587), seen: 1 });
run(platformPolicy, ofPlatform, { kind: 'delete', seen: null });

/** Addresses run low, run out, and are enough again: of the namespace, and of what the platform has. */
const byNetwork = { actor: 'service:network' } as const;
for (const [from, supply, free] of [
  ['ENOUGH', 'LOW', 20],
  ['LOW', 'EXHAUSTED', 0],
  ['EXHAUSTED', 'ENOUGH', 100],
] as const) {
  const use = { size: 253, used: 253 - free, free, cooling: 0, exhaustedAt: null };
  run(namespaceSupply, { ...byNetwork, tenant, stream: namespaceSupplyStream(namespaceId) }, {
    ...{ from, supply, told: { namespaceId, ...use } },
  } as const);
  const pool = { purpose: 'PUBLIC', family: 'IPV4' } as const;
  run(poolSupply, { ...byNetwork, tenant: PLATFORM, stream: poolSupplyStream(pool) }, {
    ...{ from, supply, told: { ...pool, ...use } },
  } as const);
}

write(release);
