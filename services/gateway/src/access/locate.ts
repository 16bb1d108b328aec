/** Where in its tenant something is, by its id: asked under the viewer's tenant, so that another's things are nowhere. */
import { type IdKind, idKind } from '@atoll/schema/ids';
import type { Permission } from '@atoll/schema/permissions';
import type { Scope } from '@atoll/schema/tenancy/access';
import { scope as scopeShape } from '@atoll/schema/tenancy/access';
import type { Reader } from '../read/reader.ts';

export interface Locator {
  /** Null where the tenant has no such thing, or it is of a kind that is in no tenant. */
  locate(tenant: string, id: string): Promise<Scope | null>;
}

const inNamespace = `json_build_object('level', 'namespace', 'environmentId', n.environment_id, 'namespaceId', n.id)`;
const ofTable = (table: string) =>
  `select ${inNamespace} from read.${table} t join read.namespace n on n.id = t.namespace_id and n.tenant_id = t.tenant_id
   where t.id = $1::text and t.tenant_id = $2::text`;
const ofDeploymentsPart = (table: string) =>
  `select ${inNamespace} from read.${table} t
     join read.deployment d on d.id = t.deployment_id and d.tenant_id = t.tenant_id
     join read.namespace n on n.id = d.namespace_id and n.tenant_id = t.tenant_id
   where t.id = $1::text and t.tenant_id = $2::text`;

interface Place {
  /** What reading the thing asks for: who may not is told that there is none. */
  readonly read: Permission;
  readonly text: string;
}

const inTenant = (table: string) =>
  `select json_build_object('level', 'tenant') from read.${table} where id = $1::text and tenant_id = $2::text`;

/** Every kind: in a part of a tenant, in the tenant as a whole, or, null, in no tenant or nothing that is asked for by id. */
const places: Readonly<Record<IdKind, Place | null>> = {
  tenant: { read: 'tenant:read', text: inTenant('tenant') },
  member: { read: 'member:read', text: inTenant('member') },
  serviceAccount: { read: 'serviceAccount:read', text: inTenant('service_account') },
  role: { read: 'role:read', text: inTenant('role') },
  issuer: { read: 'issuer:read', text: inTenant('issuer') },
  apiKey: { read: 'apiKey:read', text: inTenant('api_key') },
  invitation: { read: 'invitation:read', text: inTenant('invitation') },
  deletion: { read: 'deletion:read', text: inTenant('deletion') },
  environment: {
    read: 'environment:read',
    text: `select json_build_object('level', 'environment', 'environmentId', id) from read.environment
      where id = $1::text and tenant_id = $2::text`,
  },
  namespace: {
    read: 'namespace:read',
    text: `select ${inNamespace} from read.namespace n where n.id = $1::text and n.tenant_id = $2::text`,
  },
  subnet: { read: 'namespace:read', text: ofTable('subnet') },
  policy: { read: 'policy:read', text: ofTable('isolation_policy') },
  service: { read: 'service:read', text: ofTable('service') },
  publicAddress: { read: 'publicAddress:read', text: ofTable('public_address') },
  portMapping: { read: 'publicAddress:read', text: ofTable('port_mapping') },
  deployment: { read: 'deployment:read', text: ofTable('deployment') },
  instance: { read: 'deployment:read', text: ofTable('instance') },
  release: { read: 'deployment:read', text: ofDeploymentsPart('release') },
  rollout: { read: 'deployment:read', text: ofDeploymentsPart('rollout') },
  binding: {
    read: 'binding:read',
    text: `select json_strip_nulls(json_build_object(
        'level', level, 'environmentId', environment_id, 'namespaceId', namespace_id))
      from read.role_binding where id = $1::text and tenant_id = $2::text`,
  },
  batch: {
    read: 'deployment:read',
    text: `select json_strip_nulls(json_build_object(
        'level', case when namespace_id is null then 'environment' else 'namespace' end,
        'environmentId', environment_id, 'namespaceId', namespace_id))
      from read.batch where id = $1::text and tenant_id = $2::text`,
  },
  // The platform's own.
  plan: null,
  node: null,
  pool: null,
  platformPolicy: null,
  addressRange: null,
  // Named by nobody who asks for something.
  event: null,
  dataKey: null,
  reservation: null,
};

/** What reading a thing of that id asks for; null where it is in no part of a tenant. */
export function readPermissionOf(id: string): Permission | null {
  const kind = idKind(id);
  return kind === null ? null : (places[kind]?.read ?? null);
}

export function createLocator(reader: Reader): Locator {
  return {
    async locate(tenant, id) {
      const kind = idKind(id);
      const place = kind === null ? null : places[kind];
      if (place === null) return null;
      const statement = { name: `locate_${kind}`, text: place.text };
      const [found] = await reader.rows(tenant, statement, [id, tenant]);
      return found === undefined ? null : scopeShape.parse(JSON.parse(found));
    },
  };
}
