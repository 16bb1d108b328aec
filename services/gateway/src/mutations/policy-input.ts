/** What a policy is to decide, as the input says it → as the command says it. Pure. */
import { type Rejection, reject } from '@atoll/schema/errors';
import { type LabelInput, labelMap, labelRepetition } from './lists.ts';

type Given<T> = T | null | undefined;

interface Labelled {
  readonly labels?: Given<readonly LabelInput[]>;
}
export interface InstancesInput extends Labelled {
  readonly namespaceId?: Given<string>;
}
export interface CidrInput {
  readonly cidr: string;
  readonly except?: Given<readonly string[]>;
}
export interface SideInput {
  readonly instances?: Given<InstancesInput>;
  readonly environment?: Given<Labelled & { readonly environmentId: string }>;
  readonly service?: Given<{ readonly serviceId: string }>;
  readonly cidr?: Given<CidrInput>;
}
export interface TrafficInput {
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
  readonly from?: Given<number>;
  readonly to?: Given<number>;
  readonly icmpType?: Given<string>;
}
export interface ScheduleInput {
  readonly startsAt?: Given<string>;
  readonly endsAt?: Given<string>;
  readonly windows?: Given<readonly { readonly days: readonly string[]; readonly from: string; readonly to: string }[]>;
  readonly timeZone: string;
}
/** The short forms and the whole ones; one of each two is given. */
export interface PolicyInput {
  readonly action: 'ALLOW' | 'DENY';
  readonly priority: number;
  readonly log: boolean;
  readonly sources?: Given<readonly SideInput[]>;
  readonly destinations?: Given<readonly SideInput[]>;
  readonly traffic?: Given<readonly TrafficInput[]>;
  readonly schedule?: Given<ScheduleInput>;
  readonly from?: Given<InstancesInput>;
  readonly toLabels?: Given<readonly LabelInput[]>;
  readonly ports?: Given<
    readonly { readonly protocol: 'TCP' | 'UDP'; readonly from: number; readonly to?: Given<number> }[]
  >;
}

type Data = Readonly<Record<string, unknown>>;
export const isFault = (value: Data | readonly Data[] | Rejection): value is Rejection => 'code' in value;
const invalid = (message: string, field: string) => reject('INVALID_ARGUMENT', message, field);

const kinds = ['instances', 'environment', 'service', 'cidr'] as const;
const givenKinds = (side: SideInput) => kinds.filter((kind) => side[kind] !== null && side[kind] !== undefined);

function peerOf(side: SideInput, at: string, ownNamespace: string): Data | Rejection {
  const given = givenKinds(side);
  if (given.length !== 1) {
    const said = given.length === 0 ? 'nothing' : given.join(' and ');
    return invalid(`Give exactly one of instances, environment, service and cidr; this has ${said}.`, at);
  }
  const { instances, environment, service, cidr } = side;
  const twice =
    labelRepetition(instances?.labels, `${at}.instances.labels`) ??
    labelRepetition(environment?.labels, `${at}.environment.labels`);
  if (twice) return twice;
  if (instances) {
    const namespaceId = instances.namespaceId ?? ownNamespace;
    return { kind: 'INSTANCES', namespaceId, labels: labelMap(instances.labels) };
  }
  if (environment) {
    return { kind: 'ENVIRONMENT', environmentId: environment.environmentId, labels: labelMap(environment.labels) };
  }
  if (service) return { kind: 'SERVICE', serviceId: service.serviceId };
  return { kind: 'CIDR', cidr: cidr?.cidr, except: cidr?.except ?? [] };
}

/** The whole form, or the short one; `names`: of both. */
function eitherOf<A, B>(
  whole: Given<A>,
  short: Given<B>,
  names: readonly [string, string],
): Rejection | { readonly whole: A } | { readonly short: B } {
  const [wholeName, shortName] = names;
  if (whole !== null && whole !== undefined) {
    if (short === null || short === undefined) return { whole };
    return invalid(`Give either ${wholeName} or ${shortName}, which is short for it.`, shortName);
  }
  if (short !== null && short !== undefined) return { short };
  return invalid(`Say what it is about: give ${wholeName}, or ${shortName}, which is short for it.`, wholeName);
}

function sideOf(
  whole: Given<readonly SideInput[]>,
  short: Given<InstancesInput>,
  names: readonly [string, string],
  ownNamespace: string,
): readonly Data[] | Rejection {
  const form = eitherOf(whole, short, names);
  if (isFault(form)) return form;
  if ('short' in form) {
    const { labels, namespaceId } = form.short;
    const twice = labelRepetition(labels, names[1] === 'from' ? 'from.labels' : names[1]);
    return twice ?? [{ kind: 'INSTANCES', namespaceId: namespaceId ?? ownNamespace, labels: labelMap(labels) }];
  }
  const peers: Data[] = [];
  for (const [index, side] of form.whole.entries()) {
    const peer = peerOf(side, `${names[0]}.${index}`, ownNamespace);
    if (isFault(peer)) return peer;
    peers.push(peer);
  }
  return peers;
}

export function trafficOf({ traffic, ports }: Pick<PolicyInput, 'traffic' | 'ports'>): readonly Data[] | Rejection {
  const form = eitherOf(traffic, ports, ['traffic', 'ports']);
  if (isFault(form)) return form;
  if ('short' in form) {
    if (form.short.length === 0) {
      return invalid('Give at least one range of ports; for traffic of every kind give an empty `traffic`.', 'ports');
    }
    return form.short.map(({ protocol, from, to }) => ({ protocol, from, to: to ?? from }));
  }
  const all: Data[] = [];
  for (const [index, { protocol, from, to, icmpType }] of form.whole.entries()) {
    const at = `traffic.${index}`;
    if (protocol === 'ICMP') {
      if (typeof from === 'number' || typeof to === 'number') return invalid('ICMP has no ports: leave them out.', at);
      all.push({ protocol, type: icmpType ?? null });
      continue;
    }
    if (icmpType) return invalid(`${protocol} has no messages of ICMP: leave icmpType out.`, `${at}.icmpType`);
    if (typeof from !== 'number') {
      return invalid(`Give the first port of ${protocol}; for all of them, from 1 to 65535.`, `${at}.from`);
    }
    all.push({ protocol, from, to: to ?? from });
  }
  return all;
}

/** In UTC; what is no instant is passed on, to be refused by its field. */
function instantOf(time: Given<string>): string | null {
  if (time === null || time === undefined) return null;
  const at = /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(time) ? new Date(time) : new Date(Number.NaN);
  return Number.isNaN(at.getTime()) ? time : at.toISOString();
}

const scheduleOf = ({ startsAt, endsAt, windows, timeZone }: ScheduleInput): Data => ({
  startsAt: instantOf(startsAt),
  endsAt: instantOf(endsAt),
  windows: windows ?? [],
  timeZone,
});

/** Of the command: its definition and its schedule. */
export function intentOf(input: PolicyInput, ownNamespace: string): Data | Rejection {
  const { action, priority, log, schedule } = input;
  const from = sideOf(input.sources, input.from, ['sources', 'from'], ownNamespace);
  if (isFault(from)) return from;
  const labels = input.toLabels ? { labels: input.toLabels } : null;
  const to = sideOf(input.destinations, labels, ['destinations', 'toLabels'], ownNamespace);
  if (isFault(to)) return to;
  const traffic = trafficOf(input);
  if (isFault(traffic)) return traffic;
  return { definition: { action, priority, from, to, traffic, log }, schedule: schedule ? scheduleOf(schedule) : null };
}

/** A field of the command, in the words of the input. */
export function fieldOfInput(field: string, input: unknown): string {
  const { sources, destinations, traffic } = input as PolicyInput;
  const parts = field.split('.');
  const [first, part = '', index, ...rest] = parts;
  if (first !== 'definition') return field;
  if (part === 'from' || part === 'to') {
    const sides = part === 'from' ? sources : destinations;
    const short = part === 'from' ? 'from' : 'toLabels';
    if (!sides) {
      // Of the short form of destinations there is nothing but the labels.
      const inner = part === 'to' && rest[0] === 'labels' ? rest.slice(1) : part === 'to' ? [] : rest;
      return [short, ...inner].join('.');
    }
    const name = part === 'from' ? 'sources' : 'destinations';
    if (index === undefined) return name;
    const side = sides[Number(index)];
    const [kind] = side ? givenKinds(side) : [];
    if (!side || kind === undefined || rest.length === 0) return [name, index].join('.');
    const [attribute = '', ...deeper] = rest;
    if (attribute !== 'labels') return [name, index, kind, ...rest].join('.');
    const labels = (side.instances ?? side.environment)?.labels ?? [];
    // Keys may have dots in them.
    const place = labels.findIndex(({ key }) => key === deeper.join('.'));
    return [name, index, kind, 'labels', ...(place < 0 ? [] : [String(place)])].join('.');
  }
  if (part === 'traffic') {
    const inner = rest[0] === 'type' ? ['icmpType'] : rest;
    return [traffic ? 'traffic' : 'ports', ...(index === undefined ? [] : [index, ...inner])].join('.');
  }
  return parts.slice(1).join('.');
}
