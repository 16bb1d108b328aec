/** `Query.events` and `Query.eventCursor`. */
import { scopeOf } from '../auth/viewers.ts';
import { ApiError } from '../errors.ts';
import type { LiveResolver } from '../live/resolvers.ts';
import { defaultPage, maxPage } from '../read/compile/page.ts';
import { type LogReader, parseCursor } from './read.ts';
import { shownTo } from './shown.ts';

export function createEventsField(log: LogReader): LiveResolver {
  return {
    needs: [],
    inParts: true,
    async resolve(_row, args, { viewer }) {
      const first = args.first ?? defaultPage;
      if (typeof first !== 'number' || first < 1 || first > maxPage) {
        throw new ApiError('BAD_USER_INPUT', `\`first\` must be from 1 to ${maxPage}.`);
      }
      const scope = scopeOf(viewer);
      const head = await log.head(scope);
      const start = args.after == null ? head.trimmed : parseCursor(args.after, head);
      const reach = viewer.access.reach('event:read');
      const rows =
        reach.kind === 'some'
          ? await log.within(scope, start, first + 1, reach)
          : await log.after(scope, start, first + 1);
      const page = rows.slice(0, first).map((row) => shownTo(viewer, row));
      return {
        nodes: page,
        edges: page.map((node) => ({ cursor: node.cursor, node })),
        pageInfo: {
          hasNextPage: rows.length > first,
          hasPreviousPage: start > head.trimmed,
          startCursor: page[0]?.cursor ?? null,
          endCursor: page.at(-1)?.cursor ?? null,
        },
      };
    },
  };
}

export function createEventCursorField(log: LogReader): LiveResolver {
  return {
    needs: [],
    inParts: true,
    resolve: async (_row, _args, { viewer }) => String((await log.head(scopeOf(viewer))).cursor),
  };
}
