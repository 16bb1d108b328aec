/**
 * The newest rules: in memory with the sums of their hash, and on disk. Parts that a change didn't touch stay the very same
 * objects from one document to the next (each element of each list, each set), so that whoever applies the rules may compare
 * by identity what there is to do.
 */
import type { Id } from '@atoll/schema/ids';
import { type DesiredNetwork, desiredNetwork } from '@atoll/schema/node/network';
import type { HeldNetwork } from '@atoll/schema/node/rules-pull';
import type { Logger } from '@atoll/service/log';
import { openJournal } from './journal.ts';

export interface NetworkDocument {
  current(): DesiredNetwork | null;
  /** 0 for none. */
  generation(): number;
  /** Null where there is none, or it isn't what its hash says: everything is asked for, then. */
  held(): HeldNetwork | null;
  /** Takes it where it is newer; true then. On disk before it is acted on. */
  offer(next: HeldNetwork): Promise<boolean>;
}

export async function openNetworkDocument(options: {
  path: string;
  nodeId: Id<'node'>;
  /** Equal to `next`, and made of as much as possible of `previous`: for rules that were asked for as a whole. */
  share: (previous: DesiredNetwork | null, next: DesiredNetwork) => DesiredNetwork;
  log: Logger;
}): Promise<NetworkDocument> {
  const { path, nodeId, share, log } = options;
  const isForeign = (document: DesiredNetwork) => {
    if (document.nodeId === nodeId) return false;
    log.error({ path, nodeId: document.nodeId }, "this document is another node's and is ignored");
    return true;
  };
  const journal = openJournal({
    path,
    whole: { schema: desiredNetwork, read: (document) => ({ document, at: null }), write: (document) => document },
    log,
  });
  const loaded = await journal.load();
  const own = loaded === null || isForeign(loaded.document) ? null : loaded;
  let current: DesiredNetwork | null = own?.document ?? null;
  // One of an older version of the agent may have another hash.
  let held: HeldNetwork | null = own?.held ?? null;
  return {
    current: () => current,
    generation: () => current?.generation ?? 0,
    held: () => held,
    async offer(next) {
      const { document } = next;
      if (isForeign(document)) return false;
      // Generation 0 is a document, too: the first, with nothing in it.
      const has = current?.generation ?? -1;
      if (document.generation < has)
        log.warn({ has, got: document.generation }, 'older rules were offered and are ignored');
      // The same generation once more is what had to be asked for as a whole.
      if (document.generation < has || (document.generation === has && held !== null)) return false;
      const shared = share(current, document);
      await journal.save(shared);
      current = shared;
      held = { document: current, hashed: { ...next.hashed, rules: current.rules } };
      return true;
    },
  };
}
