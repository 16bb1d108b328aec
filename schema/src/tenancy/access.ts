/**
 * Who may do what where: roles of a tenant's own, and bindings. A binding gives one role to one subject for one scope.
 * A membership or service account has, beside its bindings, one built-in role for the whole tenant, or none.
 */
import { z } from 'zod';
import { id } from '../ids.ts';
import { tenantRoleNames } from '../permissions.ts';
import { name } from '../text.ts';

export const builtInRole = z.enum(tenantRoleNames);
/** What a member or service account may do in the whole tenant; null where only bindings say so. */
export const baseRole = builtInRole
  .nullable()
  .describe('Built-in role for the whole tenant; null where only bindings say what it may do.');

const level = <L extends 'tenant' | 'environment' | 'namespace'>(name: L) =>
  z.literal(name).describe('How wide it is.');

/** Where a role holds: everywhere in the tenant, in one environment, or in one namespace. */
export const scope = z
  .discriminatedUnion('level', [
    z.strictObject({ level: level('tenant') }),
    z.strictObject({ level: level('environment'), environmentId: id('environment') }),
    z.strictObject({
      level: level('namespace'),
      environmentId: id('environment').describe('Id of the environment that the namespace is in.'),
      namespaceId: id('namespace'),
    }),
  ])
  .describe('Where the role holds.');
export type Scope = z.infer<typeof scope>;

/** A role by its name where it is built in, by its id where it is the tenant's own. */
export const roleRef = z
  .union([builtInRole, id('role')])
  .describe("Name of a built-in role, or id of a role of the tenant's own.");
export type RoleRef = z.infer<typeof roleRef>;

export const bindingSubject = z
  .union([id('member'), id('serviceAccount')])
  .describe('Id of the membership or service account.');
export type BindingSubject = z.infer<typeof bindingSubject>;

/** By text and not by the registry: that grows, and these are kept. A name that no registry knows any more gives nothing. */
const permissionName = z.string().regex(/^[a-zA-Z]{1,40}:[a-zA-Z]{1,40}$/, 'is no permission');
export const rolePermissionNames = z.array(permissionName).max(200).describe('Its permissions.');

export const roleDescription = z
  .string()
  .trim()
  .max(500)
  .regex(/^\P{Cc}*$/u, 'must be text without control characters')
  .describe('What it is for, in words.');

const tenantId = id('tenant');
const role = z.strictObject({
  tenantId,
  roleId: id('role'),
  name,
  description: roleDescription,
  permissions: rolePermissionNames,
});
const binding = z.strictObject({
  tenantId,
  bindingId: id('binding'),
  subjectId: bindingSubject,
  role: roleRef,
  scope,
});

export const accessEvents = {
  MemberRoleChanged: {
    doc: 'A member may do something else in the whole tenant from now on.',
    stream: 'tenant',
    version: 1,
    data: z.strictObject({
      tenantId,
      memberId: id('member'),
      role: baseRole,
      from: baseRole.describe('Built-in role for the whole tenant before; null where there was none.'),
    }),
  },
  MemberRemoved: {
    doc: 'A person may not act for the tenant any more. Their bindings end in the same commit.',
    stream: 'tenant',
    version: 1,
    data: z.strictObject({
      tenantId,
      memberId: id('member'),
      subject: z.string().min(1).max(255).describe("The `sub` of the person's tokens."),
    }),
  },
  RoleCreated: { doc: 'The tenant has one more role of its own.', stream: 'tenant', version: 1, data: role },
  RoleChanged: {
    doc: "A role of the tenant's own is something else from now on, for all who have it. Told whole.",
    stream: 'tenant',
    version: 1,
    data: role,
  },
  RoleDeleted: {
    doc: "A role of the tenant's own is gone. Nobody had it any more.",
    stream: 'tenant',
    version: 1,
    data: role.pick({ tenantId: true, roleId: true, name: true }),
  },
  RoleBound: {
    doc: 'A member or service account has a role, in the whole tenant or in a part of it.',
    stream: 'tenant',
    version: 1,
    data: binding,
  },
  RoleUnbound: {
    doc: 'A member or service account has the role no longer there.',
    stream: 'tenant',
    version: 1,
    data: binding,
  },
} as const;

const permissionsAsked = rolePermissionNames.min(1, 'must have at least one permission');
/** Where: the whole tenant where neither is said. */
const where = {
  environmentId: id('environment').nullable().default(null),
  namespaceId: id('namespace').nullable().default(null),
};

export const accessCommands = {
  ChangeMemberRole: {
    input: z.strictObject({ memberId: id('member'), role: builtInRole.nullable() }),
    result: z.strictObject({ memberId: id('member') }),
  },
  RemoveMember: {
    input: z.strictObject({ memberId: id('member') }),
    result: z.strictObject({ memberId: id('member') }),
  },
  /** The actor's own membership ends. */
  LeaveTenant: {
    input: z.strictObject({}),
    result: z.strictObject({ memberId: id('member') }),
  },
  CreateRole: {
    input: z.strictObject({ name, description: roleDescription.default(''), permissions: permissionsAsked }),
    result: z.strictObject({ roleId: id('role') }),
  },
  /** What is left out stays as it is. */
  ChangeRole: {
    input: z.strictObject({
      roleId: id('role'),
      name: name.optional(),
      description: roleDescription.optional(),
      permissions: permissionsAsked.optional(),
    }),
    result: z.strictObject({ roleId: id('role') }),
  },
  DeleteRole: {
    input: z.strictObject({ roleId: id('role') }),
    result: z.strictObject({ roleId: id('role') }),
  },
  BindRole: {
    input: z.strictObject({ subjectId: bindingSubject, role: roleRef, ...where }),
    result: z.strictObject({ bindingId: id('binding') }),
  },
  UnbindRole: {
    input: z.strictObject({ bindingId: id('binding') }),
    result: z.strictObject({ bindingId: id('binding') }),
  },
} as const;
