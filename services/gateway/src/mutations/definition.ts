/** How one mutation of the SDL becomes one command, and the command's answer its payload. */
import type { Context } from '@atoll/schema/contexts';
import type { Rejection } from '@atoll/schema/errors';
import type { Tenant } from '@atoll/schema/ids';
import type { Permission } from '@atoll/schema/permissions';
import type { Viewer } from '../auth/viewers.ts';

/** What a mutation may look up and derive before its command. */
export interface Asking {
  readonly viewer: Viewer;
  /** The request's idempotency key: given, or made up for this call. */
  readonly key: string;
  /** The namespace of a policy of the viewer's; null where there is none. */
  readonly namespaceOfPolicy: (policyId: string) => Promise<string | null>;
  /** The same of a deployment. */
  readonly namespaceOfDeployment: (deploymentId: string) => Promise<string | null>;
  /** The same of a service. */
  readonly namespaceOfService: (serviceId: string) => Promise<string | null>;
  /** Asks over all tenants: for the operator. */
  readonly tenantExists: (tenantId: string) => Promise<boolean>;
  /** The same for the same parts, and to be guessed by nobody else. */
  readonly secretOf: (...parts: readonly string[]) => string;
  readonly tokenUrl: string;
  /** Asks over all tenants: whoever has the token of an invitation knows of it. */
  readonly tenantOfInvitation: (invitationId: string) => Promise<Tenant | null>;
  /** Why tokens of an issuer can't be accepted; null where they can. Asks the issuer, unless the tenant has it already. */
  readonly issuerProblem: (tenant: Tenant, url: string, audience: string) => Promise<string | null>;
}

export interface Order {
  /** Whose facts will be made. */
  readonly tenant: Tenant;
  /** Who asks, where it isn't the viewer's subject in their own tenant. */
  readonly subject?: string;
  /** Of the command's own schema: its owner parses it, and says what is wrong. */
  readonly data: Readonly<Record<string, unknown>>;
  readonly expectedVersion: number | null;
  /** Fields of the payload that come neither from rows nor from the command's answer. */
  readonly shown?: (result: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
}

/** An id of the input, by the path of its field, and what whoever names it must be allowed to do there. */
export interface Mention {
  readonly field: string;
  readonly permission: Permission;
}

export interface Mutation<Input> {
  /**
   * Where it acts, so that whoever may do it in parts of the tenant alone does it there alone: the first of these fields
   * of the input that is given holds the id of a thing there; where none is, it acts on the whole tenant. `platform`: on
   * what is above all tenants.
   */
  readonly touches: 'platform' | 'tenant' | readonly [string, ...string[]];
  /** Other things that the input names, which must be there for the viewer. */
  readonly mentions?: readonly Mention[];
  /** Fields with ids of what belongs to the whole tenant, or is the tenant: members, roles. */
  readonly wide?: readonly string[];
  readonly context: Context;
  readonly command: string;
  /** A rejection names the input's fields. */
  readonly order: (input: Input, asking: Asking) => Order | Rejection | Promise<Order | Rejection>;
  /** Row of the payload → where its id is in the command's answer. */
  readonly rows: Readonly<Record<string, string>>;
  /** A path of the command's data in the input's words, where these depend on the input; before `renamed`. */
  readonly told?: (field: string, input: unknown) => string;
  /** Paths of the command's data that the input calls otherwise; '' where no field alone is meant. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Lists of the input that are maps in the command, with the field of an item that is the key. */
  readonly keyed?: Readonly<Record<string, string>>;
}

/** The input as the SDL says it is: GraphQL has checked and coerced it before it comes here. */
export interface AnyMutation extends Omit<Mutation<never>, 'order'> {
  readonly order: (input: unknown, asking: Asking) => Order | Rejection | Promise<Order | Rejection>;
}

export const mutation = <Input>(definition: Mutation<Input>): AnyMutation => ({
  ...definition,
  order: (input, asking) => definition.order(input as Input, asking),
});

export const isRejection = (value: Order | Rejection): value is Rejection => 'code' in value;

export interface Keyed {
  readonly idempotencyKey?: string | null;
}
export interface Versioned extends Keyed {
  readonly expectedVersion?: number | null;
}
