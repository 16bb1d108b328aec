/** The environment that every child starts from. */

/** What is for the supervisor alone: a child gets its own, narrower one. */
const own = /^(npm_|NODE_CHANNEL|ATOLL_(DATABASE_URL|NATS_URL|REGISTRY|RUNTIME|HEALTH_PORT|DATA_KEY_FILE)$|INIT_CWD$)/;

/** Settings like ATOLL_LOG_LEVEL, ATOLL_NODE_DEAD_SECONDS or OTEL_… reach the children as they are. */
export function childEnvironment(added: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !own.test(name));
  return { ...Object.fromEntries(inherited), ...added };
}
