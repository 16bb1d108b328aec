/**
 * One question → what is answered. Pure.
 *
 * `<service>.<namespace>.<zone>`, and `<service>.<zone>` for the asker's own namespace: A, AAAA, and with a port and a protocol in
 * front (`_http._tcp.`) SRV. A name that exists has an answer or none of that type (NODATA); what the asker may not know of is
 * missing (NXDOMAIN), like what never was. What isn't in the zone is for somebody else.
 */
import type { NamedService, NamesTable } from './table.ts';

/** Seconds. Short: a service that is deleted or made anew is noticed soon. */
export const TTL = 5;

export type AnswerRecord =
  | { readonly type: 'A' | 'AAAA'; readonly name: string; readonly ttl: number; readonly data: string }
  | {
      readonly type: 'SRV';
      readonly name: string;
      readonly ttl: number;
      readonly data: {
        readonly priority: number;
        readonly weight: number;
        readonly port: number;
        readonly target: string;
      };
    };

export type Answered =
  | { readonly kind: 'outside' }
  | { readonly kind: 'missing' }
  | {
      readonly kind: 'found';
      readonly answers: readonly AnswerRecord[];
      readonly additionals: readonly AnswerRecord[];
    };

const missing: Answered = { kind: 'missing' };
const found = (answers: readonly AnswerRecord[], additionals: readonly AnswerRecord[] = []): Answered => ({
  kind: 'found',
  answers,
  additionals,
});

const addressesOf = (name: string, { ipv4, ipv6 }: NamedService): AnswerRecord[] => [
  { type: 'A', name, ttl: TTL, data: ipv4 },
  { type: 'AAAA', name, ttl: TTL, data: ipv6 },
];

/** `type` as the question has it, e.g. `A`; one that is none of ours has no data. `name` is answered as it was spelled. */
export function answer(table: NamesTable, asker: string, name: string, type: string): Answered {
  const asked = name.toLowerCase().replace(/\.$/, '');
  if (asked !== table.zone && !asked.endsWith(`.${table.zone}`)) return { kind: 'outside' };
  const who = table.askers[asker];
  const labels = asked === table.zone ? [] : asked.slice(0, -table.zone.length - 1).split('.');
  // The zone itself is there for everybody.
  if (labels.length === 0) return found([]);
  const view = who === undefined ? undefined : table.views[who.view];
  if (view === undefined || who === undefined) return missing;

  const [port, protocol] = labels;
  const srv =
    port?.startsWith('_') && protocol?.startsWith('_') ? { port: port.slice(1), protocol: protocol.slice(1) } : null;
  const rest = srv === null ? labels : labels.slice(2);
  const path = rest.length === 1 ? `${rest[0]}.${who.namespace}` : rest.join('.');
  const service = Object.hasOwn(view.services, path) ? view.services[path] : undefined;
  if (service === undefined) {
    // Between a name and the zone there is no gap: the namespace is a name that has nothing itself.
    const [only] = rest;
    const isNamespace = srv === null && rest.length === 1 && only !== undefined && view.namespaces.includes(only);
    return isNamespace && Object.keys(view.services).some((key) => key.endsWith(`.${only}`)) ? found([]) : missing;
  }
  const full = `${path}.${table.zone}`;
  if (srv === null) return found(addressesOf(name, service).filter((record) => record.type === type || type === 'ANY'));
  const matching = service.ports.filter((one) => one.name === srv.port && one.protocol.toLowerCase() === srv.protocol);
  if (matching.length === 0) return missing;
  if (type !== 'SRV' && type !== 'ANY') return found([]);
  return found(
    matching.map((one) => ({
      ...{ type: 'SRV', name, ttl: TTL },
      data: { priority: 0, weight: 0, port: one.port, target: full },
    })),
    addressesOf(full, service),
  );
}
