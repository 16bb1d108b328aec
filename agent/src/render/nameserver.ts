/**
 * Pods ask their gateway for names, at port 53. The server listens at a port of the node's own, so that neither another node on the
 * same host nor a resolver of the host's is in its way.
 *
 *   PREROUTING ─ names ── port 53 of the name server's address ── the port that it listens at
 */
import { chain } from './chain.ts';
import { type Family, familyFacts } from './family.ts';
import type { RuleIntent } from './intent.ts';
import type { NodeNames } from './names.ts';
import { anchor, type RenderedPart } from './tables.ts';

export function renderNames(names: NodeNames, _intent: RuleIntent, family: Family): RenderedPart {
  const { nameServer } = familyFacts[family];
  const lead = names.chain('names');
  const to = family === 'ipv6' ? `[${nameServer}]:${names.namesPort}` : `${nameServer}:${names.namesPort}`;
  const asked = (protocol: string) => ['-d', nameServer, '-p', protocol, '-m', protocol, '--dport', '53'];
  return {
    sets: [],
    tables: {
      nat: {
        chains: [
          chain(
            lead,
            ['udp', 'tcp'].map((protocol) => ({
              match: asked(protocol),
              target: ['-j', 'DNAT', '--to-destination', to],
            })),
          ),
        ],
        anchors: [anchor('PREROUTING', ['-i', names.anyInterface], lead)],
      },
    },
  };
}
