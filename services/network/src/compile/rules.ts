/** The rule set of one node, out of intent that is told at once. */
import type { RuleSet } from '@atoll/schema/node/network';
import { type Compiler, createCompiler } from './compiler.ts';
import type { Intent } from './model.ts';

export function tell(compiler: Compiler, { endpoints, policies, namespaces, services }: Intent): void {
  for (const service of services) compiler.service(service.serviceId, service);
  for (const policy of policies) compiler.policy(policy.policyId, policy);
  for (const namespace of namespaces) compiler.namespace(namespace.namespaceId, namespace);
  for (const endpoint of endpoints) compiler.endpoint(endpoint.instanceId, endpoint);
}

export function compileNode(nodeId: string, intent: Intent): RuleSet {
  const compiler = createCompiler();
  tell(compiler, intent);
  compiler.take();
  return compiler.ruleSet(nodeId);
}
