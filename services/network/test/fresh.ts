/** What is stored of every node is what everything says that the tables have, read anew and as a whole. */
import type { Id } from '@atoll/schema/ids';
import { rulesHash } from '@atoll/schema/node/rules-hash';
import type { Pool } from 'pg';
import { expect } from 'vitest';
import { createCompiler } from '../src/compile/compiler.ts';
import { readRuleSet } from '../src/nodes/document.ts';
import { tellEverything } from '../src/projections/intent.ts';
import { readWhole } from '../src/projections/section-values.ts';

export async function expectFresh(pool: Pool): Promise<void> {
  const tx = await pool.connect();
  try {
    await tx.query('begin isolation level repeatable read');
    const compiler = createCompiler();
    await tellEverything(tx, compiler);
    compiler.take();
    const { rows } = await tx.query<{ node_id: string; hash: string }>(
      'select node_id, hash from network.node_document',
    );
    const nodes = rows.map((row) => row.node_id);
    expect(new Set(nodes)).toEqual(new Set([...nodes, ...compiler.nodes()]));
    const sections = await readWhole(tx, compiler, nodes);
    for (const { node_id, hash } of rows) {
      const rules = await readRuleSet(tx, node_id as Id<'node'>);
      const { endpoints, chains, sets, policies } = compiler.ruleSet(node_id);
      const fresh = { ...rules, endpoints, chains, sets, policies, ...sections.get(node_id) };
      expect(JSON.stringify(rules), node_id).toBe(JSON.stringify(fresh));
      expect(rulesHash(rules), node_id).toBe(hash);
    }
    await tx.query('commit');
  } finally {
    tx.release();
  }
}
