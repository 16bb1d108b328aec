/** A process with a store of its own, that does what it is told over its channel; or one that stops at the worst moment. */
import type { Socket } from 'node:net';
import { createPool } from '@atoll/service/postgres';
import pg from 'pg';
import { createEventStore, handleCommand } from '../src/store.ts';
import { bankEvents } from '../src/testing/bank.ts';
import { testLog } from '../src/testing/open-store.ts';
import { opening } from '../src/testing/requests.ts';
import { vault } from '../src/testing/vault.ts';
import { prepareAppend } from '../src/write/prepare.ts';
import type { Answer, Stall, Task } from './store-processes.ts';

const url = process.env.TEST_URL ?? '';
const origin = { tenant: 'platform', actor: 'user:x', cause: null, correlation: 'c', traceparent: null } as const;

function serve(): void {
  const pool = createPool({ url, name: 'store-process', max: 10, log: testLog });
  const store = createEventStore({ pool, context: 'deploy', registry: bankEvents, log: testLog });
  const append = (request: Parameters<typeof store.append>[0]) =>
    store.append(request).then(
      (outcome): Answer => ({ outcome: outcome.outcome, ...('position' in outcome && { position: outcome.position }) }),
      (error: unknown): Answer => ({ outcome: 'error', message: String(error) }),
    );

  async function load(callers: number): Promise<void> {
    const call = async (caller: number): Promise<void> => {
      for (let n = 0; ; n++) {
        const stream = n % 3 === 0 ? 'account:busy' : `account:${process.pid}-${caller}-${n}`;
        const answer = await append({ ...opening(), stream, expected: { kind: 'any' }, origin });
        // As long as the parent has it, it was acknowledged, whatever becomes of this process.
        if (answer.position !== undefined) process.send?.({ acknowledged: answer.position, stream });
      }
    };
    await Promise.all(Array.from({ length: callers }, (_, caller) => call(caller)));
  }

  async function work(task: Task): Promise<Answer[]> {
    switch (task.do) {
      case 'append':
        return Promise.all(task.requests.map(append));
      case 'move':
        return Promise.all(
          task.amounts.map(async (amount): Promise<Answer> => {
            const command = { kind: 'move', amount } as const;
            const outcome = await handleCommand(store, { decider: vault, stream: task.stream, command, origin });
            return outcome.ok
              ? { outcome: 'OK', position: outcome.position }
              : { outcome: outcome.rejection.code, message: outcome.rejection.message };
          }),
        );
      case 'load':
        void load(task.callers);
        return [];
      default:
        return task satisfies never;
    }
  }
  process.on('message', async ({ id, task }: { id: number; task: Task }) => {
    process.send?.({ id, answers: await work(task) });
  });
  process.send?.({ ready: true });
}

/** Messages of PostgreSQL's protocol: a letter, a length, a body. */
const message = (letter: string, ...parts: (string | Buffer | number)[]): Buffer => {
  const body = Buffer.concat(
    parts.map((part) => {
      if (typeof part === 'string') return Buffer.from(`${part}\0`);
      if (typeof part !== 'number') return part;
      const int16 = Buffer.alloc(2);
      int16.writeInt16BE(part);
      return int16;
    }),
  );
  const head = Buffer.alloc(5);
  head.write(letter);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
function extended(text: string, parameter: string): { parse: Buffer; bind: Buffer; execute: Buffer } {
  const value = Buffer.from(parameter);
  const length = Buffer.alloc(4);
  length.writeInt32BE(value.length);
  return {
    parse: message('P', '', text, 0),
    bind: message('B', '', '', 0, 1, length, value, 0),
    execute: message('E', '', Buffer.alloc(4)),
  };
}
/** `H`: what has come so far is to be answered; unlike Sync it doesn't end the transaction. */
const flush = message('H');

async function stall(kind: Stall): Promise<void> {
  const client = new pg.Client({ connectionString: url, application_name: 'stalled' });
  client.on('error', () => {});
  await client.connect();
  const connection: unknown = Reflect.get(client, 'connection');
  const socket: Socket = Reflect.get(connection as object, 'stream');
  const batchOf = (...requests: Parameters<typeof opening>[0][]) =>
    `[${requests.map((request) => `${prepareAppend('deploy', bankEvents, opening(request)).toJson()}}`).join(',')}]`;
  const write = (...buffers: Buffer[]) =>
    new Promise<void>((resolve) => socket.write(Buffer.concat(buffers), () => resolve()));
  const appendAlone = 'select * from deploy.append_batch($1::jsonb)';
  const writeBatch = 'call deploy.write_batch($1::jsonb, null)';

  switch (kind) {
    case 'in-transaction':
      await client.query('begin');
      await client.query(appendAlone, [batchOf({})]);
      break;
    case 'before-sync': {
      // The function has run, and the transaction that it is in waits for a Sync.
      const { parse, bind, execute } = extended(appendAlone, batchOf({}));
      await write(parse, bind, execute, flush);
      break;
    }
    case 'store-before-sync': {
      const { parse, bind, execute } = extended(writeBatch, batchOf({}));
      await write(parse, bind, execute, flush);
      break;
    }
    case 'half-sent': {
      const large = batchOf(
        ...Array.from({ length: 15 }, () => ({
          events: [{ type: 'Opened', data: { owner: 'x'.repeat(200_000) } }],
        })),
      );
      const { parse, bind } = extended(writeBatch, large);
      await write(parse, bind.subarray(0, bind.length / 2), flush.subarray(0, 0));
      break;
    }
    case 'answer-unread': {
      // Each is answered with the megabyte that is stored under its key: more than any buffer between here and there.
      const idempotency = { key: 'large', request: 1 };
      const { parse, bind, execute } = extended(
        writeBatch,
        batchOf(...Array.from({ length: 40 }, () => ({ idempotency }))),
      );
      socket.pause();
      await write(parse, bind, execute, message('S'));
      break;
    }
    default:
      kind satisfies never;
  }
  process.send?.({ ready: true }, () => process.kill(process.pid, 'SIGSTOP'));
}

if (process.env.TEST_STALL) await stall(process.env.TEST_STALL as Stall);
else serve();
