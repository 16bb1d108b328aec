/**
 * Records golden streams: real commands through real deciders, with ids and times that are the same every time. The
 * contexts tell one story: what one of them names, the others have, too.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type Context, contexts } from '@atoll/schema/contexts';
import type { EventRecord } from '@atoll/schema/envelope';
import { type Id, type IdKind, idPrefixes, type Tenant } from '@atoll/schema/ids';
import type { EventRegistry } from '@atoll/schema/registry';
import { toCloudEvent } from '../cloudevents.ts';
import type { Decider, DomainEvent } from '../decider.ts';
import { goldenFile } from './golden.ts';

const digits = '0123456789abcdefghjkmnpqrstvwxyz';

/** The same id for the same number. */
export function goldenId<K extends IdKind>(kind: K, number: number): Id<K> {
  let text = '';
  for (let rest = number; rest > 0; rest = Math.floor(rest / digits.length)) text = digits[rest % digits.length] + text;
  return `${idPrefixes[kind]}_01kaq4x000e8y${text.padStart(13, '0')}` as Id<K>;
}

export interface Doing {
  readonly stream: string;
  readonly tenant: Tenant;
  readonly actor: string;
  readonly cause?: string;
}

export interface Recorder {
  /** Decides on the stream as it is by now, and records the events. A refusal is an error: the story is to go on. */
  run<S, C, E extends DomainEvent>(decider: Decider<S, C, E>, doing: Doing, command: C): readonly EventRecord[];
  /** The stream's state by now. */
  state<S, C, E extends DomainEvent>(decider: Decider<S, C, E>, stream: string): S;
  /** Refuses where types are missing, or where the release is sealed. Without a release the story is only checked. */
  write(release: string): void;
}

export function createRecorder(context: Context, registry: EventRegistry): Recorder {
  const records: EventRecord[] = [];
  const begin = Date.parse('2026-11-23T09:00:00.000Z');

  const foldStream = <S, C, E extends DomainEvent>(decider: Decider<S, C, E>, stream: string): S =>
    records
      .filter((record) => record.stream === stream)
      // Written by this very decider a moment ago.
      .reduce<S>((state, record) => decider.evolve(state, record as DomainEvent as E), decider.initial);

  function record(doing: Doing, event: DomainEvent): EventRecord {
    const definition = registry[event.type];
    if (definition === undefined) throw new Error(`${context} has no event ${event.type}.`);
    const position = records.length + 1;
    const made: EventRecord = {
      id: goldenId('event', (contexts.indexOf(context) + 1) * 100_000 + position),
      context,
      type: event.type,
      schemaVersion: definition.version,
      tenant: doing.tenant,
      stream: doing.stream,
      version: records.filter(({ stream }) => stream === doing.stream).length + 1,
      position,
      time: new Date(begin + position * 250).toISOString(),
      actor: doing.actor,
      cause: doing.cause ?? null,
      correlation: `golden-${doing.stream}`,
      traceparent:
        doing.cause === undefined ? `00-${'4bf92f3577b34da6a3ce929d0e0e4736'}-${'00f067aa0ba902b7'}-01` : null,
      data: definition.data.parse(event.data),
    };
    records.push(made);
    return made;
  }

  return {
    run(decider, doing, command) {
      const decision = decider.decide(foldStream(decider, doing.stream), command);
      if (!decision.ok) throw new Error(`${doing.stream}: ${decision.rejection.code} ${decision.rejection.message}`);
      return decision.events.map((event) => record(doing, event));
    },
    state: foldStream,
    write(release) {
      const told = new Set(records.map(({ type }) => type));
      const missing = Object.keys(registry).filter((type) => !told.has(type));
      if (missing.length > 0) throw new Error(`The story of ${context} lacks ${missing.join(', ')}.`);
      if (release === '') return;
      const file = goldenFile(release, context);
      if (existsSync(new URL('sealed.json', file))) throw new Error(`Release ${release} is sealed: record a new one.`);
      mkdirSync(new URL('.', file), { recursive: true });
      writeFileSync(file, `${records.map((event) => JSON.stringify(toCloudEvent(event))).join('\n')}\n`);
    },
  };
}
