/** Why tokens of an issuer can't be accepted: found out when it is registered, by whoever can do something about it. */
import type { Tenant } from '@atoll/schema/ids';
import type { Pool } from 'pg';
import { addressProblem, type PrivateIssuers, Unfetchable } from './fetch-json.ts';
import type { KeySets } from './key-sets.ts';

const knownSql = {
  name: 'known_issuer',
  text: 'select from read.issuer where tenant_id = $1 and url = $2 and audience = $3',
};

export function createIssuerProblem(needs: { pool: Pool; keySets: KeySets; allow: PrivateIssuers }) {
  const { pool, keySets, allow } = needs;
  return async (tenant: Tenant, url: string, audience: string): Promise<string | null> => {
    const problem = addressProblem(url, allow);
    if (problem !== null) return problem;
    // A repeated request is answered as the first time, whether the issuer is there just now or not.
    const { rowCount } = await pool.query({ ...knownSql, values: [tenant, url, audience] });
    if ((rowCount ?? 0) > 0) return null;
    try {
      await keySets.probe(url);
      return null;
    } catch (error) {
      if (error instanceof Unfetchable) return error.message;
      throw error;
    }
  };
}
