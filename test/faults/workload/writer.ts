/** Serves the commands of the accounts: load, decide, append. */
import { createEventStore, handleCommand, type Origin } from '@atoll/events/store';
import { type CommandContext, serveCommands } from '@atoll/service/commands';
import { type AccountCommand, accountCommands, accountEvents, accountStream, accounts } from './account.ts';
import { ACCOUNTS, type RoleContext } from './role.ts';

const originOf = ({ tenant, actor, correlation, traceparent }: CommandContext): Origin => ({
  tenant,
  actor,
  cause: null,
  correlation,
  traceparent,
});

export async function runWriter({ pool, nc, log, onStop }: RoleContext): Promise<void> {
  const store = createEventStore({ pool, context: ACCOUNTS, registry: accountEvents, snapshotEvery: 3, log });
  onStop('store', () => store.close());

  async function handle(command: AccountCommand, context: CommandContext) {
    const outcome = await handleCommand(store, {
      decider: accounts,
      stream: accountStream(command.account),
      command,
      origin: originOf(context),
      idempotency: { key: context.key, request: command },
      result: { call: command.call },
    });
    if (!outcome.ok) return outcome;
    return { ok: true, result: { call: command.call }, position: outcome.position, version: outcome.version } as const;
  }
  const served = serveCommands({
    nc,
    context: ACCOUNTS,
    registry: accountCommands,
    handlers: {
      Open: (input, context) => handle({ kind: 'Open', ...input }, context),
      Move: (input, context) => handle({ kind: 'Move', ...input }, context),
      Reserve: (input, context) => handle({ kind: 'Reserve', ...input }, context),
    },
    ready: async () => {},
    log,
  });
  onStop('commands', () => served.stop());
}
