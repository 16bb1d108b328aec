/**
 * The real process, killed with no grace at random moments and at the worst ones, while everything that rules follow from
 * changes: what is stored in the end is, byte for byte, what a compilation of the events says that nobody has disturbed.
 */
import { engineMigrations } from '@atoll/events/migrations';
import { createTestDatabase } from '@atoll/infra/testing/database';
import type { EventRecord } from '@atoll/schema/envelope';
import type { Id } from '@atoll/schema/ids';
import { emptyRuleSet } from '@atoll/schema/node/network';
import { rulesHash } from '@atoll/schema/node/rules-hash';
import { newId } from '@atoll/service/ids';
import { createPool, migrate } from '@atoll/service/postgres';
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { seeded } from '../../../test/faults/random.ts';
import { readHead, readRuleSet } from '../src/nodes/document.ts';
import { createCompilation } from '../src/projections/compilation.ts';
import { stateProjection } from '../src/projections/state.ts';
import { schema } from '../src/service.ts';
import { createAgent } from './agent.ts';
import { createChanges, patient } from './crash/changes.ts';
import { end, isGone, startProcess } from './crash/process.ts';
import { expectFresh } from './fresh.ts';
import { type Harness, ownMigrations, startHarness } from './harness.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await startHarness({ services: 0 });
});
afterAll(() => harness.stop());

const CHANGES = 48;
const CALLERS = 8;
/** Where a process kills itself: the effect is written and not committed, committed and not told, about to be written. */
const points = [
  'project.before-commit',
  'project.after-commit',
  'project.before-effect',
  'append.after-commit',
] as const;

interface Stored {
  readonly hash: string;
  readonly rules: string;
}
const nothing: Stored = { hash: rulesHash(emptyRuleSet), rules: JSON.stringify(emptyRuleSet) };
async function stored(db: Pool): Promise<Map<string, Stored>> {
  const { rows } = await db.query<{ node: Id<'node'> }>('select node_id as node from network.node_document');
  const all = new Map<string, Stored>();
  for (const { node } of rows) {
    const { hash } = await readHead(db, node);
    all.set(node, { hash, rules: JSON.stringify(await readRuleSet(db, node)) });
  }
  return all;
}
/** What is in use of what all nodes share. */
async function sets(db: Pool): Promise<unknown> {
  const { rows } = await db.query(
    `select s.name, s.kind, array(
       select member from network.set_member m where m.set_name = s.name and not gone order by member collate "C"
     ) as members from network.rule_set s order by name collate "C"`,
  );
  return rows;
}

/** In a database of its own, in batches of other sizes than those that came, of which some are taken back at first. */
async function compiledAnew(events: readonly EventRecord[], batch: number) {
  const database = await createTestDatabase();
  const db = createPool({ url: database.url, name: 'anew', max: 2, log: harness.log });
  await migrate({ pool: db, schema, folders: [engineMigrations, ownMigrations], log: harness.log });
  const projection = stateProjection(createCompilation(), () => {});
  if (projection.kind !== 'project') throw new Error('It projects.');
  for (let at = 0; at < events.length; at += batch) {
    const tx = await db.connect();
    for (const end of at % 3 === 0 ? ['rollback', 'commit'] : ['commit']) {
      await tx.query('begin');
      await projection.apply(tx, events.slice(at, at + batch));
      await tx.query(end);
    }
    tx.release();
  }
  return {
    db,
    async drop() {
      await db.end();
      await database.drop();
    },
  };
}

it('every stored rule set is what the events say, however often the process was killed', {
  timeout: 150_000,
}, async () => {
  const seed = Number(process.env.ATOLL_TEST_SEED ?? Date.now() % 1_000_000);
  console.log(`rules after kills: seed ${seed} (ATOLL_TEST_SEED=${seed} takes it again)`);
  const [random, moments] = [seeded(seed), seeded(seed + 1)];
  const agents = [0, 1, 2].map(() => createAgent(harness.nc, newId('node')));
  let going = true;
  let [kills, byPoint] = [0, 0];

  function start() {
    const point = points[Math.floor(moments() * points.length)];
    return startProcess(harness, moments() < 0.5 ? '' : `${point}=kill@${1 + Math.floor(moments() * 15)}`);
  }
  const someMore = async () => (await harness.store.lastPosition()) + 2 + Math.floor(moments() * 10);
  /** One of two at a time, whenever there are some more events, or where it kills itself. */
  async function killing(): Promise<void> {
    const processes = [start(), start()];
    let until = await someMore();
    while (going) {
      await new Promise((resolve) => setTimeout(resolve, 5 + moments() * 20));
      const victim = Math.floor(moments() * 2);
      if ((await harness.store.lastPosition()) >= until) {
        until = await someMore();
        const child = processes[victim];
        if (child) await end(child, 'SIGKILL');
      }
      for (const [at, child] of processes.entries()) {
        if (!isGone(child)) continue;
        kills += 1;
        if (at !== victim) byPoint += 1;
        processes[at] = start();
      }
    }
    await Promise.all(processes.map((child) => end(child, 'SIGKILL')));
  }
  // The first one lives until there is something to change.
  const first = startProcess(harness);
  const changes = await createChanges(
    harness,
    random,
    agents.map((agent) => agent.nodeId),
  );
  await end(first, 'SIGKILL');
  const kill = killing();
  const following = agents.map(async (agent) => {
    while (going) {
      await agent.sync().catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });
  try {
    await Promise.all(
      Array.from({ length: CALLERS }, async () => {
        for (let n = 0; n < CHANGES / CALLERS; n++) await changes.next();
      }),
    );
  } finally {
    going = false;
    await Promise.all([kill, ...following]);
  }
  console.log(`killed ${kills} times, ${byPoint} of them by itself`);
  expect(kills).toBeGreaterThan(1);

  // Everything that was decided comes to its end, and the tables know it.
  const last = startProcess(harness);
  for (const { instanceId } of changes.placed) {
    await expect
      .poll(async () => (await harness.eventsOf(`endpoint:${instanceId}`)).map(({ type }) => type), patient)
      .toContain('EndpointAllocated');
  }
  // Who was told the changes, whoever told them, has what is stored: where it came to another hash, asking throws.
  for (const agent of agents) {
    const same = async () => {
      await agent.sync();
      return JSON.stringify(agent.applied()?.rules) === JSON.stringify(await readRuleSet(harness.pool, agent.nodeId));
    };
    await expect.poll(same, patient).toBe(true);
  }
  await expect
    .poll(async () => {
      const known = `select 1 from network.consumer where name = 'state' and position >= $1`;
      return harness.rows(known, [await harness.store.lastPosition()]);
    }, patient)
    .toHaveLength(1);
  await end(last, 'SIGKILL');
  const [checkpoint] = await harness.rows<{ position: number }>(
    `select position from network.consumer where name = 'state'`,
  );
  expect(await harness.rows('select * from network.parked_event')).toEqual([]);
  const events = (await harness.store.readAfter(0, 5000)).filter(
    (event) => event.position <= (checkpoint?.position ?? 0),
  );
  expect(events.length).toBeGreaterThan(CHANGES / 2);
  const anew = await compiledAnew(events, 7);
  try {
    const [ours, theirs] = [await stored(harness.pool), await stored(anew.db)];
    // Whoever came and went within one batch has left nothing there, and nothing but nothing here.
    for (const node of new Set([...ours.keys(), ...theirs.keys()])) {
      expect(ours.get(node) ?? nothing, node).toEqual(theirs.get(node) ?? nothing);
    }
    expect(await sets(harness.pool)).toEqual(await sets(anew.db));
    // And both are what it comes to where nothing is leant on that was there before.
    await expectFresh(harness.pool);
    await expectFresh(anew.db);
  } finally {
    await anew.drop();
  }
});
