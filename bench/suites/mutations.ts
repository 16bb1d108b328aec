/** A mutation, from the client's socket to the answer with the resource read back: how many, and how long each. */
import { documents } from '@atoll/sdk/generated/documents';
import { newTenant, tokenOf } from '@atoll/test/platform/clients';
import { row } from '../results.ts';
import type { Suite } from './suite.ts';

const SECONDS = 8;

export const mutations: Suite = {
  name: 'mutations',
  bed: true,
  async run({ platform, generator }) {
    const { ready } = platform;
    const { credentials } = await newTenant(ready);
    const { origin, pathname: path } = new URL(ready.graphqlUrl);
    const target = {
      origin,
      path,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${await tokenOf(ready, credentials)}` },
      body: JSON.stringify({
        query: documents.createEnvironment.text,
        variables: { input: { idempotencyKey: 'b-{{n}}', name: 'b-{{n}}', kind: 'TEST' } },
      }),
      expected: '"userErrors":[]',
    };
    await generator.http({ target, connections: 32, seconds: 2 });
    const rows = [];
    for (const connections of [1, 32]) {
      const outcome = await generator.http({ target, connections, seconds: SECONDS });
      const of = `createEnvironment, ${connections} connection${connections === 1 ? '' : 's'}`;
      rows.push(row(`${of}: throughput`, outcome.perSecond, 'mutations/s'));
      rows.push(row(`${of}: p50`, outcome.p50, 'ms'), row(`${of}: p99`, outcome.p99, 'ms'));
    }
    return rows;
  },
};
