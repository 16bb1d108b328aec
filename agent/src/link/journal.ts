/**
 * A node's rules on disk, at a cost in proportion to what changes: a whole document, and beside it a journal of what has become of it,
 * one line for each change, with a checksum and the hash of the outcome.
 *
 * - A change is on disk when `save` resolves. Whoever is killed before that leaves the rules as they were or as they are to be: a line
 *   that isn't whole isn't there.
 * - From time to time the whole document is written anew: beside the old one, and renamed over it. Lines that it has already say so by
 *   their generation, so the journal may go after it, or not.
 * - Where nothing can be written (the disk is full), `save` throws, and what was there before stays.
 */
import { createHash } from 'node:crypto';
import { open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type DesiredNetwork, desiredNetwork } from '@atoll/schema/node/network';
import {
  changeRules,
  hashedRules,
  hashOfRules,
  operationsBetween,
  ruleOperation,
} from '@atoll/schema/node/rules-changes';
import type { HeldNetwork } from '@atoll/schema/node/rules-pull';
import type { Logger } from '@atoll/service/log';
import { z } from 'zod';
import { loadFile, saveFile } from '../disk.ts';

/** The journal may grow to this, or to the whole document's size if that is more. */
const smallest = 1 << 20;

const line = z.strictObject({
  from: z.number().int(),
  generation: z.number().int(),
  hash: z.string(),
  /** With what it was saved. */
  at: z.string().nullable(),
  pools: desiredNetwork.shape.pools,
  operations: z.array(ruleOperation),
});
type Line = z.infer<typeof line>;

export interface Kept {
  readonly document: DesiredNetwork;
  readonly at: string | null;
  /** Null where the document isn't what its hash says. */
  readonly held: HeldNetwork | null;
}

/** How the whole document is written. */
export interface Whole<T> {
  readonly schema: z.ZodType<T>;
  read(file: T): { readonly document: DesiredNetwork; readonly at: string | null };
  write(document: DesiredNetwork, at: string | null): T;
}

export interface Journal {
  /** Null where there is nothing that can be used. */
  load(): Promise<Kept | null>;
  /** What of it is the very same as at the last time costs nothing. */
  save(document: DesiredNetwork, at?: string | null): Promise<void>;
}

const checksum = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 16);

export function openJournal<T>(options: { path: string; whole: Whole<T>; log: Logger }): Journal {
  const { path, whole, log } = options;
  const beside = `${path.replace(/\.json$/, '')}.journal`;
  /** What the files say; null: the whole document is to be written. */
  let last: DesiredNetwork | null = null;
  let wholeBytes = 0;
  /** Of the lines that are good. */
  let bytes = 0;

  function apply(held: HeldNetwork, next: Line): HeldNetwork | null {
    const { generation, hash, pools, operations } = next;
    if (next.from !== held.document.generation) return null;
    const draft = changeRules(held.hashed);
    draft.apply(operations);
    const hashed = draft.done();
    if (hashOfRules(hashed) !== hash) return null;
    return { document: { nodeId: held.document.nodeId, generation, hash, pools, rules: hashed.rules }, hashed };
  }

  /** Null for a line that isn't whole, or isn't one of this journal's. */
  function parse(text: string): Line | null {
    const json = text.slice(17);
    if (text.slice(0, 17) !== `${checksum(json)} `) return null;
    const parsed = line.safeParse(JSON.parse(json));
    return parsed.success ? parsed.data : null;
  }

  async function load(): Promise<Kept | null> {
    const file = await loadFile(path, whole.schema, log);
    if (file === null) return null;
    let { document, at } = whole.read(file);
    const hashed = hashedRules(document.rules);
    if (hashOfRules(hashed) !== document.hash) return { document, at, held: null };
    let held: HeldNetwork = { document, hashed };
    const text = await readFile(beside, 'utf8').catch(() => '');
    const lines = text.split('\n');
    // Behind the last line there is nothing, or one that was not finished.
    const rest = lines.pop();
    let good = 0;
    for (const one of lines) {
      const said = parse(one);
      const older = said !== null && said.generation <= held.document.generation;
      const next = said === null || older ? null : apply(held, said);
      if (!older && next === null) break;
      good += Buffer.byteLength(one) + 1;
      if (next === null) continue;
      held = next;
      at = said?.at ?? null;
    }
    if (rest !== '' || good < Buffer.byteLength(text)) {
      log.warn(
        { path: beside, good },
        'the end of this journal is not whole: a change was being written; it is left out',
      );
    }
    ({ document } = held);
    bytes = good;
    wholeBytes = Buffer.byteLength(JSON.stringify(file));
    last = document;
    return { document, at, held };
  }

  async function saveWhole(document: DesiredNetwork, at: string | null): Promise<void> {
    const { traces: _, ...kept } = document;
    const file = whole.write(kept, at);
    await saveFile(path, file);
    await rm(beside, { force: true });
    [last, bytes, wholeBytes] = [document, 0, JSON.stringify(file).length];
  }

  async function append(text: string): Promise<void> {
    const isNew = bytes === 0;
    const file = await open(beside, isNew ? 'w' : 'r+', 0o600);
    try {
      // What an earlier process didn't finish.
      await file.truncate(bytes);
      const buffer = Buffer.from(text);
      const { bytesWritten } = await file.write(buffer, 0, buffer.length, bytes);
      if (bytesWritten < buffer.length)
        throw new Error(`${beside}: only ${bytesWritten} of ${buffer.length} bytes were written`);
      await file.datasync();
    } finally {
      await file.close();
    }
    if (isNew) {
      const folder = await open(dirname(beside), 'r');
      await folder.sync().finally(() => folder.close());
    }
    bytes += Buffer.byteLength(text);
  }

  return {
    load,
    async save(document, at = null) {
      const before = last;
      if (before === null || document.nodeId !== before.nodeId || document.generation <= before.generation) {
        return saveWhole(document, at);
      }
      const { generation, hash, pools } = document;
      const operations = operationsBetween(before.rules, document.rules);
      const said: Line = { from: before.generation, generation, hash, at, pools, operations };
      const json = JSON.stringify(said);
      const text = `${checksum(json)} ${json}\n`;
      if (bytes + text.length > Math.max(smallest, wholeBytes)) return saveWhole(document, at);
      // Where this fails nobody knows what is there: then it is all written anew.
      last = null;
      await append(text);
      last = document;
    },
  };
}
