/**
 * Arrays as PostgreSQL sends them itself (array_send): neither side has to quote anything. pg passes a Buffer on as a
 * binary parameter. Texts are sent as UTF-8, which is what pg says the client's encoding is.
 */

const TEXT = 25;
const INTEGER = 23;
const HEADER = 20;
const LENGTH = 4;

function header(array: Buffer, elementType: number, length: number): number {
  let at = array.writeInt32BE(1, 0);
  // There may be nulls.
  at = array.writeInt32BE(1, at);
  at = array.writeInt32BE(elementType, at);
  at = array.writeInt32BE(length, at);
  return array.writeInt32BE(1, at);
}

/** `text[]` of at least one element. */
export function textArray(values: readonly (string | null)[]): Buffer {
  let size = HEADER;
  for (const value of values) size += LENGTH + (value === null ? 0 : Buffer.byteLength(value));
  const array = Buffer.allocUnsafe(size);
  let at = header(array, TEXT, values.length);
  for (const value of values) {
    const written = value === null ? 0 : array.write(value, at + LENGTH, 'utf8');
    at = array.writeInt32BE(value === null ? -1 : written, at) + written;
  }
  return array;
}

/** `integer[]` of at least one element. */
export function integerArray(values: readonly number[]): Buffer {
  const array = Buffer.allocUnsafe(HEADER + values.length * 2 * LENGTH);
  let at = header(array, INTEGER, values.length);
  for (const value of values) {
    at = array.writeInt32BE(LENGTH, at);
    at = array.writeInt32BE(value, at);
  }
  return array;
}
