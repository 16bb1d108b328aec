/** Values that are made to stay as they are. */

/**
 * Freezes a value and everything in it, and returns it. What is frozen already is taken to be so to the bottom, so that
 * a fold that shares most of its state costs what it has changed. (Maps, sets and private fields can't be frozen.)
 */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const nested of Object.values(value)) deepFreeze(nested);
  return value;
}
