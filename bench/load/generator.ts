/** The load generator's process, seen from the bench. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Outcome, Spec } from './http.ts';
import type { LatencyOutcome, LatencySpec } from './latency.ts';
import type { Order, Report } from './main.ts';

export class Generator {
  readonly #child: ChildProcess = fork(fileURLToPath(new URL('./main.ts', import.meta.url)));

  async #ask(order: Order): Promise<Report> {
    const report = await new Promise<Report>((resolve, reject) => {
      const onExit = (code: number | null) => reject(new Error(`the load generator ended with ${code}`));
      this.#child.once('exit', onExit);
      this.#child.once('message', (message: Report) => {
        this.#child.off('exit', onExit);
        resolve(message);
      });
      this.#child.send(order);
    });
    if (report.kind === 'error') throw new Error(report.message);
    return report;
  }

  /** Throws where even one answer was not what it should be: what fails fast is not fast. */
  async http(spec: Spec): Promise<Outcome> {
    const report = await this.#ask({ kind: 'http', spec });
    if (report.kind !== 'http') throw new Error(`asked for http, got ${report.kind}`);
    const { failures, requests, firstFailure } = report.outcome;
    if (failures > 0) throw new Error(`${failures} of ${requests} answers were wrong, the first one: ${firstFailure}`);
    return report.outcome;
  }

  async latency(spec: LatencySpec): Promise<LatencyOutcome> {
    const report = await this.#ask({ kind: 'latency', spec });
    if (report.kind !== 'latency') throw new Error(`asked for latency, got ${report.kind}`);
    return report.outcome;
  }

  stop(): void {
    this.#child.disconnect();
  }
}
