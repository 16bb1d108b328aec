/** What went wrong, in a sentence for an operator, and the exit code for a script. */
export const exits = { refused: 1, usage: 64, unavailable: 69 } as const;

export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;
  constructor(message: string, exitCode: number = exits.refused) {
    super(message);
    this.exitCode = exitCode;
  }
}
