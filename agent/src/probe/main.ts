/**
 * Run inside a network namespace (`nsenter --net=…`): reads targets as JSON from the standard input, opens a connection
 * to each, and writes the results in the same order. A process for each question, so it loads nothing but what it needs:
 * its input comes from the agent, which has checked it.
 */
import { json } from 'node:stream/consumers';
import { type ProbeTarget, probe } from './probe.ts';

const targets = (await json(process.stdin)) as readonly ProbeTarget[];
const results = await Promise.all(targets.map(probe));
process.stdout.write(`${JSON.stringify(results)}\n`);
