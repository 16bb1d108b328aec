/**
 * The whole platform: policies by GraphQL, through the services, to the agents of three nodes, tried with packets between containers.
 * It runs in a network namespace of its own, as another platform on the machine would have the same addresses.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { exec } from '@atoll/service/exec';
import type { Takeover } from '../platform/takeover.ts';
import type { Proof } from '../proof.ts';
import { type Part, seconds, thousands } from './part.ts';

const program = fileURLToPath(new URL('../platform/main.ts', import.meta.url));
/** After so many rounds an agent, and now and then services, are killed in the middle of the changes. */
const killsEvery = 10;
/** The promise is 5 s after all are back; they take their time to start. */
const promisedMs = 5000;
const withKillsMs = 30_000;

interface Failed {
  readonly failed: string;
}
type Round = Proof & { readonly convergedMs: number };

async function inNamespace<T>(work: (ask: <A>(line: string) => Promise<A>) => Promise<T>): Promise<T> {
  const name = `atoll-test-${randomBytes(3).toString('hex')}-platform`;
  await exec('ip', ['netns', 'add', name]);
  try {
    await exec('ip', ['-netns', name, 'link', 'set', 'lo', 'up']);
    const child = spawn('ip', ['netns', 'exec', name, process.execPath, program], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const ended = once(child, 'close');
    // Of one that has ended; that it has is told by who waits for its answer.
    child.stdin.on('error', () => {});
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const hear = async <A>(): Promise<A> => {
      const { value, done } = await lines.next();
      if (done) throw new Error('the platform has ended');
      const said: A | Failed = JSON.parse(value);
      if (typeof said === 'object' && said !== null && 'failed' in said) throw new Error(said.failed);
      return said;
    };
    try {
      await hear();
      return await work((line) => {
        child.stdin.write(`${line}\n`);
        return hear();
      });
    } finally {
      child.stdin.end();
      await ended;
    }
  } finally {
    await exec('ip', ['netns', 'del', name]);
  }
}

export const platform: Part = {
  name: 'platform',
  share: 0.2,
  volume: 150,
  run: (seed, bound) =>
    inNamespace(async (ask) => {
      const wrong: string[] = [];
      let [done, probes, passed, killed, slowest, slowestKilled] = [0, 0, 0, 0, 0, 0];
      for (; !bound.enough(done); done++) {
        const kills = done % killsEvery === killsEvery - 1;
        const proof = await ask<Round>(`${kills ? 'kills' : 'round'} ${seed + done}`);
        probes += proof.probes;
        passed += proof.passed;
        wrong.push(...proof.mismatches.map((one) => `seed ${seed}, round ${done}: ${one}`));
        if (kills) {
          killed += 1;
          slowestKilled = Math.max(slowestKilled, proof.convergedMs);
        } else slowest = Math.max(slowest, proof.convergedMs);
      }
      if (slowest > promisedMs) wrong.push(`seed ${seed}: in force after ${seconds(slowest)}`);
      if (slowestKilled > withKillsMs) wrong.push(`seed ${seed}: in force ${seconds(slowestKilled)} after kills`);
      const { firstMs, wellMs } = await ask<Takeover>('takeover');
      return {
        part: 'platform',
        tried: `${done} sets of policies on three nodes, ${thousands(probes)} connections, ${killed} times kills`,
        measured: `${thousands(passed)} of them open; in force within ${seconds(slowest)}, with kills ${seconds(slowestKilled)}; a public address taken over after ${seconds(firstMs)}, whole after ${seconds(wellMs)}`,
        wrong,
      };
    }),
};
