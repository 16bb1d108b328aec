/**
 * The one registry of capabilities: parts of the platform that a plan includes or not. `@capability` in the SDL names one
 * of these. What a tenant's plan excludes is absent from its introspection and refused by the API with CAPABILITY_EXCLUDED.
 * A permission says what somebody may do of what is there; a capability says what is there.
 */
const registry = {
  probe: 'Try a connection from inside an instance.',
  logs: 'Read and follow what instances write.',
  serviceAccounts: 'Programs of the tenant with an id and a secret of their own.',
  customRoles: "Roles of the tenant's own making.",
  ownIssuers: "Sign-in with tokens of the tenant's own issuers.",
  apiKeys: 'Keys for programs that can do no OAuth.',
  promotionOrder: 'An order in which releases go from environment to environment.',
  imageRules: 'Rules that say which images an environment may run.',
} as const satisfies Readonly<Record<string, string>>;

export type Capability = keyof typeof registry;
export const capabilityRegistry: Readonly<Record<Capability, string>> = registry;

export const isCapability = (name: string): name is Capability => Object.hasOwn(registry, name);
export const capabilities: readonly Capability[] = Object.keys(registry).filter(isCapability).sort();
