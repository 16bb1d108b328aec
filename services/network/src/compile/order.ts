/** One order for texts and lists: by code unit, the same on every machine. */

export const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Sorted, each once. */
export const sortedSet = (texts: Iterable<string>): string[] => [...new Set(texts)].sort(byText);
