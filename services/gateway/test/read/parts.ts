/** What a developer of some parts of a tenant sees of its rows, told a second time: by walking from row to row. */
import type { Scope } from '@atoll/schema/tenancy/access';
import type { Random } from './random.ts';
import type { Row, Rows } from './rows.ts';

/** One or two environments or namespaces of the tenant. */
export function randomParts(random: Random, rows: Rows, tenant: string): Scope[] {
  const own = (table: string) => (rows[table] ?? []).filter((row) => row.tenant_id === tenant);
  const environment = () => ({ level: 'environment', environmentId: random.pick(own('environment')).id }) as Scope;
  const namespaces = own('namespace');
  if (namespaces.length === 0) return [environment()];
  return Array.from({ length: 1 + random.int(2) }, () => {
    if (random.chance(0.4)) return environment();
    const { id: namespaceId, environment_id: environmentId } = random.pick(namespaces);
    return { level: 'namespace', environmentId, namespaceId } as Scope;
  });
}

export function seenFrom(parts: readonly Scope[], rows: Rows): (table: string, row: Row) => boolean {
  const find = (table: string, id: unknown, tenant: unknown) =>
    (rows[table] ?? []).find((row) => row.id === id && row.tenant_id === tenant);
  const through = (table: string, id: unknown, row: Row): boolean => {
    const holder = find(table, id, row.tenant_id);
    return holder !== undefined && sees(table, holder);
  };
  function sees(table: string, row: Row): boolean {
    switch (table) {
      case 'tenant':
      // What a role may do is for all to read who hold one.
      case 'role':
        return true;
      case 'environment':
        return parts.some((part) => part.level !== 'tenant' && part.environmentId === row.id);
      case 'namespace':
        return parts.some((part) =>
          part.level === 'namespace'
            ? part.namespaceId === row.id
            : part.level === 'environment' && part.environmentId === row.environment_id,
        );
      case 'subnet':
      case 'deployment':
      case 'instance':
      case 'isolation_policy':
      case 'public_address':
      case 'service':
      case 'port_mapping':
        return through('namespace', row.namespace_id, row);
      case 'quota_holder':
      case 'batch':
        return parts.some((part) =>
          part.level === 'namespace'
            ? part.namespaceId === row.namespace_id
            : part.level === 'environment' && part.environmentId === row.environment_id,
        );
      case 'release':
      case 'rollout':
        return through('deployment', row.deployment_id, row);
      case 'policy_receipt':
        return through('isolation_policy', row.policy_id, row);
      case 'service_endpoint':
        return through('service', row.service_id, row);
      case 'batch_item':
        return through('batch', row.batch_id, row);
      default:
        return false;
    }
  }
  return sees;
}
