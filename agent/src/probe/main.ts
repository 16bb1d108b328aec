/**
 * Run inside a network namespace (`nsenter --net=…`): reads targets as JSON from the standard input, opens a connection
 * to each, and writes the results in the same order.
 */
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import { probe, probeTarget } from './probe.ts';

const targets = z.array(probeTarget).parse(await json(process.stdin));
const results = await Promise.all(targets.map(probe));
process.stdout.write(`${JSON.stringify(results)}\n`);
