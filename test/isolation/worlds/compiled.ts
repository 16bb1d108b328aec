/** The real compiler, told of worlds: only of what is new in each. */
import { type Compiler, createCompiler } from '@atoll/network/compile/compiler';
import type { Intent } from '@atoll/network/compile/model';
import type { RuleSet } from '@atoll/schema/node/network';

const keyed = <T>(list: readonly T[], key: (one: T) => string) => new Map(list.map((one) => [key(one), one]));

function tell<T>(
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  say: (key: string, one: T | null) => void,
): void {
  for (const [key, one] of after) if (before.get(key) !== one) say(key, one);
  for (const key of before.keys()) if (!after.has(key)) say(key, null);
}

export const nothing: Intent = { endpoints: [], policies: [], namespaces: [], services: [] };

export function tellCompiler(compiler: Compiler, before: Intent, after: Intent): void {
  const by = {
    endpoints: (of: Intent) => keyed(of.endpoints, (one) => one.instanceId),
    policies: (of: Intent) => keyed(of.policies, (one) => one.policyId),
    namespaces: (of: Intent) => keyed(of.namespaces, (one) => one.namespaceId),
    services: (of: Intent) => keyed(of.services, (one) => one.serviceId),
  };
  tell(by.services(before), by.services(after), compiler.service);
  tell(by.namespaces(before), by.namespaces(after), compiler.namespace);
  tell(by.endpoints(before), by.endpoints(after), compiler.endpoint);
  tell(by.policies(before), by.policies(after), compiler.policy);
  compiler.take();
}

/** From scratch. */
export function compiledAnew(intent: Intent, node: string): RuleSet {
  const compiler = createCompiler();
  tellCompiler(compiler, nothing, intent);
  return compiler.ruleSet(node);
}
