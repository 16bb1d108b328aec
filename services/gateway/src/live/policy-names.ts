/** Rules as they are shown: with the names of their policies, and in words. */

import { type Id, idKind, PLATFORM } from '@atoll/schema/ids';
import type { DecidingRule, EndVerdict, ExplainedReachability } from '@atoll/schema/network/reachability';
import type { Reader } from '../read/reader.ts';
import type { TenantViewer } from './questions.ts';

export type PolicyNames = ReadonlyMap<string, string>;

const namesSql = {
  name: 'policy_names',
  text: `select json_build_array(p.id, p.name, n.environment_id, n.id)
    from read.isolation_policy p join read.namespace n on n.id = p.namespace_id and n.tenant_id = p.tenant_id
    where p.id in (select jsonb_array_elements_text($1::jsonb)) and p.tenant_id = $2::text`,
};
const isPlatforms = (id: string) => idKind(id) === 'platformPolicy';
type Named = readonly [policyId: string, name: string, environmentId: Id<'environment'>, namespaceId: Id<'namespace'>];

/** The platform's are told to everybody about whom they decide. */
const platformNamesSql = {
  name: 'platform_policy_names',
  text: `select json_build_array(p.id, p.name) from read.platform_policy p
    where p.id in (select jsonb_array_elements_text($1::jsonb))`,
};

/** By policy of the platform. */
export async function platformPolicyNames(reader: Reader, ids: readonly string[]): Promise<PolicyNames> {
  const rows = ids.length === 0 ? [] : await reader.rows(PLATFORM, platformNamesSql, [JSON.stringify(ids)]);
  return new Map(rows.map((row) => JSON.parse(row) as readonly [id: string, name: string]));
}

/** By policy, of those that the viewer may read: one that is elsewhere in the tenant decides, too, and its name isn't theirs to know. */
export const createPolicyNames =
  (reader: Reader) =>
  async ({ tenant, access }: TenantViewer, ids: ReadonlySet<string>): Promise<PolicyNames> => {
    const [platforms, own] = [[...ids].filter(isPlatforms), [...ids].filter((id) => !isPlatforms(id))];
    const [rows, told] = await Promise.all([
      own.length === 0 ? [] : reader.rows(tenant, namesSql, [JSON.stringify(own), tenant]),
      platformPolicyNames(reader, platforms),
    ]);
    const named = rows.map((row) => JSON.parse(row) as Named);
    const readable = named.filter(([, , environmentId, namespaceId]) =>
      access.may('policy:read', { level: 'namespace', environmentId, namespaceId }),
    );
    return new Map([...readable.map(([id, name]) => [id, name] as const), ...told]);
  };

/** Policies among what decides. */
export const policiesOf = (rules: readonly (DecidingRule | null)[]): ReadonlySet<string> =>
  new Set(rules.flatMap((rule) => (rule === null || rule.tier === 'ISOLATION_LEVEL' ? [] : [rule.policyId])));

export function shownDecidingRule(rule: DecidingRule, names: PolicyNames) {
  const { ports, icmp: _, ...told } = rule;
  return {
    ...told,
    policyName: names.get(rule.policyId) ?? null,
    fromPort: ports?.from ?? null,
    toPort: ports?.to ?? null,
  };
}

const author = (rule: DecidingRule, names: PolicyNames) => {
  const name = names.get(rule.policyId);
  const called = name === undefined ? rule.policyId : `"${name}" (${rule.policyId})`;
  switch (rule.tier) {
    case 'PLATFORM':
      return `the platform's policy ${called}, revision ${rule.revision},`;
    case 'TENANT':
      return `the policy ${called}, revision ${rule.revision},`;
    case 'ISOLATION_LEVEL':
      return `the isolation level of the namespace ${rule.policyId}`;
  }
};

const side = { egress: 'At the source', ingress: 'At the destination' } as const;

export function verdictMessage(
  { allowed, rule }: EndVerdict,
  direction: 'egress' | 'ingress',
  destination: ExplainedReachability['kind'],
  names: PolicyNames,
): string {
  if (rule !== null) return `${side[direction]} ${author(rule, names)} ${allowed ? 'allows' : 'denies'} it.`;
  if (destination === 'ITSELF') return 'What an instance says to itself passes no rule.';
  return `${side[direction]} no rule matches: it is denied by default.`;
}
