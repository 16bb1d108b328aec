/**
 * What resources are after each event, as values: the effects of the events, folded. Pure.
 *
 * They are made of what the logs tell of an event, so what isn't told there (secrets, personal data) can't be in them.
 * Columns that are worked out from several rows, or that move with every event, are left out: the rows say those as
 * they are now.
 */
import type { Effect, Row, TableName } from './effects.ts';
import type { Change } from './log-entry.ts';

export type State = Readonly<Record<string, unknown>>;

export interface Image {
  readonly kind: TableName;
  readonly id: string;
  readonly tenant: string;
  /** Number of its last change; 0 before the first. */
  readonly change: number;
  /** Null where it isn't there yet, or is gone. */
  readonly state: State | null;
}

/** What machines report by the second, and tell of in the log; and what isn't shown by itself. */
const withoutImages: ReadonlySet<TableName> = new Set<TableName>([
  ...(['instance', 'endpoint', 'policy_receipt', 'namespace_home', 'batch_item'] as const),
  ...(['namespace_supply', 'pool_supply'] as const),
  ...(['quota_holder', 'quota_reservation', 'quota_difference', 'quota_committed'] as const),
  // Hashes are taken out of what the log tells; what is left of these says nothing.
  ...(['service_account_secret', 'api_key_secret'] as const),
]);
const withoutColumns: Readonly<Partial<Record<TableName, readonly string[]>>> = {
  namespace: ['status'],
  deployment: ['ready_replicas', 'status', 'status_message'],
};
const everywhere: readonly string[] = ['id', 'tenant_id', 'version'];

export const hasImages = (table: TableName): boolean => !withoutImages.has(table);
export const imageKey = (kind: string, id: string): string => `${kind} ${id}`;

const camel = (column: string) => column.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());

/** A row's columns as fields of the API; what is undefined was taken out as a secret. */
function fieldsOf(table: TableName, row: Row): State {
  const hidden = [...everywhere, ...(withoutColumns[table] ?? [])];
  return Object.fromEntries(
    Object.entries(row).flatMap(([column, value]) =>
      hidden.includes(column) || value === undefined ? [] : [[camel(column), value]],
    ),
  );
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Null where nothing differs. */
function differing(before: State | null, after: State | null): Pick<Change, 'before' | 'after'> | null {
  if (before === null || after === null) return before === after ? null : { before, after };
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !same(before[name], after[name]),
  );
  if (names.length === 0) return null;
  const of = (state: State) => Object.fromEntries(names.map((name) => [name, state[name] ?? null]));
  return { before: of(before), after: of(after) };
}

export interface Changed extends Change {
  readonly image: Image;
}

/**
 * What one event changed. `images` has every image that the effects name, and is brought up to after the event; `under`
 * gives the ids of what a purge takes along.
 */
export function applyToImages(
  effects: readonly Effect[],
  images: Map<string, Image>,
  under: (purge: Effect & { readonly op: 'purge' }) => readonly string[],
): readonly Changed[] {
  const touched = new Map<string, Image>();
  const set = (kind: TableName, id: string, next: (image: Image) => Pick<Image, 'state'> & { tenant?: string }) => {
    const key = imageKey(kind, id);
    const image = images.get(key) ?? { kind, id, tenant: '', change: 0, state: null };
    if (!touched.has(key)) touched.set(key, image);
    images.set(key, { ...image, ...next(image) });
  };
  for (const effect of effects) {
    if (effect.op === 'derive' || !hasImages(effect.table)) continue;
    const { table } = effect;
    switch (effect.op) {
      case 'put':
        set(table, effect.id, () => ({ state: fieldsOf(table, effect.row), tenant: String(effect.row.tenant_id) }));
        break;
      case 'patch':
        set(table, effect.id, ({ state }) => ({ state: state && { ...state, ...fieldsOf(table, effect.row) } }));
        break;
      case 'remove':
        set(table, effect.id, () => ({ state: null }));
        break;
      case 'purge':
        for (const id of under(effect)) set(table, id, () => ({ state: null }));
        break;
      default:
        effect satisfies never;
    }
  }
  const changed: Changed[] = [];
  for (const [key, before] of touched) {
    const after = images.get(key) ?? before;
    const differs = differing(before.state, after.state);
    if (differs === null) continue;
    const image = { ...after, change: before.change + 1 };
    images.set(key, image);
    changed.push({ kind: image.kind, id: image.id, ...differs, image });
  }
  return changed;
}

/** Whether an image is of something that a purge takes along. */
export function isUnder({ kind, id, tenant, state }: Image, purge: Effect & { readonly op: 'purge' }): boolean {
  const { table, column, value } = purge;
  if (kind !== table || state === null) return false;
  if (column === 'tenant_id') return tenant === value;
  return (column === 'id' ? id : state[camel(column)]) === value;
}
