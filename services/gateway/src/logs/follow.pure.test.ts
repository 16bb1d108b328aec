/** Following at its own pace: what a node is asked, while whoever follows takes nothing, or all. */
import type { LogsReply, LogsRequest } from '@atoll/schema/node/logs';
import { expect, test } from 'vitest';
import type { AskLogs } from './ask.ts';
import { createChannel } from './channel.ts';
import { followInstance } from './follow.ts';
import type { ShownChunk } from './query.ts';

const target = { instanceId: 'ins_1', nodeId: 'node_1', ended: false } as const;

/** A node whose instance has written so many lines, and writes no more. */
function nodeWith(lines: number): { readonly asked: LogsRequest[]; readonly ask: AskLogs } {
  const asked: LogsRequest[] = [];
  return {
    asked,
    async ask(_node, request) {
      asked.push(request);
      const from = Number.parseInt(request.after?.split('.')[1] ?? '0', 36);
      const told = Array.from({ length: Math.min(request.lines, lines - from) }, (_, n) => from + n);
      const cursor = `a.${(from + told.length).toString(36)}.0.0`;
      const reply: LogsReply = {
        ...{ state: 'RUNNING', gap: false, more: from + told.length < lines, cursor },
        lines: told.map((n) => ({ at: '', stream: 'STDOUT', text: String(n), truncated: false, cursor })),
      };
      return { kind: 'read', reply };
    },
  };
}
const turns = async (count: number) => {
  for (let n = 0; n < count; n++) await new Promise(setImmediate);
};

test('a node is asked for the next part when the one before was taken, and not before', async () => {
  const { asked, ask } = nodeWith(100_000);
  const channel = createChannel<ShownChunk>();
  const stop = new AbortController();
  const followed = { target, cursor: 'a.0.0.0', tail: 0, stream: null, gone: () => false, signal: stop.signal };
  const following = followInstance(ask, { ...followed, put: channel.put });
  await turns(50);
  expect(asked).toHaveLength(1);
  for (let taken = 1; taken <= 5; taken++) {
    expect((await channel.take())?.lines).toHaveLength(500);
    await turns(50);
    expect(asked).toHaveLength(taken + 1);
  }
  expect(asked.every(({ bytes, lines }) => bytes === 32 * 1024 && lines === 500)).toBe(true);
  stop.abort();
  channel.end();
  await following;
  expect(await channel.take()).toBeNull();
});

test('of an instance that is gone everything is told, then that it has ended, and no more is asked', async () => {
  const { asked, ask } = nodeWith(1200);
  const told: ShownChunk[] = [];
  const stop = new AbortController();
  await followInstance(ask, {
    ...{ target, cursor: 'a.0.0.0', tail: 0, stream: null, gone: () => true, signal: stop.signal },
    put: async (chunk) => void told.push(chunk),
  });
  expect(told.map(({ lines, ended }) => [lines.length, ended])).toEqual([
    [500, false],
    [500, false],
    [200, false],
    [0, true],
  ]);
  expect(asked.every(({ waitMs }) => waitMs === 0)).toBe(true);
});
