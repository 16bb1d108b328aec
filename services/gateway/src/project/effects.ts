/** What an event does to the read models, as values: pure, put together per row before anything is written. */
import type { EventRecord } from '@atoll/schema/envelope';

export const tables = [
  ...['tenant', 'environment', 'namespace', 'subnet', 'deployment', 'release', 'rollout', 'instance'],
  ...['quota_holder', 'quota_committed', 'quota_reservation', 'quota_limit', 'quota_difference'],
  ...['role', 'role_binding', 'namespace_home'],
  ...['service_account_secret', 'issuer', 'api_key', 'api_key_secret', 'invitation'],
  ...['endpoint', 'isolation_policy', 'policy_receipt', 'compute_node', 'pool', 'member', 'service_account', 'plan'],
  ...['deletion', 'namespace_isolation', 'platform_policy'],
  ...['address_range', 'public_address', 'port_mapping', 'namespace_supply', 'pool_supply'],
  ...['service', 'service_endpoint'],
  ...['batch', 'batch_item'],
] as const;
export type TableName = string & (typeof tables)[number];

export type Row = Readonly<Record<string, unknown>>;

/** What is worked out anew for a row, from all that is known, whichever context told it first. */
const derivedKinds = [
  'namespace',
  'instance',
  'deployment',
  'quotaHolder',
  'quotaScope',
  'service',
  'serviceEndpoint',
  'computeNode',
  'addressPool',
  'batch',
] as const;
export type Derived = (typeof derivedKinds)[number];

export type Effect =
  /** The whole row, with its id. */
  | { readonly op: 'put'; readonly table: TableName; readonly id: string; readonly row: Row }
  /** Some of its columns, where it is there. */
  | { readonly op: 'patch'; readonly table: TableName; readonly id: string; readonly row: Row }
  | { readonly op: 'remove'; readonly table: TableName; readonly id: string }
  /** All rows of something that is gone. Ids never come back. */
  | { readonly op: 'purge'; readonly table: TableName; readonly column: string; readonly value: string }
  | { readonly op: 'derive'; readonly what: Derived; readonly id: string };

export type Project<E> = (event: E, record: EventRecord) => readonly Effect[];

export const put = (table: TableName, id: string, row: Row): Effect => ({ op: 'put', table, id, row });
export const patch = (table: TableName, id: string, row: Row): Effect => ({ op: 'patch', table, id, row });
export const remove = (table: TableName, id: string): Effect => ({ op: 'remove', table, id });
export const purge = (table: TableName, column: string, value: string): Effect => ({
  op: 'purge',
  table,
  column,
  value,
});
export const derive = (what: Derived, id: string): Effect => ({ op: 'derive', what, id });

export interface RowChange {
  readonly op: 'put' | 'patch' | 'remove';
  readonly row: Row;
}

/** A batch, as what is left to be written: at most one change per row. */
export interface Changes {
  readonly rows: ReadonlyMap<TableName, ReadonlyMap<string, RowChange>>;
  readonly purges: readonly (Effect & { readonly op: 'purge' })[];
  readonly derived: Readonly<Record<Derived, readonly string[]>>;
}

function merge(before: RowChange | undefined, effect: Effect & { readonly op: RowChange['op'] }): RowChange {
  switch (effect.op) {
    case 'put':
      return { op: 'put', row: effect.row };
    case 'patch':
      // What was removed stays so; what was put or patched is so with these columns.
      if (before === undefined) return { op: 'patch', row: effect.row };
      return before.op === 'remove' ? before : { op: before.op, row: { ...before.row, ...effect.row } };
    case 'remove':
      return { op: 'remove', row: {} };
  }
}

export function combine(effects: Iterable<Effect>): Changes {
  const rows = new Map<TableName, Map<string, RowChange>>();
  const purges: (Effect & { op: 'purge' })[] = [];
  const derived = new Map<Derived, Set<string>>(derivedKinds.map((kind) => [kind, new Set()]));
  for (const effect of effects) {
    switch (effect.op) {
      case 'put':
      case 'patch':
      case 'remove': {
        const table = rows.get(effect.table) ?? new Map<string, RowChange>();
        rows.set(effect.table, table);
        table.set(effect.id, merge(table.get(effect.id), effect));
        break;
      }
      case 'purge':
        purges.push(effect);
        break;
      case 'derive':
        derived.get(effect.what)?.add(effect.id);
        break;
      default:
        effect satisfies never;
    }
  }
  const idsOf = (kind: Derived) => [...(derived.get(kind) ?? [])];
  return {
    rows,
    purges,
    derived: {
      namespace: idsOf('namespace'),
      instance: idsOf('instance'),
      deployment: idsOf('deployment'),
      quotaHolder: idsOf('quotaHolder'),
      quotaScope: idsOf('quotaScope'),
      service: idsOf('service'),
      serviceEndpoint: idsOf('serviceEndpoint'),
      computeNode: idsOf('computeNode'),
      addressPool: idsOf('addressPool'),
      batch: idsOf('batch'),
    },
  };
}

/** Labels as the API shows them: sorted by key, the keys in the SDL's order. */
export const labelList = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .map(([key, value]) => ({ key, value }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));

/** RFC 3339 in UTC with milliseconds: texts that sort as time does. */
export const instant = (time: string): string => new Date(time).toISOString();
