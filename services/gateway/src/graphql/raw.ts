/** Data that is JSON text already: sent as it is. */
export class RawJson {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  /** For whoever must embed it in other JSON. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

export interface Answer {
  readonly data?: unknown;
  readonly errors?: readonly unknown[] | undefined;
  readonly extensions?: unknown;
}

/** Errors first, as the specification would have it. */
export function stringifyAnswer(answer: Answer): string {
  if (!(answer.data instanceof RawJson)) return JSON.stringify(answer);
  const errors = answer.errors === undefined ? '' : `"errors":${JSON.stringify(answer.errors)},`;
  return `{${errors}"data":${answer.data.text}}`;
}
