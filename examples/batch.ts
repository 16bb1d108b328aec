/**
 * One thing done to many deployments, in waves, through the SDK alone: what it would touch, and with --start the batch
 * itself, followed to its end.
 *
 *   node examples/batch.ts --label app=shop [--image IMAGE | --replicas N] [--wave 2] [--start] SCOPE
 *
 * SCOPE is the id of a namespace (`ns_…`) or of an environment (`env_…`). Without image and replicas it restarts. Finds the
 * platform through ATOLL_READY (default: .atoll/ready.json), and asks with the token in ATOLL_TOKEN (default: that of the
 * first tenant's admin).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { createAtoll } from '@atoll/sdk/client';
import { readReady } from './platform/ready.ts';

const usage =
  'usage: node examples/batch.ts --label app=shop [--image IMAGE | --replicas N] [--wave 2] [--start] SCOPE';

const text = { type: 'string' } as const;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    label: { ...text, multiple: true, default: [] },
    ...{ image: text, replicas: text, wave: { ...text, default: '2' }, start: { type: 'boolean', default: false } },
  },
});
const [scopeId] = positionals;
if (scopeId === undefined || values.label.length === 0) throw new Error(usage);
const labels = values.label.map((pair) => {
  const [key = '', value = ''] = pair.split('=');
  return { key, value };
});
const { image, replicas } = values;
const operation = image
  ? ({ kind: 'UPGRADE', image } as const)
  : replicas
    ? ({ kind: 'SCALE', replicas: Number(replicas) } as const)
    : ({ kind: 'RESTART' } as const);

const ready = await readReady();
const token = process.env.ATOLL_TOKEN ?? ready.tokens.tenants[0]?.admin ?? '';
const atoll = createAtoll({ url: ready.graphqlUrl, token });

const preview = await atoll.query.batchPreview({ scopeId, labels, operation });
console.log(
  `${preview.count} deployments: ${preview.changed} change, ${preview.unchanged} stay, ${preview.refused} can't`,
);
for (const { name, verdict, fromRelease, toRelease, message } of preview.deployments) {
  console.log(`  ${name} ${verdict} ${fromRelease ?? '-'} → ${toRelease ?? fromRelease ?? '-'} ${message ?? ''}`);
}
if (preview.refusal) throw new Error(preview.refusal.message);

if (values.start) {
  const { confirm } = preview;
  const { batch } = await atoll.mutate.startBatch({
    scopeId,
    labels,
    operation,
    waveSize: Number(values.wave),
    confirm,
  });
  if (!batch) throw new Error('The batch was started, and is gone again.');
  for (let now = batch; ; now = (await atoll.query.batch({ id: batch.id })) ?? now) {
    const { status, waiting, running, succeeded, unchanged, failed, skipped, endedAt, statusMessage } = now;
    console.log(
      `${status}: ${waiting} wait, ${running} run, ${succeeded + unchanged} are done, ${failed + skipped} aren't`,
    );
    if (status === 'STOPPED') throw new Error(statusMessage ?? 'It has stopped.');
    if (endedAt !== null) break;
    await pause(1000);
  }
}
