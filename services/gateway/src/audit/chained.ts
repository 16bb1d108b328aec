/** A log with its chain, as it is exported and verified: by the gateway's reader, or by the operator's command. */
import { genesis } from '@atoll/schema/audit/chain';
import type { RecordLine, StartLine } from '@atoll/schema/audit/lines';

export interface ChainHead {
  readonly cursor: number;
  readonly hash: string;
  readonly trimmed: number;
  /** What the first record that is left is chained to. */
  readonly start: string;
}

/** Runs one statement for a log's scope and answers the first column of each row, JSON as text. */
export type AskLog = (
  scope: string,
  statement: { readonly name: string; readonly text: string },
  values: readonly (string | number)[],
) => Promise<readonly string[]>;

const headSql = {
  name: 'chain_head',
  text: `select json_build_object('cursor', cursor, 'hash', hash, 'trimmed', trimmed, 'start', trimmed_hash)::text
    from read.tenant_log_head where tenant_id = $1::text`,
};
const hashSql = {
  name: 'chain_hash',
  text: `select coalesce(hash, '') from read.tenant_log where tenant_id = $1::text and cursor = $2::bigint`,
};
const recordsSql = {
  name: 'chain_records',
  text: `select json_build_object(
      'kind', 'record', 'cursor', cursor::text, 'id', event_id, 'tenant', tenant_id, 'type', type,
      'resourceId', resource_id, 'time', time, 'actor', actor, 'cause', cause, 'correlation', correlation,
      'data', data, 'changes', changes, 'hash', hash)::text
    from read.tenant_log where tenant_id = $1::text and cursor > $2::bigint and cursor <= $3::bigint
    order by cursor limit $4::int`,
};

export async function readChainHead(ask: AskLog, scope: string): Promise<ChainHead> {
  const [text] = await ask(scope, headSql, [scope]);
  const found: { cursor: number; hash: string | null; trimmed: number; start: string | null } =
    text === undefined ? { cursor: 0, hash: null, trimmed: 0, start: null } : JSON.parse(text);
  const start = found.start ?? genesis(scope);
  return { cursor: found.cursor, trimmed: found.trimmed, start, hash: found.hash ?? start };
}

/** At once in memory. */
const page = 500;

export async function startLine(ask: AskLog, scope: string, head: ChainHead, after: number): Promise<StartLine> {
  const of = (hash: string): StartLine => ({ kind: 'start', tenant: scope, after: String(after), hash });
  if (after === head.trimmed) return of(head.start);
  const [hash] = await ask(scope, hashSql, [scope, after]);
  // Where the record isn't there, the export says so by what it continues from.
  return of(hash ?? '');
}

/** The records behind `after` up to `to`, as JSON texts: a page in memory at a time. */
export async function* recordLines(ask: AskLog, scope: string, after: number, to: number): AsyncGenerator<string> {
  for (let cursor = after; cursor < to; ) {
    const texts = await ask(scope, recordsSql, [scope, cursor, to, page]);
    const last = texts.at(-1);
    if (last === undefined) return;
    yield* texts;
    const { cursor: next }: RecordLine = JSON.parse(last);
    cursor = Number(next);
  }
}
