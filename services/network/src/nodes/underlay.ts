/**
 * Nodes are connected by what they report: an end of the tunnel that is new, or has changed, is a fact; the same again is
 * nothing. One that another node has is refused, unless that node is silent: then the address has moved.
 */
import { type ClaimConflict, type EventStore, handleCommand, type Origin } from '@atoll/events/store';
import { reject } from '@atoll/schema/errors';
import { type Id, id, PLATFORM } from '@atoll/schema/ids';
import type { detachReasons } from '@atoll/schema/network/nodes';
import type { DesiredNetwork } from '@atoll/schema/node/network';
import type { Logger } from '@atoll/service/log';
import ipaddr from 'ipaddr.js';
import type { Pool } from 'pg';
import { node, nodeStream, sameUnderlay, type Underlay } from '../domain/node.ts';
import type { Reachability } from './reachability.ts';
import { noteRefusal } from './told-tunnels.ts';

export interface UnderlayOptions {
  readonly pool: Pool;
  readonly store: EventStore;
  readonly pools: DesiredNetwork['pools'];
  readonly reachability: Reachability;
  readonly log: Logger;
}

const origin = (nodeId: Id<'node'>, actor: string): Origin => ({
  ...{ tenant: PLATFORM, actor, cause: null, correlation: nodeId, traceparent: null },
});

/** Why no node can have that address; null where one can. */
function unfit(address: ipaddr.IPv4 | ipaddr.IPv6, pools: DesiredNetwork['pools']): string | null {
  const range = address.range();
  if (['unspecified', 'broadcast', 'multicast', 'loopback'].includes(range)) return `it is ${range}`;
  const inPool = pools[address.kind()].find((pool) => address.match(ipaddr.parseCIDR(pool)));
  return inPool === undefined ? null : `it is in the pool ${inPool}, whose addresses are of instances`;
}

/** As the tables have it: what a report that has no news costs. */
async function connected(pool: Pool, nodeId: Id<'node'>): Promise<(Underlay & { readonly refused: boolean }) | null> {
  const { rows } = await pool.query<Underlay & { readonly refused: boolean }>({
    name: 'network-connected',
    text: `select address, port, mac, mtu, exists (select from network.node_refused r where r.node_id = n.node_id) as refused
      from network.node n where node_id = $1`,
    values: [nodeId],
  });
  return rows[0] ?? null;
}

export async function detachNode(
  store: EventStore,
  nodeId: Id<'node'>,
  reason: (typeof detachReasons)[number],
  actor = 'service:network',
): Promise<void> {
  const stream = nodeStream(nodeId);
  const command = { kind: 'detach', reason } as const;
  const outcome = await handleCommand(store, { decider: node, stream, command, origin: origin(nodeId, actor) });
  if (!outcome.ok) throw new Error(`${nodeId} can't be detached: ${outcome.rejection.message}`);
}

/** Not heard of for long enough that its address may have moved. */
async function isSilent({ pool, reachability }: UnderlayOptions, nodeId: string): Promise<boolean> {
  const { rows } = await pool.query<{ silent: boolean }>(
    `select greatest(max(reported_at), $2::timestamptz) <= now() - $3 * interval '1 millisecond' as silent
     from network.node_applied where node_id = $1`,
    [nodeId, reachability.since, reachability.silentAfterMs],
  );
  return rows[0]?.silent ?? false;
}

async function attach(options: UnderlayOptions, nodeId: Id<'node'>, underlay: Underlay): Promise<Id<'node'> | null> {
  let holder: Id<'node'> | null = null;
  const outcome = await handleCommand(options.store, {
    decider: node,
    stream: nodeStream(nodeId),
    command: { kind: 'attach', nodeId, underlay },
    origin: origin(nodeId, `node:${nodeId}`),
    onClaimConflict({ holders }: ClaimConflict) {
      holder = id('node').parse(holders[0]?.owner);
      return reject('ILLEGAL_STATE', 'Another node has it.');
    },
  });
  if (outcome.ok || holder !== null) return holder;
  throw new Error(`${nodeId} can't be attached: ${outcome.rejection.message}`);
}

/** Null where it is connected, or doesn't want to be; else why it isn't, for the one who looks after the node. */
export async function connectNode(
  options: UnderlayOptions,
  nodeId: Id<'node'>,
  wanted: Underlay | null,
): Promise<string | null> {
  const known = await connected(options.pool, nodeId);
  // What every report but the first says.
  if (wanted !== null && known !== null && sameUnderlay(known, canonical(wanted)) && !known.refused) return null;
  const refused = await connectAnew(options, nodeId, known, wanted);
  await noteRefusal(options.pool, nodeId, refused);
  return refused;
}

const canonical = (wanted: Underlay): Underlay => ({ ...wanted, address: ipaddr.parse(wanted.address).toString() });

async function connectAnew(
  options: UnderlayOptions,
  nodeId: Id<'node'>,
  known: Underlay | null,
  wanted: Underlay | null,
): Promise<string | null> {
  if (wanted === null) {
    if (known !== null) await detachNode(options.store, nodeId, 'DISCONNECTED', `node:${nodeId}`);
    return null;
  }
  const address = ipaddr.parse(wanted.address);
  const underlay = canonical(wanted);
  if (known !== null && sameUnderlay(known, underlay)) return null;
  const fault = unfit(address, options.pools);
  if (fault !== null) {
    return `${underlay.address} can't be the address of a node: ${fault}. Set ATOLL_NODE_ADDRESS of its agent.`;
  }
  const holder = await attach(options, nodeId, underlay);
  if (holder === null) {
    options.log.info({ nodeId, ...underlay, mac: undefined }, 'a node is connected');
    return null;
  }
  if (await isSilent(options, holder)) {
    options.log.warn(
      { nodeId, holder, address: underlay.address },
      'the address of a silent node is now another one’s',
    );
    await detachNode(options.store, holder, 'REPLACED');
    if ((await attach(options, nodeId, underlay)) === null) return null;
  }
  return (
    `${underlay.address}, UDP port ${underlay.port} (${underlay.mac}), is the end of the tunnel of ${holder}, which is heard of. ` +
    `Give one of the two another address (ATOLL_NODE_ADDRESS) or port (ATOLL_TUNNEL_PORT) at its agent; where the state ` +
    `folder of one was copied to the other, remove tunnel.json from the copy.`
  );
}
