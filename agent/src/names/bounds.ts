/** How much one pod may ask: what is over it gets no answer, and keeps nobody else's waiting. Pure, but for the clock it is given. */

/** Questions in a second, and at once. */
const rate = 200;
const burst = 500;
const mostConnections = 8;
const mostForwarded = 32;
/** Of all pods together: each is a socket of this process. */
const mostForwardedAtAll = 512;

interface Use {
  tokens: number;
  at: number;
  connections: number;
  forwarded: number;
}

export interface Bounds {
  /** Whether the asker may ask one more now. */
  ask(asker: string, now: number): boolean;
  /** Whether it may have one more of these at a time; `done` gives it back. */
  begin(asker: string, what: 'connections' | 'forwarded'): boolean;
  done(asker: string, what: 'connections' | 'forwarded'): void;
  /** Forgets everybody else. */
  keep(askers: ReadonlySet<string>): void;
}

export function createBounds(): Bounds {
  const uses = new Map<string, Use>();
  let forwarded = 0;
  function of(asker: string): Use {
    const known = uses.get(asker);
    if (known) return known;
    const fresh = { tokens: burst, at: 0, connections: 0, forwarded: 0 };
    uses.set(asker, fresh);
    return fresh;
  }
  return {
    ask(asker, now) {
      const use = of(asker);
      use.tokens = Math.min(burst, use.tokens + ((now - use.at) / 1000) * rate);
      use.at = now;
      if (use.tokens < 1) return false;
      use.tokens -= 1;
      return true;
    },
    begin(asker, what) {
      const use = of(asker);
      if (use[what] >= (what === 'connections' ? mostConnections : mostForwarded)) return false;
      if (what === 'forwarded') {
        if (forwarded >= mostForwardedAtAll) return false;
        forwarded += 1;
      }
      use[what] += 1;
      return true;
    },
    done(asker, what) {
      if (what === 'forwarded') forwarded -= 1;
      const use = of(asker);
      use[what] = Math.max(0, use[what] - 1);
    },
    keep(askers) {
      for (const asker of uses.keys()) if (!askers.has(asker)) uses.delete(asker);
    },
  };
}
