/** What the engine throws. Conflicts are values (`AppendOutcome`); these are faults of a caller or of the surroundings. */
import type { EventRecord } from '@atoll/schema/envelope';

/** An append that could never go through: an event that its schema refuses, a malformed claim, too much data. A bug of the caller. */
export class InvalidAppend extends Error {
  override readonly name: string = 'InvalidAppend';
}

/** An append whose texts can't be stored or are too long: what a schema may let through, and so a fault of the input. */
export class UnstorableInput extends InvalidAppend {
  override readonly name = 'UnstorableInput';
}

/** The stream belongs to another tenant than the append. Nothing was written. */
export class ForeignStream extends Error {
  override readonly name = 'ForeignStream';
}

/** Too many commands wait for the next batch, or the store is closing. Nothing was written; try later. */
export class StoreOverloaded extends Error {
  override readonly name = 'StoreOverloaded';
}

/** PostgreSQL couldn't be reached long enough. Whether the append was committed isn't known. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** An event that this process can't read: its type or its version is newer than the registry, or an upcaster is missing. */
export class UnreadableEvent extends Error {
  override readonly name = 'UnreadableEvent';
  readonly event: EventRecord;
  constructor(event: EventRecord, message: string) {
    super(message);
    this.event = event;
  }
}

/** Personal data of somebody whose data was erased: nothing of them is written any more. Nothing was written. */
export class SubjectErased extends Error {
  override readonly name = 'SubjectErased';
  constructor(subject: string) {
    super(`The personal data of ${subject} was erased, and nothing more of it is kept. Leave it out.`);
  }
}
