/**
 * Signed heads of the logs, kept outside the database: who rewrites the database can't rewrite them. A line for each log
 * that has grown, at intervals; a head that was written twice does no harm.
 */
import { open } from 'node:fs/promises';
import { startController } from '@atoll/service/controller';
import type { Logger } from '@atoll/service/log';
import type { Pool } from 'pg';
import type { Head, HeadSigner } from './head-signer.ts';

const page = 1000;

const headsSql = `
  select tenant_id as tenant, cursor, hash from read.tenant_log_head
  where tenant_id > $1 and hash is not null order by tenant_id limit ${page}`;

export function keepHeads(options: {
  pool: Pool;
  signer: HeadSigner;
  file: string | null;
  everyMs: number;
  log: Logger;
}): { stop(): Promise<void> } {
  const { pool, signer, file, everyMs, log } = options;
  if (file === null) return { stop: async () => {} };
  const kept = new Map<string, number>();

  async function keep(target: string): Promise<void> {
    for (let after = ''; ; ) {
      const { rows } = await pool.query<Head>(headsSql, [after]);
      const grown = rows.filter(({ tenant, cursor }) => kept.get(tenant) !== Number(cursor));
      const lines = await Promise.all(grown.map((head) => signer.sign(head)));
      if (lines.length > 0) {
        const handle = await open(target, 'a', 0o600);
        try {
          await handle.write(lines.map((signed) => `${JSON.stringify({ kind: 'head', signed })}\n`).join(''));
          await handle.sync();
        } finally {
          await handle.close();
        }
      }
      for (const { tenant, cursor } of grown) kept.set(tenant, Number(cursor));
      const last = rows.at(-1);
      if (last === undefined || rows.length < page) return;
      after = last.tenant;
    }
  }

  const controller = startController({ name: 'keep-log-heads', resyncMs: everyMs, log, reconcile: () => keep(file) });
  return {
    async stop() {
      await controller.stop();
      await keep(file).catch((error: unknown) => log.warn({ err: error }, 'the last heads of the logs were not kept'));
    },
  };
}
