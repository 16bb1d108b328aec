/** `npm start`. */
import { startDatabaseOnly } from './database-only.ts';
import { parseOptions, type StartOptions } from './options.ts';
import { type Platform, startPlatform } from './start.ts';

const began = Date.now();
const say = (line: string) => console.log(`  ${line}`);

/** The terminal may be gone before the platform has stopped. */
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

/** To a terminal only: what is printed to anything else is kept as a log is, and a log has no secrets. */
function tokensOf({ tokens }: Platform['ready'], home: string): string {
  if (!process.stdout.isTTY) return `Tokens of the operator and of two tenants (30 days): in ${home}/ready.json.`;
  const tenants = tokens.tenants.flatMap(({ name, ...held }) =>
    (['owner', 'admin', 'developer', 'viewer'] as const).map((role) => `  ${name}, ${role}\n    ${held[role]}`),
  );
  return `Tokens (30 days; header "Authorization: Bearer …")
  operator
    ${tokens.operator}
${tenants.join('\n')}`;
}

function usersOf({ login }: Platform['ready'], home: string): string {
  const at = `Log in at ${login.issuer}`;
  if (!process.stdout.isTTY) return `${at}: users and passwords in ${home}/ready.json.`;
  return `${at} as\n${login.users.map((user) => `  ${user.login.padEnd(18)} ${user.password}`).join('\n')}`;
}

function show({ ready, publicUrl, healthPages }: Platform, { home, traces }: StartOptions): void {
  console.log(`
Atoll is ready (${((Date.now() - began) / 1000).toFixed(1)} s).

  API           ${ready.graphqlUrl}
  Explorer      ${publicUrl}/explorer
  Subscriptions ${ready.subscriptionsUrl}
  Registry      ${ready.registry ?? 'none'}
  Node          ${ready.node ? `${ready.node.name} (${ready.node.runtime})` : 'none'}
  Health        ${Object.entries(healthPages)
    .map(([name, url]) => `${name.padEnd(9)} ${url}`)
    .join('\n                ')}

${tokensOf(ready, home)}

${usersOf(ready, home)}

All of this for programs: ${home}/ready.json. Logs: ${home}/logs. Stop: Ctrl-C.`);
  if (traces) console.log(`Traces: npm run trace -- last${home === '.atoll' ? '' : ` --home ${home}`}`);
}

interface Begun {
  /** Says what is there. */
  readonly up: Promise<() => void>;
  stop(): Promise<void>;
}

function begin(options: StartOptions): Begun {
  if (options.databaseOnly) {
    const { up, stop } = startDatabaseOnly(options.home, say);
    const told = () =>
      console.log(`
The database of ${options.home} is ready, and nothing else runs. Commands: npm run events -- --home ${options.home} … Stop: Ctrl-C.`);
    return { up: up.then(() => told), stop };
  }
  const { platform, stop } = startPlatform(options, say);
  return { up: platform.then((started) => () => show(started, options)), stop };
}

async function main(): Promise<number> {
  const parsed = parseOptions(process.argv.slice(2));
  if (parsed.kind === 'exit') return parsed.code;
  const { options } = parsed;
  console.log(`Starting Atoll (home ${options.home}) …`);

  let starting: Begun;
  try {
    starting = begin(options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    return 1;
  }

  const asked = new Promise<void>((resolve) => {
    let told = false;
    const stop = () => {
      if (!told) console.log('\nStopping …');
      told = true;
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
    // `npm start` itself was ended by force.
    if (process.connected) process.once('disconnect', stop);
  });

  const outcome = await Promise.race([
    starting.up.then(
      (told) => {
        told();
        return null;
      },
      (error: unknown) => ({ error }),
    ),
    asked.then(() => 'asked' as const),
  ]);
  if (outcome === null) await asked;
  const failed = outcome !== null && outcome !== 'asked';
  if (failed) {
    console.error(
      `\nAtoll can't be started: ${outcome.error instanceof Error ? outcome.error.message : String(outcome.error)}`,
    );
  }
  await starting.stop();
  console.log('Stopped.');
  return failed ? 1 : 0;
}

process.exit(await main());
