/** What of a policy may not be what was meant. Instances come and go: it is told, and no reason to refuse. */
import type { Tenant } from '@atoll/schema/ids';
import type { PolicyWarning } from '@atoll/schema/network/policies';
import type { PolicyDefinition, PolicyPeer } from '@atoll/schema/network/spec';
import type { Pool } from 'pg';

const spokenSide = { from: 'source', to: 'destination' } as const;
const shown = (labels: Readonly<Record<string, string>>) =>
  Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .sort()
    .join(', ');

async function selectsNothing(db: Pool, tenant: Tenant, peer: PolicyPeer): Promise<string | null> {
  if (peer.kind !== 'INSTANCES' && peer.kind !== 'ENVIRONMENT') return null;
  const ofNamespace = peer.kind === 'INSTANCES';
  const { rowCount } = await db.query(
    `select from network.deploy_instance i where i.tenant = $1 and i.wanted and i.labels @> $2
       and i.namespace_id in (
         select n.namespace_id from network.namespace n
         where n.tenant = $1 and case when $3 then n.namespace_id else n.environment_id end = $4
       ) limit 1`,
    [tenant, JSON.stringify(peer.labels), ofNamespace, ofNamespace ? peer.namespaceId : peer.environmentId],
  );
  if (rowCount !== 0) return null;
  const where = ofNamespace ? 'namespace' : 'environment';
  return Object.keys(peer.labels).length === 0
    ? `there is no instance in the ${where} now`
    : `no instance of the ${where} carries ${shown(peer.labels)} now`;
}

/** As the local tables have it; each distinct peer once. */
export async function warningsOf(db: Pool, tenant: Tenant, { from, to }: PolicyDefinition): Promise<PolicyWarning[]> {
  const warnings: PolicyWarning[] = [];
  for (const [side, peers] of [
    ['from', from],
    ['to', to],
  ] as const) {
    for (const [index, peer] of peers.entries()) {
      const why = await selectsNothing(db, tenant, peer);
      if (why === null) continue;
      const message = `The ${spokenSide[side]} ${index + 1} selects nothing: ${why}. It is as if it weren't named until there is one.`;
      warnings.push({ code: 'SELECTS_NOTHING', message });
    }
  }
  return warnings;
}
