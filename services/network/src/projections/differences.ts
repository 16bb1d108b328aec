/** What the tables have of the compiled rules, compared with what the compiler says: for when nothing of it can be leant on. */
import { canonicalJson } from '@atoll/schema/node/rules-hash';
import type { PoolClient } from 'pg';
import type { Compiler } from '../compile/compiler.ts';
import { emptyNodeSum, present, type RuleSum } from './rule-changes.ts';

const lists = ['endpoints', 'chains', 'policies', 'sets'] as const;

interface StoredPart {
  readonly list: (typeof lists)[number];
  readonly key: string;
  readonly value: object | null;
}

async function addSets(tx: PoolClient, compiler: Compiler, { sets }: RuleSum): Promise<ReadonlySet<string>> {
  const { rows } = await tx.query<{ name: string; members: string[] }>(
    `select s.name, coalesce(array_agg(m.member) filter (where m.member is not null), '{}') as members
     from network.rule_set s left join network.set_member m on m.set_name = s.name and not m.gone group by s.name`,
  );
  const stored = new Map(rows.map((row) => [row.name, new Set(row.members)]));
  const differing = new Set<string>();
  for (const { name, kind, ipv4, ipv6 } of compiler.sets()) {
    const there = stored.get(name);
    stored.delete(name);
    const wanted = new Set([...ipv4, ...ipv6]);
    const members = new Map<string, boolean>();
    for (const member of wanted) if (!there?.has(member)) members.set(member, true);
    for (const member of there ?? []) if (!wanted.has(member)) members.set(member, false);
    if (there !== undefined && members.size === 0) continue;
    sets.set(name, { kind, used: true, members });
    differing.add(name);
  }
  for (const [name, there] of stored) {
    sets.set(name, { kind: 'addresses', used: false, members: new Map([...there].map((member) => [member, false])) });
  }
  return differing;
}

/** Replaces what the sum says by all that differs. */
export async function addDifferences(tx: PoolClient, compiler: Compiler, sum: RuleSum): Promise<void> {
  sum.sets.clear();
  sum.nodes.clear();
  const differing = await addSets(tx, compiler, sum);
  const { rows: known } = await tx.query<{ node_id: string }>('select node_id from network.node_document');
  for (const nodeId of new Set([...compiler.nodes(), ...known.map((row) => row.node_id)])) {
    const { rows } = await tx.query<StoredPart>(
      'select list, key, value from network.node_part where node_id = $1 and list = any($2) and not gone',
      [nodeId, lists],
    );
    const stored = new Map(rows.map((row) => [`${row.list}/${row.key}`, row]));
    const node = emptyNodeSum(compiler.hash(nodeId));
    const parts = compiler.parts(nodeId);
    const wanted: { readonly [L in (typeof lists)[number]]: ReadonlyMap<string, object> } = {
      ...parts,
      sets: new Map(parts.sets.map((name) => [name, present])),
    };
    for (const list of lists) {
      for (const [key, value] of wanted[list]) {
        const there = stored.get(`${list}/${key}`);
        stored.delete(`${list}/${key}`);
        if (list === 'sets' && there !== undefined && differing.has(key)) node.refreshed.add(key);
        if (there === undefined || (list !== 'sets' && canonicalJson(there.value) !== canonicalJson(value))) {
          node.parts[list].set(key, value);
        }
      }
    }
    for (const { list, key } of stored.values()) node.parts[list].set(key, null);
    sum.nodes.set(nodeId, node);
  }
}
