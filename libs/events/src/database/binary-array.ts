/**
 * Arrays as PostgreSQL sends them itself (array_send): neither side has to quote anything. pg passes a Buffer on as a
 * binary parameter. Texts are sent as UTF-8, which is what pg says the client's encoding is.
 */

const TEXT = 25;
const JSONB = 3802;
const INTEGER = 23;
const HEADER = 20;
const LENGTH = 4;
/** Before each jsonb: the version of its form, which is its text. */
const JSONB_VERSION = 1;
/** Of UTF-8, for one unit of a string. */
const MAX_UNIT = 3;

const FIRST_BYTES = 64 * 1024;
/** More than this isn't kept for the next call. */
const MAX_KEPT_BYTES = 1024 * 1024;

export interface ArrayWriter {
  /** `text[]` of at least one element. */
  texts(values: readonly (string | null)[]): Buffer;
  /** `jsonb[]` of at least one element. */
  jsons(values: readonly string[]): Buffer;
  /** `integer[]` of at least one element. */
  integers(values: readonly number[]): Buffer;
  /** What it has given is not used any more: its memory is for the next. */
  reset(): void;
}

/** Its arrays lie in memory that it uses again: outside of V8's heap each Buffer of its own is paid for by the collector. */
export function createArrayWriter(): ArrayWriter {
  let memory = Buffer.allocUnsafe(FIRST_BYTES);
  let end = 0;

  function begin(elementType: number, length: number, atMost: number): void {
    // What was given out before stays where it is.
    if (end + atMost > memory.length) {
      memory = Buffer.allocUnsafe(Math.max(FIRST_BYTES, atMost * 2));
      end = 0;
    }
    memory.writeInt32BE(1, end);
    // There may be nulls.
    memory.writeInt32BE(1, end + 4);
    memory.writeInt32BE(elementType, end + 8);
    memory.writeInt32BE(length, end + 12);
    memory.writeInt32BE(1, end + 16);
  }

  return {
    texts(values) {
      let atMost = HEADER + values.length * LENGTH;
      for (const value of values) if (value !== null) atMost += value.length * MAX_UNIT;
      begin(TEXT, values.length, atMost);
      const start = end;
      let at = start + HEADER;
      for (const value of values) {
        const written = value === null ? 0 : memory.write(value, at + LENGTH, 'utf8');
        at = memory.writeInt32BE(value === null ? -1 : written, at) + written;
      }
      end = at;
      return memory.subarray(start, at);
    },
    jsons(values) {
      let atMost = HEADER + values.length * (LENGTH + 1);
      for (const value of values) atMost += value.length * MAX_UNIT;
      begin(JSONB, values.length, atMost);
      const start = end;
      let at = start + HEADER;
      for (const value of values) {
        memory[at + LENGTH] = JSONB_VERSION;
        const written = 1 + memory.write(value, at + LENGTH + 1, 'utf8');
        at = memory.writeInt32BE(written, at) + written;
      }
      end = at;
      return memory.subarray(start, at);
    },
    integers(values) {
      begin(INTEGER, values.length, HEADER + values.length * 2 * LENGTH);
      const start = end;
      let at = start + HEADER;
      for (const value of values) {
        memory.writeInt32BE(LENGTH, at);
        at = memory.writeInt32BE(value, at + LENGTH);
      }
      end = at;
      return memory.subarray(start, at);
    },
    reset() {
      if (memory.length > MAX_KEPT_BYTES) memory = Buffer.allocUnsafe(FIRST_BYTES);
      end = 0;
    },
  };
}
