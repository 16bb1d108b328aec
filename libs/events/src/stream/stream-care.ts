/**
 * What to do about a stream's settings. The stream is transport: what can be set right is set right, what can't be
 * changed is made anew from the database, and what isn't ours is left alone and named.
 */
import type { Context } from '@atoll/schema/contexts';
import { eventStream, eventSubjects } from '@atoll/schema/subjects';
import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';

/** Two minutes, in nanoseconds: longer than any publish is tried again. */
const DUPLICATE_WINDOW = 120_000_000_000;
/** What the largest event and the largest reply to a fetch need, and the default of nats-server nearly twice over. */
const MIN_PAYLOAD = 700 * 1024;

export type StreamCare =
  | { readonly kind: 'fine' }
  /** Settings that can be changed while the stream lives. */
  | { readonly kind: 'repair'; readonly changes: Partial<StreamConfig>; readonly why: string }
  /** Settings that can't: deleted, made again, and filled from the database. */
  | { readonly kind: 'renew'; readonly why: string }
  /** Somebody else's, by its name or by its settings: nothing is done to it. */
  | { readonly kind: 'refuse'; readonly why: string };

/** NATS or its stream isn't as the relay needs it, and somebody has to act. */
export class UnfitNats extends Error {
  override readonly name = 'UnfitNats';
}

/** How the relay makes a stream. Replicas and placement are the operator's business. */
export const streamSettings = (context: Context, maxBytes: number) => ({
  name: eventStream(context),
  description: `Events of the context ${context}; refilled from its database at any time`,
  subjects: [eventSubjects(context)],
  retention: RetentionPolicy.Limits,
  storage: StorageType.File,
  // The oldest go first: whoever still needs them fetches them from the owner.
  discard: DiscardPolicy.Old,
  max_bytes: maxBytes,
  duplicate_window: DUPLICATE_WINDOW,
});

/** Left at what they are in `streamSettings`, or at what nats-server makes of them where nothing is said. */
const repairable = (context: Context, maxBytes: number): Partial<StreamConfig> => ({
  subjects: [eventSubjects(context)],
  discard: DiscardPolicy.Old,
  max_bytes: maxBytes,
  max_age: 0,
  max_msgs: -1,
  max_msgs_per_subject: -1,
  max_msg_size: -1,
  duplicate_window: DUPLICATE_WINDOW,
  no_ack: false,
});

function renewal(config: StreamConfig): string | null {
  if (config.storage !== StorageType.File) return 'it is kept in memory, and would be gone with the NATS server';
  if (config.retention !== RetentionPolicy.Limits)
    return `its retention is ${config.retention}, and it would lose events`;
  if (config.sealed) return 'it is sealed, and takes nothing new';
  if ((config.sources ?? []).length > 0) return 'it has sources, whose messages come in between';
  if ('subject_transform' in config && config.subject_transform) return 'it changes the subjects of events';
  if (config.max_consumers > 0) return `it allows ${config.max_consumers} consumers only`;
  return null;
}

/** Pure. */
export function careOf(config: StreamConfig, context: Context, maxBytes: number): StreamCare {
  const ours = `evt.${context}.`;
  const subjects = config.subjects ?? [];
  if (config.mirror || !subjects.some((subject) => subject.startsWith(ours))) {
    const what = config.mirror
      ? `is a mirror of ${config.mirror.name}`
      : `takes ${subjects.join(', ') || 'no subjects'}`;
    return {
      kind: 'refuse',
      why:
        `The JetStream stream ${config.name} ${what}: it isn't the one that Atoll makes for ${eventSubjects(context)}. ` +
        'Remove or rename it, or give Atoll a NATS account of its own.',
    };
  }
  const renew = renewal(config);
  if (renew !== null) return { kind: 'renew', why: renew };
  const changes = Object.entries(repairable(context, maxBytes)).filter(([name, value]) => {
    const present: unknown = Reflect.get(config, name);
    // What is left out in an answer is the default: 0 or false.
    return JSON.stringify(present ?? (typeof value === 'number' ? 0 : false)) !== JSON.stringify(value);
  });
  if (changes.length === 0) return { kind: 'fine' };
  const why = changes.map(
    ([name, to]) => `${name} was ${JSON.stringify(Reflect.get(config, name))}, is ${JSON.stringify(to)}`,
  );
  return { kind: 'repair', changes: Object.fromEntries(changes), why: why.join('; ') };
}

/** What a NATS server must have; throws `UnfitNats`, saying what to set. */
export function checkNatsServer(
  info: { jetstream?: boolean; max_payload?: number; version?: string } | undefined,
): void {
  if (info === undefined) return;
  if (info.jetstream === false || info.jetstream === undefined) {
    throw new UnfitNats(
      `This NATS server (${info.version ?? 'of unknown version'}) has no JetStream. Give its configuration a block ` +
        'jetstream { store_dir: "…" }, or start it with --jetstream.',
    );
  }
  if (info.max_payload !== undefined && info.max_payload < MIN_PAYLOAD) {
    throw new UnfitNats(
      `This NATS server takes messages of ${info.max_payload} bytes at most, and events need ${MIN_PAYLOAD}: set ` +
        'max_payload: 1MB (its default) or more.',
    );
  }
}
