/**
 * What instances write, on a terminal, through the SDK alone:
 *
 *   node examples/logs.ts [--follow] [--tail 20] [--since 10m] [--previous] [--ended] ID
 *
 * ID is that of an instance (`ins_…`) or of a deployment (`dep_…`). Finds the platform through ATOLL_READY (default:
 * .atoll/ready.json), and asks with the token in ATOLL_TOKEN (default: that of the first tenant's admin).
 */
import { parseArgs } from 'node:util';
import { type Atoll, createAtoll } from '@atoll/sdk/client';
import type { LogChunk } from '@atoll/sdk/generated/resources';
import { printable } from '@atoll/sdk/logs';
import { readReady } from './platform/ready.ts';

const usage = 'usage: node examples/logs.ts [--follow] [--tail 20] [--since 10m] [--previous] [--ended] ID';

const unitMs: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };
function ago(text: string): string {
  const [, count, unit = ''] = /^(\d+)([smh])$/.exec(text) ?? [];
  if (count === undefined) throw new Error(`--since takes a time like 30s, 10m or 1h, not ${text}`);
  return new Date(Date.now() - Number(count) * (unitMs[unit] ?? 0)).toISOString();
}

function show({ instanceId, lines, gap, ended, problem }: LogChunk): void {
  const name = instanceId.slice(-6);
  const say = (text: string) => console.log(`${name} · ${text}`);
  if (gap) say('lines are missing here: the node no longer has them');
  for (const { at, stream, text, truncated } of lines) {
    console.log(`${name} ${at} ${stream === 'STDERR' ? '!' : '|'} ${printable(text)}${truncated ? ' …' : ''}`);
  }
  if (problem) say(problem.message);
  if (ended) say('gone');
}

async function print(atoll: Atoll, id: string, given: ReturnType<typeof options>): Promise<void> {
  const { follow, tail, since, previous, ended } = given;
  const isDeployment = id.startsWith('dep_');
  if (follow) {
    const of = isDeployment ? { deploymentId: id } : { instanceId: id };
    for await (const chunk of atoll.logs({ ...of, tail })) show(chunk);
    return;
  }
  const asked = { tail, previous, ...(since === undefined ? {} : { since: ago(since) }) };
  const chunks = isDeployment
    ? await atoll.query.deploymentLogs({ deploymentId: id, ended, ...asked })
    : [await atoll.query.instanceLogs({ instanceId: id, ...asked })];
  for (const chunk of chunks) show(chunk);
}

function options(values: {
  readonly follow?: boolean;
  readonly tail?: string;
  readonly since?: string;
  readonly previous?: boolean;
  readonly ended?: boolean;
}) {
  const { follow = false, tail = '20', since, previous = false, ended = false } = values;
  return { follow, tail: Number(tail), since, previous, ended };
}

const flag = { type: 'boolean' } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { follow: flag, tail: { type: 'string' }, since: { type: 'string' }, previous: flag, ended: flag },
});
const [id] = positionals;
if (id === undefined) throw new Error(usage);
const ready = await readReady();
const token = process.env.ATOLL_TOKEN ?? ready.tokens.tenants[0]?.admin ?? '';
await print(
  createAtoll({ url: ready.graphqlUrl, subscriptionsUrl: ready.subscriptionsUrl, token }),
  id,
  options(values),
);
