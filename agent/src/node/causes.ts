/** The traces that the next report is the outcome of. */

/** Between two reports; older ones are forgotten. */
const most = 32;

export interface Causes {
  /** Something was done in these; null for in none. */
  note(...traceparents: readonly (string | null)[]): void;
  /** Oldest first; they are forgotten here. */
  take(): readonly string[];
}

export function createCauses(): Causes {
  let waiting: string[] = [];
  return {
    note(...traceparents) {
      waiting = [...waiting, ...traceparents.filter((one) => one !== null)].slice(-most);
    },
    take() {
      const taken = waiting;
      waiting = [];
      return taken;
    },
  };
}
