/** Counts what a test run came to. A file that can't be loaded and an error outside of any test are failures, too. */
import type { Reporter, TestModule } from 'vitest/node';

export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

export class CountingReporter implements Reporter {
  readonly counts: Counts = { passed: 0, failed: 0, skipped: 0 };

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    this.counts.failed += unhandledErrors.length;
    for (const module of modules) {
      this.counts.failed += module.errors().length;
      for (const suite of module.children.allSuites()) this.counts.failed += suite.errors().length;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        // Pending: the run ended before the test did.
        if (state === 'pending') this.counts.failed += 1;
        else this.counts[state] += 1;
      }
    }
  }
}

/** In CI nobody sees that a test was left out: it counts as failed. */
export function finalLine(counts: Counts, ci: boolean): { line: string; ok: boolean } {
  const failed = counts.failed + (ci ? counts.skipped : 0);
  const skipped = counts.skipped > 0 && !ci ? `, ${counts.skipped} skipped` : '';
  return { line: `${counts.passed} passed, ${failed} failed${skipped}`, ok: failed === 0 && counts.passed > 0 };
}
