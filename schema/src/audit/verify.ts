/**
 * Verifies exported logs with nothing but the platform's public keys, and names the first record that isn't as it was.
 *
 * What it can tell: an edited, deleted, reordered or inserted record, by the chain; a tail that was cut off, and a chain
 * that was computed anew, by signed heads. What it can't: what was never recorded, and what was put in behind the newest
 * signed head by somebody who can write the database.
 */
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { genesis, link } from './chain.ts';
import { headType, type LogLine, type RecordLine, type SignedHead, trimmedType } from './lines.ts';

export type FaultKind =
  | 'malformed'
  | 'altered'
  | 'missing'
  | 'out-of-order'
  | 'truncated'
  | 'unmarked-gap'
  | 'bad-head';

export interface Fault {
  readonly kind: FaultKind;
  /** Cursor of the first record that isn't as it was; of several that it may be, the first. */
  readonly cursor: number;
  /** Its id, where it is there. */
  readonly id: string | null;
  readonly text: string;
}

export interface Verified {
  readonly tenant: string;
  readonly records: number;
  /** Cursors of the first and last record; `last` 0 for an empty log. */
  readonly first: number;
  readonly last: number;
  readonly hash: string;
  /** The newest signed head that covers it; null without one: then a cut tail can't be seen. */
  readonly head: SignedHead | null;
}

export type Verdict = { readonly ok: true; readonly log: Verified } | { readonly ok: false; readonly fault: Fault };

export interface Verifier {
  /** Lines in order, of one log; exports that follow each other one after the other. The first fault stands. */
  take(line: unknown): void;
  end(): Verdict;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Null where the signature isn't one of the keys, or it isn't of a head. */
export function openHead(signed: string, keys: readonly JsonWebKey[]): SignedHead | null {
  const [header, payload, signature] = signed.split('.');
  if (header === undefined || payload === undefined || signature === undefined) return null;
  try {
    const { alg, typ, kid } = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
    if (alg !== 'EdDSA' || typ !== headType) return null;
    const key = keys.find((candidate) => candidate.kid === kid);
    if (key === undefined || key.crv !== 'Ed25519') return null;
    const good = verify(
      null,
      Buffer.from(`${header}.${payload}`),
      createPublicKey({ key, format: 'jwk' }),
      Buffer.from(signature, 'base64url'),
    );
    if (!good) return null;
    const head: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
    if (!isRecord(head)) return null;
    const { tenant, cursor, hash, iat } = head;
    const whole = typeof tenant === 'string' && typeof cursor === 'string' && typeof hash === 'string';
    return whole && typeof iat === 'number' ? { tenant, cursor, hash, iat } : null;
  } catch {
    return null;
  }
}

const cursorOf = (text: unknown): number | null =>
  typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : null;

/** `heads`: signed heads that were kept elsewhere, e.g. the platform's file of them. */
export function createVerifier(options: { keys: readonly JsonWebKey[]; heads?: readonly string[] }): Verifier {
  const { keys, heads: keptHeads = [] } = options;
  let fault: Fault | null = null;
  let tenant: string | null = null;
  let cursor = 0;
  let hash = '';
  let first = 0;
  let records = 0;
  let newest: SignedHead | null = null;
  /** The first start that isn't the genesis, until something proves it. */
  let unproved: { readonly after: number; readonly hash: string } | null = null;
  /** Up to here a signed head agrees. */
  let proved = 0;
  const heads: SignedHead[] = [];

  const fail = (kind: FaultKind, at: number, id: string | null, text: string): undefined => {
    fault ??= { kind, cursor: at, id, text };
  };

  function begin(line: Readonly<Record<string, unknown>>): undefined {
    const after = cursorOf(line.after);
    if (after === null || typeof line.tenant !== 'string' || typeof line.hash !== 'string') {
      return fail('malformed', cursor + 1, null, 'The line of the beginning lacks its tenant, cursor or hash.');
    }
    if (tenant !== null) {
      if (line.tenant !== tenant)
        return fail('malformed', cursor + 1, null, `It is of another log, of ${line.tenant}.`);
      if (after > cursor) return fail('missing', cursor + 1, null, `Records ${cursor + 1} to ${after} are missing.`);
      if (after < cursor)
        return fail('out-of-order', after + 1, null, 'The next export goes back behind the one before.');
      if (line.hash !== hash) return fail('altered', after, null, 'The next export continues from another record.');
      return undefined;
    }
    tenant = line.tenant;
    cursor = after;
    hash = line.hash;
    first = after + 1;
    proved = after;
    if (after === 0) {
      if (hash !== genesis(tenant)) fail('altered', 1, null, 'The log does not begin with its genesis.');
    } else unproved = { after, hash };
    for (const signed of keptHeads) {
      const head = openHead(signed, keys);
      if (head === null) return fail('bad-head', cursor + 1, null, 'A kept head has no signature of the given keys.');
      if (head.tenant === tenant) heads.push(head);
    }
    heads.sort((a, b) => Number(a.cursor) - Number(b.cursor));
    check(true);
  }

  /** Against the signed heads of where the log is now. */
  function check(atStart = false): undefined {
    for (const head of heads) {
      if (Number(head.cursor) !== cursor) continue;
      if (head.hash !== hash) return rewritten(head);
      newest = head;
      proved = cursor;
      if (atStart) unproved = null;
    }
  }

  const rewritten = (head: SignedHead) =>
    fail(
      'altered',
      proved + 1,
      null,
      `The chain holds together, and is not the one that was signed at ${head.cursor}: it was computed anew. The first altered record is one of ${proved + 1} to ${head.cursor}.`,
    );

  function next(line: Readonly<Record<string, unknown>>): undefined {
    if (tenant === null) return fail('malformed', 1, null, 'The line of the beginning is missing.');
    const at = cursorOf(line.cursor);
    const id = typeof line.id === 'string' ? line.id : null;
    if (at === null) return fail('malformed', cursor + 1, id, 'A record has no cursor.');
    if (at > cursor + 1) {
      const which =
        at === cursor + 2 ? `Record ${cursor + 1} is missing` : `Records ${cursor + 1} to ${at - 1} are missing`;
      return fail('missing', cursor + 1, null, `${which}: it was deleted, or moved.`);
    }
    if (at <= cursor) return fail('out-of-order', at, id, `Record ${at} comes after record ${cursor}.`);
    const record = { ...(line as Record<string, unknown> & RecordLine), tenant };
    const expected = link(hash, record);
    if (line.tenant !== tenant || line.hash !== expected) {
      return fail('altered', at, id, `Record ${at} is not the one that was chained here: edited, inserted or moved.`);
    }
    cursor = at;
    hash = expected;
    records += 1;
    if (line.type === trimmedType && unproved && isRecord(line.data)) {
      if (cursorOf(line.data.to) === unproved.after && line.data.hash === unproved.hash) unproved = null;
    }
    check();
  }

  function head(line: Readonly<Record<string, unknown>>): undefined {
    const opened = typeof line.signed === 'string' ? openHead(line.signed, keys) : null;
    if (opened === null) return fail('bad-head', cursor, null, 'The head has no signature of the given keys.');
    if (opened.tenant !== tenant) return fail('bad-head', cursor, null, 'The head is of another log.');
    heads.push(opened);
    if (Number(opened.cursor) === cursor) check();
    else if (Number(opened.cursor) < cursor && newest === null) {
      fail('bad-head', cursor, null, `The head is of record ${opened.cursor}, which is not where it stands.`);
    }
  }

  return {
    take(line) {
      if (fault) return;
      if (!isRecord(line)) {
        fail('malformed', cursor + 1, null, `What follows record ${cursor} is no line of a log.`);
        return;
      }
      switch ((line as Partial<LogLine>).kind) {
        case 'start':
          begin(line);
          break;
        case 'record':
          next(line);
          break;
        case 'head':
          head(line);
          break;
        default:
          fail('malformed', cursor + 1, null, `What follows record ${cursor} is no line of a log.`);
      }
    },
    end() {
      const beyond = heads.find((known) => Number(known.cursor) > cursor);
      if (beyond) {
        fail(
          'truncated',
          cursor + 1,
          null,
          `The log ends at ${cursor}, and was signed at ${beyond.cursor}: its tail is cut off.`,
        );
      }
      if (unproved) {
        fail(
          'unmarked-gap',
          1,
          null,
          `Records 1 to ${unproved.after} are not there, and neither a record of a trimming nor a signed head says what they ended with. Give the export before this one first, or a head signed at ${unproved.after}.`,
        );
      }
      if (fault) return { ok: false, fault };
      if (tenant === null) {
        return {
          ok: false,
          fault: { kind: 'malformed', cursor: 1, id: null, text: 'There is no log: no line at all.' },
        };
      }
      return { ok: true, log: { tenant, records, first, last: cursor, hash, head: newest } };
    },
  };
}
