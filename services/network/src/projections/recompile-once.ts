/** After an upgrade of the compiler: everything is compiled anew, by one process, before it takes up its work. */
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import { type Compilation, compilerVersion } from './compilation.ts';
import { recompileAll } from './documents.ts';

/** Nodes are told when the process tells all of them that it is there. */
export async function recompileOnce(pool: Pool, compilation: Compilation, log: Logger): Promise<void> {
  const { rows } = await pool.query<{ compiler: number }>('select compiler from network.compile_state');
  if ((rows[0]?.compiler ?? 0) >= compilerVersion) return;
  const tx = await pool.connect();
  let broken = true;
  try {
    await tx.query('begin');
    const nodes = await recompileAll(tx, compilation);
    await tx.query('commit');
    broken = false;
    log.info({ nodes: nodes.length, compiler: compilerVersion }, 'the rules of all nodes were compiled anew');
  } finally {
    tx.release(broken);
  }
}
