/**
 * Nobody sends under another's address, before anything else is decided, in `raw`: such a packet makes no connection, is
 * translated nowhere, and isn't even answered by an error.
 *
 *   PREROUTING ─ guard ─┬─ from a pod of this node: dropped unless its source is that pod's own address
 *                       └─ from anywhere else: dropped where its source is the address of a pod of this node
 */
import { chain, inSet, jump, notInSet } from './chain.ts';
import type { Family } from './family.ts';
import type { RuleIntent } from './intent.ts';
import type { NodeNames } from './names.ts';
import { localSet, ownSet } from './own.ts';
import { anchor, type RenderedPart } from './tables.ts';

export function renderGuard(names: NodeNames, intent: RuleIntent, family: Family): RenderedPart {
  const { endpoints } = intent.rules;
  const own = ownSet(names, family, endpoints);
  const local = localSet(names, family, endpoints);
  const guard = names.chain('guard');
  return {
    sets: [own, local],
    tables: {
      raw: {
        chains: [
          chain(guard, [
            { match: ['-i', names.anyInterface, ...notInSet(own.name, 'src,src')], target: jump('DROP') },
            { match: ['!', '-i', names.anyInterface, ...inSet(local.name, 'src')], target: jump('DROP') },
          ]),
        ],
        anchors: [anchor('PREROUTING', [], guard)],
      },
    },
  };
}
