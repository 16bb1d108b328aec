/** How a context declares its events and commands: one zod schema each, from which the types follow. */
import type { z } from 'zod';
import type { Context } from './contexts.ts';

export interface EventDefinition {
  /** What it says has happened, to somebody who follows the events: the text of the generated documents. */
  readonly doc?: string;
  /** Kind of its stream: `<stream>:<id>`. */
  readonly stream?: string;
  /** Version of the newest shape. An edited shape is a new version with an upcaster from the one before. */
  readonly version: number;
  readonly data: z.ZodType;
  /** `upcasters[n]` turns data of version n into version n + 1. Pure. */
  readonly upcasters?: Readonly<Record<number, (data: unknown) => unknown>>;
}
export type EventRegistry = Readonly<Record<string, EventDefinition>>;

/** The union of a registry's events as a domain knows them: `{type, data}`. */
export type EventsOf<R extends EventRegistry> = {
  [T in keyof R & string]: { readonly type: T; readonly data: z.infer<R[T]['data']> };
}[keyof R & string];

/** Whether an event is one of a registry's: what a handler leaves to another one, or nobody. */
export const isOf = <R extends EventRegistry, E extends { readonly type: string }>(
  registry: R,
  event: E,
): event is Extract<E, { readonly type: keyof R & string }> => Object.hasOwn(registry, event.type);

export interface CommandDefinition {
  readonly input: z.ZodType;
  readonly result: z.ZodType;
}
export type CommandRegistry = Readonly<Record<string, CommandDefinition>>;
export type InputOf<R extends CommandRegistry, N extends keyof R> = z.infer<R[N]['input']>;
export type ResultOf<R extends CommandRegistry, N extends keyof R> = z.infer<R[N]['result']>;

export interface ContextSchema {
  readonly context: Context;
  readonly events: EventRegistry;
  readonly commands: CommandRegistry;
}
