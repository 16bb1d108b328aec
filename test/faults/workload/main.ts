/** One process under fault: `node --conditions=atoll-faults main.ts <role>`; `warm-up` is none. */
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

/** Only loads everything, so that the compile cache has it for the others. */
const WARM_UP = 'warm-up';

if (process.argv[2] !== WARM_UP) {
  const role = z.enum(roles).parse(process.argv[2]);
  runProcess(role, async (context) => {
    await running[role](await openRole(context, loadConfig(z.object(roleConfig))));
    process.send?.('ready');
  });
}
