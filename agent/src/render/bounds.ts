/**
 * How many connections one pod may have, so that none fills the table in which the kernel keeps those of all pods of the node:
 * in `mangle`, which no change of policies writes, because the counts are lost with the rules that count.
 *
 *   FORWARD, INPUT ─ bound-out  (a pod's new connection, to another pod, outside, or the name server)
 *   FORWARD ─ bound-in   (a new connection to a pod)
 *
 * What is over the bound is dropped, and is in no table. Connections that are over (TIME_WAIT) the kernel still keeps for two
 * minutes and doesn't count, so what a pod begins is bounded by the second, too.
 */
import { type Chain, chain, inState, jump, type RuleBody } from './chain.ts';
import { type Family, familyFacts } from './family.ts';
import type { RuleIntent } from './intent.ts';
import type { NodeNames } from './names.ts';
import { type Anchor, anchor, type RenderedPart } from './tables.ts';

/** One client that has as many as it may keeps others from their server no more. */
const inward = 4;

export function renderBounds(names: NodeNames, _intent: RuleIntent, family: Family): RenderedPart {
  const { connections, newPerSecond } = names.bounds;
  const drop = (...match: string[]): RuleBody => ({ match, target: jump('DROP') });
  const open = (end: 'saddr' | 'daddr', most: number) =>
    connections === 0
      ? []
      : [
          drop(
            ...['-m', 'connlimit', '--connlimit-above', `${most}`],
            ...['--connlimit-mask', `${familyFacts[family].length}`, `--connlimit-${end}`],
          ),
        ];
  const begun =
    newPerSecond === 0
      ? []
      : [
          drop(
            ...['-m', 'hashlimit', '--hashlimit-above', `${newPerSecond}/second`],
            ...['--hashlimit-burst', `${newPerSecond * 2}`, '--hashlimit-mode', 'srcip'],
            // By its name the kernel takes another one for this one, whatever their rates are.
            ...['--hashlimit-name', `${names.prefix}b${newPerSecond}`],
          ),
        ];
  const chains: Chain[] = [];
  const anchors: Anchor[] = [];
  const { anyInterface } = names;
  function add(
    name: string,
    bodies: readonly RuleBody[],
    from: readonly (readonly ['FORWARD' | 'INPUT', '-i' | '-o'])[],
  ) {
    if (bodies.length === 0) return;
    chains.push(chain(names.chain(name), bodies));
    for (const [builtin, flag] of from) {
      anchors.push(anchor(builtin, [flag, anyInterface, ...inState('NEW')], names.chain(name)));
    }
  }
  add(
    'bound-out',
    [...begun, ...open('saddr', connections)],
    [
      ['FORWARD', '-i'],
      ['INPUT', '-i'],
    ],
  );
  add('bound-in', open('daddr', connections * inward), [['FORWARD', '-o']]);
  return { sets: [], tables: { mangle: { chains, anchors } } };
}
