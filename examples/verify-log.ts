/**
 * Verifies an exported log with nothing but this file: `node verify-log.ts log.jsonl keys.json`. An auditor can read it in
 * a few minutes; docs/audit.md describes the format. Exit code 0: all is as it was; 1: the first record that isn't is named.
 */
import { createHash, createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { createReadStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [file, keysFile] = process.argv.slice(2);
if (file === undefined || keysFile === undefined) {
  console.error('Usage: node verify-log.ts LOG.jsonl KEYS.json');
  process.exit(64);
}

const members = [
  'actor',
  'cause',
  'changes',
  'correlation',
  'cursor',
  'data',
  'id',
  'resourceId',
  'tenant',
  'time',
  'type',
];

/** RFC 8785. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([name, inner]) => `${JSON.stringify(name)}:${canonical(inner)}`).join(',')}}`;
}

const { keys }: { keys: JsonWebKey[] } = JSON.parse(readFileSync(keysFile, 'utf8'));
const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));

function headOf(signed: string): { tenant: string; cursor: string; hash: string } {
  const [header = '', payload = '', signature = ''] = signed.split('.');
  const { alg, typ, kid } = decode(header);
  const key = keys.find((candidate) => candidate.kid === kid);
  const isHead = alg === 'EdDSA' && typ === 'atoll-log-head+jws' && key !== undefined;
  const signature64 = Buffer.from(signature, 'base64url');
  const data = Buffer.from(`${header}.${payload}`);
  if (!isHead || !verify(null, data, createPublicKey({ key, format: 'jwk' }), signature64)) {
    return fail('the signature of the head is not one of these keys');
  }
  return decode(payload);
}

let tenant = '';
let cursor = 0;
let hash = '';
let unproved: { after: string; hash: string } | null = null;
let signedAt: string | null = null;

function fail(text: string): never {
  console.error(`NOT as it was, first at record ${cursor + 1}: ${text}`);
  process.exit(1);
}

for await (const text of createInterface({ input: createReadStream(file) })) {
  const line = JSON.parse(text);
  if (line.kind === 'start' && tenant === '') {
    ({ tenant, hash } = line);
    cursor = Number(line.after);
    const genesis = createHash('sha256').update(`atoll log ${tenant}`).digest('hex');
    if (cursor > 0) unproved = { after: line.after, hash };
    else if (hash !== genesis) fail('the log does not begin with its genesis');
  } else if (line.kind === 'start') {
    if (line.tenant !== tenant || Number(line.after) !== cursor || line.hash !== hash)
      fail('the next part begins elsewhere');
  } else if (line.kind === 'record') {
    if (Number(line.cursor) !== cursor + 1) fail(`record ${line.cursor} stands in its place`);
    const record = Object.fromEntries(members.map((name) => [name, line[name]]));
    const expected = createHash('sha256').update(Buffer.from(hash, 'hex')).update(canonical(record)).digest('hex');
    if (line.tenant !== tenant || line.hash !== expected) fail('it was edited, put in or moved');
    cursor += 1;
    hash = expected;
    if (line.type === 'audit.LogTrimmed' && line.data.to === unproved?.after && line.data.hash === unproved?.hash) {
      unproved = null;
    }
  } else if (line.kind === 'head') {
    const head = headOf(line.signed);
    if (head.tenant !== tenant) fail('the head is of another log');
    if (Number(head.cursor) > cursor) fail(`the log was signed at ${head.cursor}, and ends at ${cursor}`);
    if (Number(head.cursor) === cursor && head.hash !== hash) fail('the chain is not the one that was signed');
    signedAt = head.cursor;
  } else fail('the line is none of a log');
}
if (tenant === '') fail('there is no line at all');
if (unproved) fail(`nothing says what the records up to ${unproved.after} ended with`);
console.log(
  `${tenant}: all is as it was up to record ${cursor}; ${signedAt ? `signed at ${signedAt}` : 'not signed'}.`,
);
