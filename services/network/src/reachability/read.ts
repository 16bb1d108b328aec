/** What a question about reachability is answered from: the tenant's endpoints, the nodes' rules, and how the nodes stand. */
import type { Id } from '@atoll/schema/ids';
import type { KnownEnd, NodeStanding, ToldStanding } from '@atoll/schema/network/reachability';
import { type Family, type RuleReader, readRules } from '@atoll/schema/node/decide';
import { type DesiredNetwork, emptyRuleSet, type RuleSet } from '@atoll/schema/node/network';
import { type HashedRules, hashOfRules, noRules } from '@atoll/schema/node/rules-changes';
import type { Labels } from '@atoll/schema/text';
import type { Pool, PoolClient } from 'pg';
import { type DocumentHead, readChanged, readHead } from '../nodes/document.ts';

/** The rules of a node, indexed, and which revision of which policy is in them. */
export interface NodeRules {
  readonly reader: RuleReader;
  readonly rules: RuleSet;
  readonly revisions: ReadonlyMap<string, number>;
}

const endColumns = `instance_id as "instanceId", namespace_id as "namespaceId", node_id as "nodeId", ipv4, ipv6`;

export async function endOfInstance(
  tx: PoolClient,
  tenant: string,
  instance: Id<'instance'>,
): Promise<KnownEnd | null> {
  const { rows } = await tx.query<KnownEnd>(
    `select ${endColumns} from network.endpoint where instance_id = $1 and tenant = $2 and status <> 'refused'`,
    [instance, tenant],
  );
  return rows[0] ?? null;
}

/** `address` in the one spelling that the tables have. Another tenant's endpoint is none. */
export async function endAtAddress(
  tx: PoolClient,
  tenant: string,
  family: Family,
  address: string,
): Promise<KnownEnd | null> {
  const { rows } = await tx.query<KnownEnd>(
    `select ${endColumns} from network.endpoint where ${family} = $1 and tenant = $2 and status <> 'refused'`,
    [address, tenant],
  );
  return rows[0] ?? null;
}

export interface LabelledEnd extends KnownEnd {
  readonly labels: Labels;
}

/** By id; at most `limit`. */
export async function endsOfNamespaces(
  tx: PoolClient,
  tenant: string,
  namespaces: readonly Id<'namespace'>[],
  limit: number,
): Promise<LabelledEnd[]> {
  const { rows } = await tx.query<LabelledEnd>(
    `select ${endColumns}, labels from network.endpoint
     where namespace_id = any($1) and tenant = $2 and status <> 'refused' order by instance_id limit $3`,
    [namespaces, tenant, limit],
  );
  return rows;
}

/** A service of the tenant, by its id or by one of its virtual addresses; null where there is none. */
export async function findService(
  tx: PoolClient,
  tenant: string,
  by: { readonly column: 'service_id' | Family; readonly value: string },
): Promise<Id<'service'> | null> {
  const { rows } = await tx.query<{ service_id: Id<'service'> }>(
    `select service_id from network.service where ${by.column} = $1 and tenant = $2`,
    [by.value, tenant],
  );
  return rows[0]?.service_id ?? null;
}

export interface PublicAddress {
  readonly publicAddressId: Id<'publicAddress'>;
  /** The node that answers for it. */
  readonly announcedBy: Id<'node'> | null;
}

/** One that the tenant has now; another tenant's is outside, as for everybody. */
export async function findPublicAddress(
  tx: PoolClient,
  tenant: string,
  address: string,
): Promise<PublicAddress | null> {
  const { rows } = await tx.query<PublicAddress>(
    `select public_address_id as "publicAddressId", announced_by as "announcedBy" from network.public_address
     where address = $1 and tenant = $2 and rests_until is null`,
    [address, tenant],
  );
  return rows[0] ?? null;
}

/** Under which address what a node's instances send out of the platform arrives elsewhere; null where that isn't known. */
export async function outwardAddress(tx: PoolClient, nodeId: Id<'node'>, family: Family): Promise<string | null> {
  const { rows } = await tx.query<{ address: string }>('select address from network.node where node_id = $1', [nodeId]);
  const address = rows[0]?.address ?? null;
  return address !== null && address.includes(':') === (family === 'ipv6') ? address : null;
}

/** Of the tenant, by address of that family. */
export async function endsAtAddresses(
  tx: PoolClient,
  tenant: string,
  family: Family,
  addresses: readonly string[],
): Promise<Map<string, KnownEnd>> {
  const { rows } = await tx.query<KnownEnd>(
    `select ${endColumns} from network.endpoint where ${family} = any($1) and tenant = $2 and status <> 'refused'`,
    [addresses, tenant],
  );
  return new Map(rows.map((row) => [row[family], row]));
}

interface StandingRow extends Omit<NodeStanding, 'since'> {
  readonly since: Date | null;
}

export async function readStandings(tx: PoolClient, nodes: readonly Id<'node'>[]): Promise<NodeStanding[]> {
  const { rows } = await tx.query<StandingRow>(
    `select node_id as "nodeId", standing, generation, applied_generation as "appliedGeneration", since
     from network.node_standing where node_id = any($1) order by node_id`,
    [nodes],
  );
  return rows.map((row) => ({ ...row, since: row.since?.toISOString() ?? null }));
}

interface ToldRow extends StandingRow {
  readonly reportedAt: Date | null;
  readonly message: string | null;
}

/** For the operator: also what the nodes say themselves. */
export async function readToldStandings(
  db: Pick<Pool, 'query'>,
  nodes: readonly Id<'node'>[],
): Promise<ToldStanding[]> {
  const { rows } = await db.query<ToldRow>(
    `select node_id as "nodeId", standing, generation, applied_generation as "appliedGeneration", since,
       reported_at as "reportedAt", error_message as message
     from network.node_standing where node_id = any($1) order by node_id`,
    [nodes],
  );
  return rows.map((row) => ({
    ...{ ...row, since: row.since?.toISOString() ?? null },
    reportedAt: row.reportedAt?.toISOString() ?? null,
  }));
}

/** Rule sets that are kept in memory: the same questions come again while somebody looks at a page. */
const keptRuleSets = 16;

interface KeptRules {
  /** The head that they are of, and the pools. */
  readonly state: string;
  readonly generation: number;
  readonly hashed: HashedRules;
  readonly rules: NodeRules;
}

/** What has changed since is read, as a node reads it; all of it where that doesn't come out right. */
async function newestRules(tx: PoolClient, nodeId: Id<'node'>, head: DocumentHead, known: KeptRules | undefined) {
  if (known !== undefined && known.generation >= head.floor && known.generation <= head.generation) {
    const changed = await readChanged(tx, nodeId, known.generation, known.hashed);
    if (hashOfRules(changed) === head.hash) return changed;
  }
  return await readChanged(tx, nodeId, 0, noRules);
}

/** `pools`: as they are now, also where they have grown since. */
export function createRulesCache(pools: () => Pick<DesiredNetwork['pools'], 'ipv4' | 'ipv6' | 'reserved'>) {
  const kept = new Map<string, KeptRules>();

  /** Of a node that has none: what a node without endpoints has. */
  return async function rulesOf(tx: PoolClient, nodeId: Id<'node'>): Promise<NodeRules> {
    const head = await readHead(tx, nodeId);
    const { ipv4, ipv6, reserved } = pools();
    const state = JSON.stringify([head.hash, ipv4, ipv6, reserved]);
    const known = kept.get(nodeId);
    kept.delete(nodeId);
    if (known?.state === state) {
      kept.set(nodeId, known);
      return known.rules;
    }
    const hashed = await newestRules(tx, nodeId, head, known);
    const rules = { ...emptyRuleSet, ...hashed.rules };
    const fresh: NodeRules = {
      ...{ rules, reader: readRules({ rules, pools: { ipv4, ipv6, reserved } }) },
      revisions: new Map(rules.policies.map(({ policyId, revision }) => [policyId, revision])),
    };
    kept.set(nodeId, { state, generation: head.generation, hashed, rules: fresh });
    const [oldest] = kept.keys();
    if (kept.size > keptRuleSets && oldest !== undefined) kept.delete(oldest);
    return fresh;
  };
}
export type RulesOf = ReturnType<typeof createRulesCache>;
