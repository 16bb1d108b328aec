/**
 * The name server's process, run where the node's network is: `main.ts <state folder> <port> [<upstream address> <port>]`. It outlives
 * its agent, so that pods find names while that is being restarted, and goes on with the last table. A newer one of the same
 * node takes over while both listen. It ends where its file is gone, or hasn't been touched by an agent for an hour.
 */
import { readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { families, familyFacts } from '../render/family.ts';
import { processes } from './pid.ts';
import { startNameServer } from './server.ts';
import type { NamesTable } from './table.ts';

const lookMs = 100;
const forgottenMs = 3_600_000;

const [, , folder = '', portText = '', upstream, upstreamPort] = process.argv;
const file = join(folder, 'names.json');

/** Written whole by the agent, which has checked it. */
const read = () => JSON.parse(readFileSync(file, 'utf8')) as NamesTable;
let table = read();
let seen = statSync(file).mtimeMs;

const server = await startNameServer({
  addresses: families.map((family) => familyFacts[family].nameServer),
  port: Number(portText),
  table: () => table,
  upstream: upstream === undefined ? null : { address: upstream, port: Number(upstreamPort) },
});

// It listens: whoever did so before isn't needed any more.
const own = join(folder, 'names.pid');
const before = processes.read(own);
const beside = `${own}.${process.pid}`;
writeFileSync(beside, JSON.stringify(processes.self()), { mode: 0o600 });
renameSync(beside, own);
if (before !== null) processes.end(before);

const timer = setInterval(() => {
  try {
    const { mtimeMs } = statSync(file);
    if (Date.now() - mtimeMs > forgottenMs) return leave();
    if (mtimeMs === seen) return;
    seen = mtimeMs;
    table = read();
  } catch {
    leave();
  }
}, lookMs);

function leave(): void {
  clearInterval(timer);
  void server.close().then(() => process.exit(0));
}
process.on('SIGTERM', leave);
