/** The rules of a node on disk: whatever is cut off, and wherever, the last good ones or the new ones are there. */
import { appendFile, mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DesiredNetwork, desiredNetwork } from '@atoll/schema/node/network';
import { exec } from '@atoll/service/exec';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openJournal } from '../src/link/journal.ts';
import { shareNetwork } from '../src/plan/shared.ts';
import { compile, endpointAt, fixedId, networkDocument, type Opening, pools } from './fixtures.ts';
import { log } from './lab.ts';

let folder: string;
let mounted: string | null = null;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atoll-journal-'));
});
afterEach(async () => {
  if (mounted !== null) await exec('umount', [mounted]);
  mounted = null;
  await rm(folder, { recursive: true, force: true });
});

const opened = (place = folder) =>
  openJournal({
    path: join(place, 'network.json'),
    whole: { schema: desiredNetwork, read: (document) => ({ document, at: null }), write: (document) => document },
    log,
  });
const loaded = async (place = folder) => (await opened(place).load())?.document ?? null;
const journalIn = (place: string) => join(place, 'network.journal');

const all = Array.from({ length: 5 }, (_, n) => endpointAt(fixedId('instance', n + 1), 1, n + 2));
const opening = (number: number, from: number, to: number): Opening => ({
  policyId: fixedId('policy', number),
  from: all.slice(0, from).map((end) => end.instanceId),
  to: all.slice(from, to).map((end) => end.instanceId),
  protocol: 'TCP',
  ports: { from: number, to: number },
});
const document = (generation: number, openings: readonly Opening[], local = all): DesiredNetwork =>
  networkDocument(fixedId('node', 1), generation, compile(all, openings, local));

/** Members, rules, endpoints and pools that come and go. */
const steps: DesiredNetwork[] = [];
for (const next of [
  document(3, [opening(80, 1, 2)]),
  document(4, [opening(80, 2, 4)]),
  document(7, [opening(80, 2, 4), opening(81, 1, 2)]),
  document(8, [opening(80, 2, 4), opening(81, 1, 2)], all.slice(3)),
  { ...document(12, [opening(81, 1, 2)]), pools: { ...pools, reserved: ['192.0.2.0/24'] } },
  document(13, []),
]) {
  steps.push(shareNetwork(steps.at(-1) ?? null, next));
}
const [first, second] = steps as [DesiredNetwork, DesiredNetwork];
const last = steps.at(-1) ?? first;

async function saveAll(): Promise<string> {
  const journal = opened();
  for (const step of steps) await journal.save(step);
  return readFile(journalIn(folder), 'utf8');
}

test('each change is a line, and all of them are what was saved last', async () => {
  const text = await saveAll();
  expect(text.split('\n')).toHaveLength(steps.length);
  expect(JSON.parse(await readFile(join(folder, 'network.json'), 'utf8'))).toEqual(first);
  expect(await loaded()).toEqual(last);
});

const newline = '\n'.charCodeAt(0);

test('cut off at any byte, it is the last change that was whole; and the next one is kept', async () => {
  const text = await saveAll();
  const bytes = Buffer.from(text);
  for (let length = bytes.length; length >= 0; length--) {
    // Within a line one byte is as another; at its ends each counts.
    const atEnd = [-2, -1, 0, 1, 16, 17].some((off) => bytes[length - 1 - off] === newline || length - off === 0);
    if (!atEnd && length % 23 !== 0) continue;
    await truncate(journalIn(folder), length);
    const lines = bytes.subarray(0, length).toString().split('\n').length - 1;
    expect(await loaded(), `cut off after ${length} bytes`).toEqual(steps[lines]);
    if (!atEnd && length % 115 !== 0) continue;
    const journal = opened();
    await journal.load();
    await journal.save({ ...last, generation: 99 });
    expect(await loaded(), `written on after ${length} bytes`).toEqual({ ...last, generation: 99 });
    await writeFile(journalIn(folder), bytes.subarray(0, length));
  }
});

test('a byte that is another one ends it before that line', async () => {
  const bytes = Buffer.from(await saveAll());
  for (let at = 0; at < bytes.length; at += 37) {
    const broken = Buffer.from(bytes);
    broken[at] = (broken[at] ?? 0) ^ 1;
    await writeFile(journalIn(folder), broken);
    const lines = bytes.subarray(0, at).toString().split('\n').length - 1;
    expect(await loaded(), `byte ${at}`).toEqual(steps[lines]);
  }
});

test('killed between the whole document and the end of its journal, nothing is applied twice', async () => {
  const text = await saveAll();
  for (const step of steps) {
    await writeFile(join(folder, 'network.json'), JSON.stringify(step));
    await writeFile(journalIn(folder), text);
    expect(await loaded()).toEqual(last);
    const journal = opened();
    await journal.load();
    await journal.save({ ...first, generation: 99 });
    expect(await loaded()).toEqual({ ...first, generation: 99 });
  }
});

test('lines of another document are none of this one', async () => {
  await saveAll();
  const lines = (await readFile(journalIn(folder), 'utf8')).split('\n');
  await writeFile(join(folder, 'network.json'), JSON.stringify(first));
  // One is missing.
  await writeFile(journalIn(folder), lines.slice(1).join('\n'));
  expect(await loaded()).toEqual(first);
  await writeFile(journalIn(folder), '');
  await appendFile(journalIn(folder), 'something else\n');
  expect(await loaded()).toEqual(first);
});

test('a change of a large set is as long as what changes, and the journal doesn’t grow for ever', async () => {
  const [size, moved] = [20_000, 4000];
  const many = (generation: number): DesiredNetwork => {
    const { rules, nodeId } = document(generation, []);
    const address = (n: number) => `10.${65 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
    const ipv4 = Array.from({ length: size }, (_, n) => address(generation * moved + n)).sort();
    const sets = [{ name: 'many', kind: 'addresses' as const, ipv4, ipv6: [] }];
    return networkDocument(nodeId, generation, { ...rules, sets });
  };
  const lengthOf = async () => (await stat(journalIn(folder)).catch(() => ({ size: 0 }))).size;
  const journal = opened();
  let held: DesiredNetwork | null = null;
  let wholes = 0;
  for (let generation = 1; generation <= 14; generation++) {
    held = shareNetwork(held, many(generation));
    const before = await lengthOf();
    await journal.save(held);
    const grown = (await lengthOf()) - before;
    if (grown <= 0) wholes += 1;
    else expect(grown).toBeLessThan(moved * 2 * 20);
  }
  // The first one, and one when the journal was long enough.
  expect(wholes).toBe(2);
  expect(await loaded()).toEqual(held);
  expect(await lengthOf()).toBeLessThan(1 << 20);
});

test('a full disk: it is said, what was there stays, and it goes on where there is room again', async () => {
  await exec('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', folder]);
  mounted = folder;
  const journal = opened();
  await journal.save(first);
  await journal.save(second);
  const filler = join(folder, 'filler');
  await writeFile(filler, 'x'.repeat(1 << 20)).catch(() => {});
  const long = {
    ...second,
    generation: 50,
    pools: { ...pools, reserved: Array.from({ length: 9000 }, () => '192.0.2.0/24') },
  };
  for (let time = 0; time < 3; time++) {
    await expect(journal.save(long)).rejects.toThrow(/ENOSPC|no space|bytes were written/);
    expect(await loaded()).toEqual(second);
  }
  await rm(filler);
  await journal.save(last);
  expect(await loaded()).toEqual(last);
});
