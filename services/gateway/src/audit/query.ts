/** `Query.auditLog` and `Query.logHead`. */
import { scopeOf } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';
import type { LiveArgs, LiveResolver } from '../live/resolvers.ts';
import { defaultPage, maxPage } from '../read/compile/page.ts';
import { isObject } from '../read/complete.ts';
import type { Reader } from '../read/reader.ts';
import { readChainHead } from './chained.ts';
import type { HeadSigner } from './head-signer.ts';

/** A page looks at no more records than this, however few of them fulfil the filter. */
const maxLooked = 20_000;

const pageSql = {
  name: 'audit_page',
  text: `
    select json_build_object(
      'cursor', cursor::text, 'id', event_id, 'type', type, 'resourceId', resource_id, 'time', time, 'actor', actor,
      'cause', cause, 'correlation', correlation, 'data', data, 'hash', coalesce(hash, ''),
      'changes', coalesce(changes, case when type like 'audit.Mutation%' then (
        select json_agg(part) from (
          select part from read.tenant_log e, json_array_elements(e.changes) part
          where e.tenant_id = $1::text and e.correlation = l.correlation and e.cause is null and e.changes is not null
          order by e.cursor limit 100
        ) parts
      ) end, '[]'))
    from read.tenant_log l
    where tenant_id = $1::text and cursor < $2::bigint and cursor >= $3::bigint
      and ($5::text is null or actor = $5)
      and ($6::text is null or type = $6)
      and ($7::text is null or starts_with(type, $7))
      and ($8::text is null or resource_id = $8)
      and ($9::text is null or time >= $9)
      and ($10::text is null or time < $10)
      and ($11::text is null or case when type like 'audit.%' then data ->> 'outcome' end = $11)
    order by cursor desc limit $4::int`,
};

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

function moment(filter: Readonly<Record<string, unknown>>, name: 'since' | 'until'): string | null {
  const given = text(filter[name]);
  if (given === null) return null;
  const time = new Date(given);
  if (!/^\d{4}-\d\d-\d\dT/.test(given) || Number.isNaN(time.getTime())) {
    throw new ApiError('BAD_USER_INPUT', `\`filter.${name}\` must be a time of the form 2026-11-23T12:00:00.000Z.`);
  }
  return time.toISOString();
}

/** Texts can't be stored with U+0000: nothing is like one that has it. */
function storable(filter: Readonly<Record<string, unknown>>, name: 'actor' | 'type' | 'resource'): string | null {
  const given = text(filter[name]);
  if (given === null) return null;
  if (given.length > 300 || given.includes('\u0000')) {
    throw new ApiError('BAD_USER_INPUT', `\`filter.${name}\` must be a text of 300 characters at most.`);
  }
  return given;
}

export function pageOf(args: LiveArgs): number {
  const first = args.first ?? defaultPage;
  if (typeof first !== 'number' || first < 1 || first > maxPage) {
    throw new ApiError('BAD_USER_INPUT', `\`first\` must be from 1 to ${maxPage}.`);
  }
  return first;
}

/** Of a list that begins with the newest: what comes after is below it. */
export function placeOf(after: unknown): number | null {
  if (after === null || after === undefined) return null;
  if (typeof after !== 'string' || !/^\d{1,15}$/.test(after)) {
    throw new ApiError('CURSOR_MALFORMED', '`after` is no cursor: give it the `cursor` of an edge as it was told.');
  }
  return Number(after);
}

export function createAuditLogField(reader: Reader): LiveResolver {
  return {
    needs: [],
    async resolve(_row, args, { viewer }) {
      const scope = scopeOf(viewer);
      const first = pageOf(args);
      const filter: Readonly<Record<string, unknown>> = isObject(args.filter) ? args.filter : {};
      const head = await readChainHead(reader.rows, scope);
      const before = Math.min(placeOf(args.after) ?? head.cursor + 1, head.cursor + 1);
      const oldest = Math.max(before - maxLooked, head.trimmed + 1);
      const type = storable(filter, 'type');
      const prefix = type?.endsWith('*') ? type.slice(0, -1) : null;
      const found = await reader.rows(scope, pageSql, [
        ...[scope, before, oldest, first + 1, storable(filter, 'actor'), prefix === null ? type : null, prefix],
        ...[storable(filter, 'resource'), moment(filter, 'since'), moment(filter, 'until'), text(filter.outcome)],
      ]);
      const nodes: { readonly cursor: string }[] = found.slice(0, first).map((row) => JSON.parse(row));
      const hasMore = found.length > first;
      return {
        nodes,
        edges: nodes.map((node) => ({ cursor: node.cursor, node })),
        pageInfo: {
          hasNextPage: hasMore || oldest > head.trimmed + 1,
          hasPreviousPage: before <= head.cursor,
          startCursor: nodes[0]?.cursor ?? null,
          endCursor: hasMore || oldest <= head.trimmed + 1 ? (nodes.at(-1)?.cursor ?? null) : String(oldest),
        },
      };
    },
  };
}

export function createLogHeadField(reader: Reader, signer: HeadSigner): LiveResolver {
  return {
    needs: [],
    async resolve(_row, _args, { viewer }) {
      const tenant = scopeOf(viewer);
      const { cursor, hash } = await readChainHead(reader.rows, tenant);
      return { cursor: String(cursor), hash, signed: await signer.sign({ tenant, cursor, hash }) };
    },
  };
}
