/**
 * The chain of a tenant's log: each record's hash is over the one before it and the record itself, so that nothing in
 * between can be changed, taken out, put in or moved without every later hash being another one. docs/audit.md says
 * it in words, for those who check it with programs of their own.
 */
import { createHash } from 'node:crypto';

/** What of a record is in its hash. `changes` is null where the record changed nothing that is shown. */
export interface ChainedRecord {
  readonly cursor: string;
  readonly id: string;
  readonly tenant: string;
  readonly type: string;
  readonly resourceId: string;
  readonly time: string;
  readonly actor: string;
  readonly cause: string | null;
  readonly correlation: string;
  readonly data: unknown;
  readonly changes: unknown;
}

/**
 * JSON with one spelling (RFC 8785, JCS): keys sorted by UTF-16 code units, no spaces, numbers and texts as ECMAScript
 * writes them.
 */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members: string[] = [];
    for (const key of Object.keys(value).sort()) {
      const member: unknown = Reflect.get(value, key);
      if (member !== undefined) members.push(`${JSON.stringify(key)}:${canonical(member)}`);
    }
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

const sha256 = (...parts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
};

/** What the first record of a log is chained to. */
export const genesis = (tenant: string): string => sha256(`atoll log ${tenant}`);

/** In hex. `before` is the hash of the record before it, or the genesis. */
export function link(before: string, record: ChainedRecord): string {
  const { cursor, id, tenant, type, resourceId, time, actor, cause, correlation, data, changes } = record;
  const text = canonical({ cursor, id, tenant, type, resourceId, time, actor, cause, correlation, data, changes });
  return sha256(Buffer.from(before, 'hex'), text);
}
