/** One process under fault: `node --conditions=atoll-faults main.ts <role>`. */
import { flushCompileCache } from 'node:module';
import { loadConfig } from '@atoll/service/config';
import { runProcess } from '@atoll/service/process';
import { z } from 'zod';
import { runProjector } from './projector.ts';
import { runReactor } from './reactor.ts';
import { runRelay } from './relay.ts';
import { openRole, type Role, type RoleContext, roleConfig, roles } from './role.ts';
import { runSubscriber } from './subscriber.ts';
import { runWriter } from './writer.ts';

const running: Record<Role, (context: RoleContext) => Promise<void>> = {
  writer: runWriter,
  relay: runRelay,
  reactor: runReactor,
  projector: runProjector,
  subscriber: runSubscriber,
};

const role = z.enum(roles).parse(process.argv[2]);

runProcess(role, async (context) => {
  await running[role](await openRole(context, loadConfig(z.object(roleConfig))));
  process.send?.('ready');
  // Those that are killed never come to write it.
  flushCompileCache();
});
