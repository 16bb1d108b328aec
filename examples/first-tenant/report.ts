/** Plain terminal output: one line per step, with ✓ or ✗ and how long it took. */

export class Report {
  readonly #began = performance.now();
  #steps = 0;

  heading(text: string): void {
    console.log(`\n${text}`);
  }

  /** A line that only tells. */
  say(text: string): void {
    console.log(`    ${text}`);
  }

  /** Runs a step. `done` makes its line from what it resolved to. A failed one is told, and thrown on. */
  async step<T>(name: string, run: () => Promise<T>, done: (value: T) => string = () => ''): Promise<T> {
    const began = performance.now();
    try {
      const value = await run();
      const more = done(value);
      console.log(`  ✓ ${name}${more === '' ? '' : `: ${more}`}  (${since(began)})`);
      this.#steps += 1;
      return value;
    } catch (error) {
      console.log(`  ✗ ${name}  (${since(began)})`);
      throw error;
    }
  }

  end(): void {
    console.log(`\n${this.#steps} steps held, in ${since(this.#began)}.`);
  }
}

const since = (began: number) => {
  const ms = performance.now() - began;
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
};

/** A step that doesn't hold ends the program. */
export function expect(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message);
}
