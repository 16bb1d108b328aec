/** Effects on events whose personal data is opened for them, and errors that don't tell what was opened. */
import type { EventRecord } from '@atoll/schema/envelope';
import { isSealed } from './seal.ts';

/** The events with their personal values; throws `SealBroken`, or what tells that the keys can't be reached. */
export type OpenEvents = (events: readonly EventRecord[]) => Promise<readonly EventRecord[]>;

/** Texts of the values that are sealed in `stored` and open in `opened`. */
function openedTexts(stored: unknown, opened: unknown, found: Set<string>): void {
  if (isSealed(stored)) {
    if (opened === null || isSealed(opened)) return;
    const text = typeof opened === 'string' ? opened : JSON.stringify(opened);
    for (const form of [text, JSON.stringify(text).slice(1, -1)]) if (form !== '') found.add(form);
  } else if (typeof stored === 'object' && stored !== null && typeof opened === 'object' && opened !== null) {
    for (const [name, value] of Object.entries(stored)) openedTexts(value, Reflect.get(opened, name), found);
  }
}

/** Takes the texts out of whatever an error says: PostgreSQL quotes the values that it refuses. */
function censor(error: unknown, texts: readonly string[], depth = 0): void {
  if (!(error instanceof Error) || depth > 5) return;
  for (const name of Object.getOwnPropertyNames(error)) {
    const value: unknown = Reflect.get(error, name);
    if (typeof value === 'string') {
      const told = texts.reduce((all, text) => all.replaceAll(text, '(personal)'), value);
      if (told !== value) Object.defineProperty(error, name, { value: told, configurable: true, writable: true });
    } else censor(value, texts, depth + 1);
  }
}

/** Runs the effect on the opened events. An error of it goes on as it is, without what was opened. */
export async function withOpened<T>(
  open: OpenEvents | undefined,
  events: readonly EventRecord[],
  effect: (opened: readonly EventRecord[]) => Promise<T>,
): Promise<T> {
  const opened = open ? await open(events) : events;
  if (opened === events) return effect(events);
  try {
    return await effect(opened);
  } catch (error) {
    const texts = new Set<string>();
    events.forEach(({ data }, index) => {
      openedTexts(data, opened[index]?.data, texts);
    });
    // The longest first: one may be a part of another.
    censor(
      error,
      [...texts].sort((a, b) => b.length - a.length),
    );
    throw error;
  }
}
