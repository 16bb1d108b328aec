// Generated from schema/ by `npm run gen`. Changes made here are lost.
import type { Change, Read } from '../calls.ts';
import type { CallOptions, Deleted, Done } from '../options.ts';
import { documents } from './documents.ts';
import type * as o from './operations.ts';

/** Reads. Each resolves to the field of its name; null where there is none that you may see. */
export interface Queries {
  /**
   * Who the token says you are, and what you may do.
   */
  viewer(variables?: o.ViewerQueryVariables, options?: CallOptions): Promise<o.ViewerQuery['viewer']>;
  /**
   * Anything by its global id; null where there is none that you may see.
   */
  node(variables: o.NodeQueryVariables, options?: CallOptions): Promise<o.NodeQuery['node']>;
  /**
   * The roles of the tenant's own, by name.
   */
  roles(variables?: o.RolesQueryVariables, options?: CallOptions): Promise<o.RolesQuery['roles']>;
  /**
   * A role of the tenant's own by its id; null where there is none that you may see.
   */
  role(variables: o.RoleQueryVariables, options?: CallOptions): Promise<o.RoleQuery['role']>;
  /**
   * Who has which role where, oldest first.
   */
  roleBindings(variables?: o.RoleBindingsQueryVariables, options?: CallOptions): Promise<o.RoleBindingsQuery['roleBindings']>;
  /**
   * All permissions that there are.
   */
  permissions(variables?: o.PermissionsQueryVariables, options?: CallOptions): Promise<o.PermissionsQuery['permissions']>;
  /**
   * Who may do something, and because of what. Errors: BAD_USER_INPUT, NOT_FOUND.
   */
  access(variables: o.AccessQueryVariables, options?: CallOptions): Promise<o.AccessQuery['access']>;
  /**
   * Whether you may do something, and because of what. Errors: BAD_USER_INPUT, NOT_FOUND.
   */
  canI(variables: o.CanIQueryVariables, options?: CallOptions): Promise<o.CanIQuery['canI']>;
  /**
   * The platform's ranges of addresses, in the order in which they were added. For the operator.
   */
  addressRanges(variables?: o.AddressRangesQueryVariables, options?: CallOptions): Promise<o.AddressRangesQuery['addressRanges']>;
  /**
   * The tenant's public addresses, oldest first.
   */
  publicAddresses(variables?: o.PublicAddressesQueryVariables, options?: CallOptions): Promise<o.PublicAddressesQuery['publicAddresses']>;
  /**
   * A public address by its id; null where there is none that you may see.
   */
  publicAddress(variables: o.PublicAddressQueryVariables, options?: CallOptions): Promise<o.PublicAddressQuery['publicAddress']>;
  /**
   * The tenant's port mappings, oldest first.
   */
  portMappings(variables?: o.PortMappingsQueryVariables, options?: CallOptions): Promise<o.PortMappingsQuery['portMappings']>;
  /**
   * The tenant's log for auditors, newest first: events, and every mutation and sign-in with its outcome.
   */
  auditLog(variables?: o.AuditLogQueryVariables, options?: CallOptions): Promise<o.AuditLogQuery['auditLog']>;
  /**
   * Where the tenant's log ends now, signed.
   */
  logHead(variables?: o.LogHeadQueryVariables, options?: CallOptions): Promise<o.LogHeadQuery['logHead']>;
  /**
   * What happened to a resource, newest first, also of one that is gone. Empty where there is none that you may read.
   */
  timeline(variables: o.TimelineQueryVariables, options?: CallOptions): Promise<o.TimelineQuery['timeline']>;
  /**
   * A resource as it was at a time or after one of its changes, also of one that is gone. Null where there was none then
   * that you may read.
   */
  asOf(variables: o.AsOfQueryVariables, options?: CallOptions): Promise<o.AsOfQuery['asOf']>;
  /**
   * Which deployments a batch would be about, and what would become of each: asked now, nothing is changed. Errors: NOT_FOUND,
   * BAD_USER_INPUT, UNAVAILABLE.
   */
  batchPreview(variables: o.BatchPreviewQueryVariables, options?: CallOptions): Promise<o.BatchPreviewQuery['batchPreview']>;
  /**
   * A batch by its id; null where there is none that you may see. As it goes on, `events` tells of it.
   */
  batch(variables: o.BatchQueryVariables, options?: CallOptions): Promise<o.BatchQuery['batch']>;
  /**
   * The tenant's batches, newest first.
   */
  batches(variables?: o.BatchesQueryVariables, options?: CallOptions): Promise<o.BatchesQuery['batches']>;
  /**
   * New connections that isolation policies of a namespace with `log` have decided about, read from the nodes now. Each node keeps the
   * newest 1,000 of a policy, for a day at the longest, until its agent is restarted. Errors: NOT_FOUND, BAD_USER_INPUT.
   */
  connectionLog(variables: o.ConnectionLogQueryVariables, options?: CallOptions): Promise<o.ConnectionLogQuery['connectionLog']>;
  /**
   * What the deletion of a tenant, an environment, a namespace or a deployment would do; null where there is none that you
   * may see. The services are asked now. Errors: UNAVAILABLE.
   */
  deletionPlan(variables: o.DeletionPlanQueryVariables, options?: CallOptions): Promise<o.DeletionPlanQuery['deletionPlan']>;
  /**
   * A deletion by its id; null where there is none that you may see.
   */
  deletion(variables: o.DeletionQueryVariables, options?: CallOptions): Promise<o.DeletionQuery['deletion']>;
  /**
   * The tenant's deletions, oldest first; for the operator, those of all tenants.
   */
  deletions(variables?: o.DeletionsQueryVariables, options?: CallOptions): Promise<o.DeletionsQuery['deletions']>;
  /**
   * The tenant's deployments, by name.
   */
  deployments(variables?: o.DeploymentsQueryVariables, options?: CallOptions): Promise<o.DeploymentsQuery['deployments']>;
  /**
   * A deployment by its id; null where there is none that you may see.
   */
  deployment(variables: o.DeploymentQueryVariables, options?: CallOptions): Promise<o.DeploymentQuery['deployment']>;
  /**
   * An instance by its id; null where there is none that you may see.
   */
  instance(variables: o.InstanceQueryVariables, options?: CallOptions): Promise<o.InstanceQuery['instance']>;
  /**
   * The platform's nodes, by name. For the operator.
   */
  computeNodes(variables?: o.ComputeNodesQueryVariables, options?: CallOptions): Promise<o.ComputeNodesQuery['computeNodes']>;
  /**
   * What runs in an environment and would be refused now by its image rules. Up to 2,000 deployments are looked at for one page:
   * go on while there is a next one. Errors: NOT_FOUND, UNAVAILABLE.
   */
  imageRuleViolations(variables: o.ImageRuleViolationsQueryVariables, options?: CallOptions): Promise<o.ImageRuleViolationsQuery['imageRuleViolations']>;
  /**
   * The newest place in the tenant's log, also of an empty one: give it as `after` to get all that comes from now on.
   */
  eventCursor(variables?: o.EventCursorQueryVariables, options?: CallOptions): Promise<o.EventCursorQuery['eventCursor']>;
  /**
   * The tenant's log from the oldest on; `after` is an event's cursor.
   */
  events(variables?: o.EventsQueryVariables, options?: CallOptions): Promise<o.EventsQuery['events']>;
  /**
   * The issuers whose tokens are accepted for the tenant, by name.
   */
  issuers(variables?: o.IssuersQueryVariables, options?: CallOptions): Promise<o.IssuersQuery['issuers']>;
  /**
   * The tenant's service accounts, by name.
   */
  serviceAccounts(variables?: o.ServiceAccountsQueryVariables, options?: CallOptions): Promise<o.ServiceAccountsQuery['serviceAccounts']>;
  /**
   * The tenant's API keys, newest first; their secrets are kept nowhere.
   */
  apiKeys(variables?: o.ApiKeysQueryVariables, options?: CallOptions): Promise<o.ApiKeysQuery['apiKeys']>;
  /**
   * The tenant's invitations, newest first.
   */
  invitations(variables?: o.InvitationsQueryVariables, options?: CallOptions): Promise<o.InvitationsQuery['invitations']>;
  /**
   * What a process of an instance has written, read from its node now: the newest lines, or those after a place. A node keeps the newest 10
   * to 20 MiB of a process as long as that is there, and for an hour after it is gone. Errors: NOT_FOUND, BAD_USER_INPUT, CURSOR_MALFORMED,
   * UNAVAILABLE with the node and since when nothing has been heard from it.
   */
  instanceLogs(variables: o.InstanceLogsQueryVariables, options?: CallOptions): Promise<o.InstanceLogsQuery['instanceLogs']>;
  /**
   * The newest lines of the instances of a deployment, of their main processes, each read from its node now: of the 50 newest. Where a node can't be asked, its
   * instances have a `problem`; UNAVAILABLE where none can. Else as `instanceLogs`.
   */
  deploymentLogs(variables: o.DeploymentLogsQueryVariables, options?: CallOptions): Promise<o.DeploymentLogsQuery['deploymentLogs']>;
  /**
   * The tenant's subnets, oldest first.
   */
  subnets(variables?: o.SubnetsQueryVariables, options?: CallOptions): Promise<o.SubnetsQuery['subnets']>;
  /**
   * An isolation policy by its id; null where there is none that you may see.
   */
  isolationPolicy(variables: o.IsolationPolicyQueryVariables, options?: CallOptions): Promise<o.IsolationPolicyQuery['isolationPolicy']>;
  /**
   * Opens a real connection from inside an instance of yours, and says what it met. `address` is IPv4 or IPv6; the
   * connection is given up after `timeoutMs` (100–5000). With HTTP, `path` is asked for.
   */
  probe(variables: o.ProbeQueryVariables, options?: CallOptions): Promise<o.ProbeQuery['probe']>;
  /**
   * Where instances of a new deployment would be placed now, and why: nothing is placed. Errors: NOT_FOUND, BAD_USER_INPUT,
   * UNAVAILABLE.
   */
  placementPreview(variables: o.PlacementPreviewQueryVariables, options?: CallOptions): Promise<o.PlacementPreviewQuery['placementPreview']>;
  /**
   * All plans, by name. For the operator.
   */
  plans(variables?: o.PlansQueryVariables, options?: CallOptions): Promise<o.PlansQuery['plans']>;
  /**
   * A plan by its id; null where there is none. For the operator.
   */
  plan(variables: o.PlanQueryVariables, options?: CallOptions): Promise<o.PlanQuery['plan']>;
  /**
   * All policies of the platform, by name. For the operator.
   */
  platformPolicies(variables?: o.PlatformPoliciesQueryVariables, options?: CallOptions): Promise<o.PlatformPoliciesQuery['platformPolicies']>;
  /**
   * A policy of the platform by its id; null where there is none. For the operator.
   */
  platformPolicy(variables: o.PlatformPolicyQueryVariables, options?: CallOptions): Promise<o.PlatformPolicyQuery['platformPolicy']>;
  /**
   * New connections, of all tenants, that policies of the platform with `log` have decided about, read from the nodes now. Each node keeps
   * the newest 1,000 of a policy, for a day at the longest, until its agent is restarted. For the operator. Errors: NOT_FOUND,
   * BAD_USER_INPUT.
   */
  platformConnectionLog(variables?: o.PlatformConnectionLogQueryVariables, options?: CallOptions): Promise<o.PlatformConnectionLogQuery['platformConnectionLog']>;
  /**
   * All pools of nodes, by name. For the operator.
   */
  pools(variables?: o.PoolsQueryVariables, options?: CallOptions): Promise<o.PoolsQuery['pools']>;
  /**
   * A pool by its id; null where there is none. For the operator.
   */
  pool(variables: o.PoolQueryVariables, options?: CallOptions): Promise<o.PoolQuery['pool']>;
  /**
   * Where the quota ledger and reality differ, oldest first. For the operator; empty where all is well.
   */
  quotaDifferences(variables?: o.QuotaDifferencesQueryVariables, options?: CallOptions): Promise<o.QuotaDifferencesQuery['quotaDifferences']>;
  /**
   * Whether a connection from an instance of yours may begin, and which rule of which policy says so at each end. Answered from the
   * compiled rules, no packet is sent (`probe` sends one). Errors: NOT_FOUND, BAD_USER_INPUT.
   */
  reachability(variables: o.ReachabilityQueryVariables, options?: CallOptions): Promise<o.ReachabilityQuery['reachability']>;
  /**
   * Who reaches whom in a namespace, and what is outside of the platform, by which rules. Answered from the compiled rules. Errors:
   * NOT_FOUND, BAD_USER_INPUT.
   */
  reachabilityMatrix(variables: o.ReachabilityMatrixQueryVariables, options?: CallOptions): Promise<o.ReachabilityMatrixQuery['reachabilityMatrix']>;
  /**
   * A service by its id; null where there is none that you may see.
   */
  service(variables: o.ServiceQueryVariables, options?: CallOptions): Promise<o.ServiceQuery['service']>;
  /**
   * The tenant that the token is for.
   */
  tenant(variables?: o.TenantQueryVariables, options?: CallOptions): Promise<o.TenantQuery['tenant']>;
  /**
   * All tenants, by name. For the operator.
   */
  tenants(variables?: o.TenantsQueryVariables, options?: CallOptions): Promise<o.TenantsQuery['tenants']>;
  /**
   * The tenant's members, by subject; for the operator, those of all tenants.
   */
  members(variables?: o.MembersQueryVariables, options?: CallOptions): Promise<o.MembersQuery['members']>;
  /**
   * The tenant's environments, by name.
   */
  environments(variables?: o.EnvironmentsQueryVariables, options?: CallOptions): Promise<o.EnvironmentsQuery['environments']>;
  /**
   * An environment by its id; null where there is none that you may see.
   */
  environment(variables: o.EnvironmentQueryVariables, options?: CallOptions): Promise<o.EnvironmentQuery['environment']>;
  /**
   * The tenant's namespaces, by name.
   */
  namespaces(variables?: o.NamespacesQueryVariables, options?: CallOptions): Promise<o.NamespacesQuery['namespaces']>;
  /**
   * A namespace by its id; null where there is none that you may see.
   */
  namespace(variables: o.NamespaceQueryVariables, options?: CallOptions): Promise<o.NamespaceQuery['namespace']>;
  /**
   * Who has it where, oldest first.
   */
  roleHolders(variables: o.RoleHoldersQueryVariables, options?: CallOptions): Promise<NonNullable<o.RoleHoldersQuery['role']>['holders'] | null>;
  /**
   * What its ports lead to, by the time of their creation.
   */
  publicAddressMappings(variables: o.PublicAddressMappingsQueryVariables, options?: CallOptions): Promise<NonNullable<o.PublicAddressMappingsQuery['publicAddress']>['mappings'] | null>;
  /**
   * Its deployments, in order.
   */
  batchItems(variables: o.BatchItemsQueryVariables, options?: CallOptions): Promise<NonNullable<o.BatchItemsQuery['batch']>['items'] | null>;
  /**
   * Its releases, newest first.
   */
  deploymentReleases(variables: o.DeploymentReleasesQueryVariables, options?: CallOptions): Promise<NonNullable<o.DeploymentReleasesQuery['deployment']>['releases'] | null>;
  /**
   * Its rollouts, newest first.
   */
  deploymentRollouts(variables: o.DeploymentRolloutsQueryVariables, options?: CallOptions): Promise<NonNullable<o.DeploymentRolloutsQuery['deployment']>['rollouts'] | null>;
  /**
   * Its instances that aren't gone, newest first.
   */
  deploymentInstances(variables: o.DeploymentInstancesQueryVariables, options?: CallOptions): Promise<NonNullable<o.DeploymentInstancesQuery['deployment']>['instances'] | null>;
  /**
   * What its instances use now, added up; each node that has some is asked once.
   */
  deploymentUsage(variables: o.DeploymentUsageQueryVariables, options?: CallOptions): Promise<NonNullable<o.DeploymentUsageQuery['deployment']>['usage'] | null>;
  /**
   * How each of its processes fares, in the order in which they are started; empty once it is being stopped. Asked of the node: an
   * error UNAVAILABLE where that doesn't answer.
   */
  instanceProcesses(variables: o.InstanceProcessesQueryVariables, options?: CallOptions): Promise<NonNullable<o.InstanceProcessesQuery['instance']>['processes'] | null>;
  /**
   * What it has used in the newest interval, asked of its node; null where it doesn't run, or has just been started. UNAVAILABLE where the
   * node can't be asked.
   */
  instanceUsage(variables: o.InstanceUsageQueryVariables, options?: CallOptions): Promise<NonNullable<o.InstanceUsageQuery['instance']>['usage'] | null>;
  /**
   * What it has used in each interval of the last hour, oldest first. Its node keeps it in its agent's memory: it begins anew when that is
   * restarted.
   */
  instanceUsageHistory(variables: o.InstanceUsageHistoryQueryVariables, options?: CallOptions): Promise<NonNullable<o.InstanceUsageHistoryQuery['instance']>['usageHistory'] | null>;
  /**
   * Proof of enforcement, node by node, for the newest revision first.
   */
  isolationPolicyReceipts(variables: o.IsolationPolicyReceiptsQueryVariables, options?: CallOptions): Promise<NonNullable<o.IsolationPolicyReceiptsQuery['isolationPolicy']>['receipts'] | null>;
  /**
   * What of it may not be what was meant, as it is now. Instances come and go, and so do policies: what it named may have gone since.
   * Null where the policy has just gone.
   */
  isolationPolicyWarnings(variables: o.IsolationPolicyWarningsQueryVariables, options?: CallOptions): Promise<NonNullable<o.IsolationPolicyWarningsQuery['isolationPolicy']>['warnings'] | null>;
  /**
   * How far it is in force now. Follow it by the events `network.PolicyEnforced`, `network.PolicyLagging` and
   * `network.PolicyCaughtUp`. Null where the policy has just gone.
   */
  isolationPolicyEnforcement(variables: o.IsolationPolicyEnforcementQueryVariables, options?: CallOptions): Promise<NonNullable<o.IsolationPolicyEnforcementQuery['isolationPolicy']>['enforcement'] | null>;
  /**
   * How often its rules have decided, read from the nodes now. Null where the policy has just gone.
   */
  isolationPolicyFlows(variables: o.IsolationPolicyFlowsQueryVariables, options?: CallOptions): Promise<NonNullable<o.IsolationPolicyFlowsQuery['isolationPolicy']>['flows'] | null>;
  /**
   * How far it is in force now. Null where the policy has just gone.
   */
  platformPolicyEnforcement(variables: o.PlatformPolicyEnforcementQueryVariables, options?: CallOptions): Promise<NonNullable<o.PlatformPolicyEnforcementQuery['platformPolicy']>['enforcement'] | null>;
  /**
   * How often its rules have decided, about connections of all tenants, read from the nodes now: of 256 nodes at most, the others are
   * `missing`. Null where the policy has just gone.
   */
  platformPolicyFlows(variables: o.PlatformPolicyFlowsQueryVariables, options?: CallOptions): Promise<NonNullable<o.PlatformPolicyFlowsQuery['platformPolicy']>['flows'] | null>;
  /**
   * The instances that it selects and that were ready at some time.
   */
  serviceEndpoints(variables: o.ServiceEndpointsQueryVariables, options?: CallOptions): Promise<NonNullable<o.ServiceEndpointsQuery['service']>['endpoints'] | null>;
  /**
   * Its namespaces, by name.
   */
  environmentNamespaces(variables: o.EnvironmentNamespacesQueryVariables, options?: CallOptions): Promise<NonNullable<o.EnvironmentNamespacesQuery['environment']>['namespaces'] | null>;
  /**
   * Who holds something of its quotas, by name.
   */
  environmentQuotaHolders(variables: o.EnvironmentQuotaHoldersQueryVariables, options?: CallOptions): Promise<NonNullable<o.EnvironmentQuotaHoldersQuery['environment']>['quotaHolders'] | null>;
  /**
   * How the addresses of all of its subnets are used now. They are counted in pairs, of IPv4 and IPv6.
   */
  namespaceAddressUse(variables: o.NamespaceAddressUseQueryVariables, options?: CallOptions): Promise<NonNullable<o.NamespaceAddressUseQuery['namespace']>['addressUse'] | null>;
  /**
   * Its public addresses, oldest first.
   */
  namespacePublicAddresses(variables: o.NamespacePublicAddressesQueryVariables, options?: CallOptions): Promise<NonNullable<o.NamespacePublicAddressesQuery['namespace']>['publicAddresses'] | null>;
  /**
   * Its address ranges, oldest first.
   */
  namespaceSubnets(variables: o.NamespaceSubnetsQueryVariables, options?: CallOptions): Promise<NonNullable<o.NamespaceSubnetsQuery['namespace']>['subnets'] | null>;
  /**
   * Its deployments, by name.
   */
  namespaceDeployments(variables: o.NamespaceDeploymentsQueryVariables, options?: CallOptions): Promise<NonNullable<o.NamespaceDeploymentsQuery['namespace']>['deployments'] | null>;
  /**
   * How many of its instances run on nodes that other tenants may have instances on, too. With the level HOST these are older than the
   * level, and go as they are replaced. Null for those who may not read its instances.
   */
  namespaceInstancesOnSharedNodes(variables: o.NamespaceInstancesOnSharedNodesQueryVariables, options?: CallOptions): Promise<NonNullable<o.NamespaceInstancesOnSharedNodesQuery['namespace']>['instancesOnSharedNodes'] | null>;
  /**
   * Its isolation policies, by name.
   */
  namespaceIsolationPolicies(variables: o.NamespaceIsolationPoliciesQueryVariables, options?: CallOptions): Promise<NonNullable<o.NamespaceIsolationPoliciesQuery['namespace']>['isolationPolicies'] | null>;
  /**
   * Who holds something of its quotas, by name.
   */
  namespaceQuotaHolders(variables: o.NamespaceQuotaHoldersQueryVariables, options?: CallOptions): Promise<NonNullable<o.NamespaceQuotaHoldersQuery['namespace']>['quotaHolders'] | null>;
  /**
   * How far its isolation policies are in force now. Null for those who may not read them.
   */
  namespaceEnforcement(variables: o.NamespaceEnforcementQueryVariables, options?: CallOptions): Promise<NonNullable<o.NamespaceEnforcementQuery['namespace']>['enforcement'] | null>;
  /**
   * Its services, by name.
   */
  namespaceServices(variables: o.NamespaceServicesQueryVariables, options?: CallOptions): Promise<NonNullable<o.NamespaceServicesQuery['namespace']>['services'] | null>;
}

/** Changes. Each resolves to its payload, or throws an AtollUserError where the payload has user errors. */
export interface Mutations {
  /**
   * Creates a role of the tenant's own. Errors: NAME_TAKEN, GRANT_EXCEEDS_OWN, QUOTA_EXCEEDED, INVALID_ARGUMENT.
   */
  createRole(input: o.CreateRoleMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreateRoleMutation['createRole']>>;
  /**
   * Changes a role of the tenant's own, for all who have it, from their next request on. Errors: NOT_FOUND, NAME_TAKEN, GRANT_EXCEEDS_OWN, INVALID_ARGUMENT.
   */
  changeRole(input: o.ChangeRoleMutationVariables['input'], options?: CallOptions): Promise<Done<o.ChangeRoleMutation['changeRole']>>;
  /**
   * Deletes a role of the tenant's own that nobody has. Errors: NOT_FOUND, ROLE_IN_USE.
   */
  deleteRole(input: o.DeleteRoleMutationVariables['input'], options?: CallOptions): Promise<Deleted<o.DeleteRoleMutation['deleteRole']>>;
  /**
   * Gives a role to a member or service account, for the whole tenant or a part of it: nothing that you don't have there yourself. Errors: NOT_FOUND, GRANT_EXCEEDS_OWN, ILLEGAL_STATE, QUOTA_EXCEEDED, INVALID_ARGUMENT.
   */
  bindRole(input: o.BindRoleMutationVariables['input'], options?: CallOptions): Promise<Done<o.BindRoleMutation['bindRole']>>;
  /**
   * Takes a role back, from the next request on. Errors: NOT_FOUND, LAST_OWNER.
   */
  unbindRole(input: o.UnbindRoleMutationVariables['input'], options?: CallOptions): Promise<Done<o.UnbindRoleMutation['unbindRole']>>;
  /**
   * Changes what a member may do in the whole tenant. Errors: NOT_FOUND, GRANT_EXCEEDS_OWN, LAST_OWNER.
   */
  changeMemberRole(input: o.ChangeMemberRoleMutationVariables['input'], options?: CallOptions): Promise<Done<o.ChangeMemberRoleMutation['changeMemberRole']>>;
  /**
   * Ends a membership, with its role bindings. Errors: NOT_FOUND, LAST_OWNER.
   */
  removeMember(input: o.RemoveMemberMutationVariables['input'], options?: CallOptions): Promise<Done<o.RemoveMemberMutation['removeMember']>>;
  /**
   * Ends one's own membership. Errors: ILLEGAL_STATE, LAST_OWNER.
   */
  leaveTenant(input: o.LeaveTenantMutationVariables['input'], options?: CallOptions): Promise<Done<o.LeaveTenantMutation['leaveTenant']>>;
  /**
   * Gives the platform a further range of addresses. Every node guards it before anything is taken out of it. Errors: CIDR_MALFORMED, CIDR_NOT_ALLOWED, CIDR_OVERLAP.
   */
  addAddressRange(input: o.AddAddressRangeMutationVariables['input'], options?: CallOptions): Promise<Done<o.AddAddressRangeMutation['addAddressRange']>>;
  /**
   * Takes a range away in which nothing is. Errors: NOT_FOUND, ILLEGAL_STATE (what is still in it).
   */
  withdrawAddressRange(input: o.WithdrawAddressRangeMutationVariables['input'], options?: CallOptions): Promise<Done<o.WithdrawAddressRangeMutation['withdrawAddressRange']>>;
  /**
   * Deletes a subnet in which no instance has its address. It is gone once every node's rules are without it. Errors: NOT_FOUND, ILLEGAL_STATE (how many have one).
   */
  deleteSubnet(input: o.DeleteSubnetMutationVariables['input'], options?: CallOptions): Promise<Deleted<o.DeleteSubnetMutation['deleteSubnet']>>;
  /**
   * Says whether a namespace gets further subnets by itself. Errors: NOT_FOUND, BEING_DELETED.
   */
  setSubnetGrowth(input: o.SetSubnetGrowthMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetSubnetGrowthMutation['setSubnetGrowth']>>;
  /**
   * Gives a namespace a public address. Errors: ADDRESSES_EXHAUSTED, QUOTA_EXCEEDED, NAME_TAKEN, CIDR_MALFORMED, CIDR_NOT_ALLOWED, CIDR_OVERLAP, NOT_FOUND, BEING_DELETED.
   */
  allocatePublicAddress(input: o.AllocatePublicAddressMutationVariables['input'], options?: CallOptions): Promise<Done<o.AllocatePublicAddressMutation['allocatePublicAddress']>>;
  /**
   * Gives a public address back. It rests before another tenant can get it. Errors: NOT_FOUND, ILLEGAL_STATE (the mappings that are on it).
   */
  releasePublicAddress(input: o.ReleasePublicAddressMutationVariables['input'], options?: CallOptions): Promise<Done<o.ReleasePublicAddressMutation['releasePublicAddress']>>;
  /**
   * Leads a port of a public address to the instances of a deployment or a service of yours. It opens nothing: a policy must let the clients in, by CIDR. Errors: NAME_TAKEN (of a port: by which mapping, where that is yours), QUOTA_EXCEEDED, NOT_FOUND, BEING_DELETED, INVALID_ARGUMENT.
   */
  createPortMapping(input: o.CreatePortMappingMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreatePortMappingMutation['createPortMapping']>>;
  /**
   * Deletes a port mapping. Established connections through it are cut. Errors: NOT_FOUND.
   */
  deletePortMapping(input: o.DeletePortMappingMutationVariables['input'], options?: CallOptions): Promise<Deleted<o.DeletePortMappingMutation['deletePortMapping']>>;
  /**
   * Does one thing to all deployments with these labels, in waves: the next one begins when each of the one before is over. Errors:
   * NOT_FOUND, NOTHING_SELECTED, BATCH_TOO_LARGE, CONFIRMATION_REQUIRED, PLAN_CHANGED, IN_ANOTHER_BATCH, BEING_DELETED,
   * INVALID_ARGUMENT, and those of images.
   */
  startBatch(input: o.StartBatchMutationVariables['input'], options?: CallOptions): Promise<Done<o.StartBatchMutation['startBatch']>>;
  /**
   * Nothing further is begun until it is resumed; what is under way goes on. Errors: NOT_FOUND, ILLEGAL_STATE.
   */
  pauseBatch(input: o.PauseBatchMutationVariables['input'], options?: CallOptions): Promise<Done<o.PauseBatchMutation['pauseBatch']>>;
  /**
   * Goes on at once, also where it has stopped: what has failed so far stops it no more. Errors: NOT_FOUND, ILLEGAL_STATE.
   */
  resumeBatch(input: o.ResumeBatchMutationVariables['input'], options?: CallOptions): Promise<Done<o.ResumeBatchMutation['resumeBatch']>>;
  /**
   * Nothing further is begun, for good; what is under way goes on. Errors: NOT_FOUND, ILLEGAL_STATE.
   */
  cancelBatch(input: o.CancelBatchMutationVariables['input'], options?: CallOptions): Promise<Done<o.CancelBatchMutation['cancelBatch']>>;
  /**
   * Deletes an environment with all that is in it, as its `deletionPlan` has shown. From the answer on nothing new is admitted
   * in it. Errors: NOT_FOUND, BEING_DELETED, DELETION_BLOCKED, PLAN_CHANGED.
   */
  deleteEnvironment(input: o.DeleteEnvironmentMutationVariables['input'], options?: CallOptions): Promise<Deleted<o.DeleteEnvironmentMutation['deleteEnvironment']>>;
  /**
   * Deletes a tenant with all that it has, as its `deletionPlan` has shown. From the answer on it is closed: it can be read, and
   * not changed (TENANT_CLOSED), and its instances reach nobody. It can be taken back until the time is over; then all of
   * it is destroyed. For the operator and the tenant's owners. Errors: NOT_FOUND, BEING_DELETED, DELETION_BLOCKED,
   * PLAN_CHANGED, INVALID_ARGUMENT.
   */
  deleteTenant(input: o.DeleteTenantMutationVariables['input'], options?: CallOptions): Promise<Deleted<o.DeleteTenantMutation['deleteTenant']>>;
  /**
   * Takes a tenant back that is to be deleted, before anything of it is destroyed: it is as it was. Errors: NOT_FOUND,
   * ILLEGAL_STATE.
   */
  undeleteTenant(input: o.UndeleteTenantMutationVariables['input'], options?: CallOptions): Promise<Done<o.UndeleteTenantMutation['undeleteTenant']>>;
  /**
   * Cancels a deletion before anything is destroyed. Errors: NOT_FOUND, ILLEGAL_STATE.
   */
  cancelDeletion(input: o.CancelDeletionMutationVariables['input'], options?: CallOptions): Promise<Done<o.CancelDeletionMutation['cancelDeletion']>>;
  /**
   * Protects a tenant, an environment or a namespace from deletion, and so what it is in; or ends that. Errors: NOT_FOUND,
   * BEING_DELETED.
   */
  setDeletionProtection(input: o.SetDeletionProtectionMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetDeletionProtectionMutation['setDeletionProtection']>>;
  /**
   * Lets nothing of a tenant be destroyed, or again lets it. What is being destroyed already goes on. For the operator.
   * Errors: NOT_FOUND, ILLEGAL_STATE.
   */
  setLegalHold(input: o.SetLegalHoldMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetLegalHoldMutation['setLegalHold']>>;
  /**
   * Creates a deployment and rolls out its first release. Errors: NAME_TAKEN, NOT_FOUND, BEING_DELETED, IMAGE_MALFORMED, IMAGE_DIGEST_REQUIRED, IMAGE_NOT_FOUND, REGISTRY_NOT_ALLOWED, PROBE_PORT_NOT_SERVED, PROCESS_NAME_TAKEN, UNKNOWN_PROCESS, PROCESS_CONDITION_IMPOSSIBLE, PROCESSES_WAIT_IN_A_CIRCLE, PROCESS_PORT_TAKEN, INSUFFICIENT_CAPACITY, FITS_NO_NODE, QUOTA_EXCEEDED, INVALID_ARGUMENT.
   */
  createDeployment(input: o.CreateDeploymentMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreateDeploymentMutation['createDeployment']>>;
  /**
   * Rolls out a new release, instance by instance. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, PROBE_PORT_NOT_SERVED, PROCESS_NAME_TAKEN, UNKNOWN_PROCESS, PROCESS_CONDITION_IMPOSSIBLE, PROCESSES_WAIT_IN_A_CIRCLE, PROCESS_PORT_TAKEN, FITS_NO_NODE and those of images.
   */
  upgradeDeployment(input: o.UpgradeDeploymentMutationVariables['input'], options?: CallOptions): Promise<Done<o.UpgradeDeploymentMutation['upgradeDeployment']>>;
  /**
   * Rolls back to an earlier release, by its digest. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, NO_EARLIER_RELEASE, RELEASE_IMAGE_GONE, QUOTA_EXCEEDED, REPOSITORY_NOT_ALLOWED.
   */
  rollbackDeployment(input: o.RollbackDeploymentMutationVariables['input'], options?: CallOptions): Promise<Done<o.RollbackDeploymentMutation['rollbackDeployment']>>;
  /**
   * Changes how many instances are wanted. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, INSUFFICIENT_CAPACITY, QUOTA_EXCEEDED.
   */
  scaleDeployment(input: o.ScaleDeploymentMutationVariables['input'], options?: CallOptions): Promise<Done<o.ScaleDeploymentMutation['scaleDeployment']>>;
  /**
   * Stops and removes all instances, then the deployment. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT.
   */
  deleteDeployment(input: o.DeleteDeploymentMutationVariables['input'], options?: CallOptions): Promise<Deleted<o.DeleteDeploymentMutation['deleteDeployment']>>;
  /**
   * Renames an environment, or says what else it is for. Errors: NOT_FOUND, NAME_TAKEN, INVALID_ARGUMENT.
   */
  changeEnvironment(input: o.ChangeEnvironmentMutationVariables['input'], options?: CallOptions): Promise<Done<o.ChangeEnvironmentMutation['changeEnvironment']>>;
  /**
   * Says where releases of an environment are promoted to. Errors: NOT_FOUND, PROMOTION_CYCLE (names the circle), QUOTA_EXCEEDED, INVALID_ARGUMENT.
   */
  setPromotion(input: o.SetPromotionMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetPromotionMutation['setPromotion']>>;
  /**
   * Says which images may be deployed in an environment from now on. What runs goes on; its next upgrade obeys. Errors: NOT_FOUND, INVALID_ARGUMENT.
   */
  setImageRules(input: o.SetImageRulesMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetImageRulesMutation['setImageRules']>>;
  /**
   * Accepts tokens of an OpenID Connect issuer for the tenant. Its discovery document is read first, and must be there. Errors: INVALID_ARGUMENT, NAME_TAKEN, QUOTA_EXCEEDED, NOT_FOUND.
   */
  registerIssuer(input: o.RegisterIssuerMutationVariables['input'], options?: CallOptions): Promise<Done<o.RegisterIssuerMutation['registerIssuer']>>;
  /**
   * Changes what is accepted of an issuer. The URL stays: register another issuer for another one. Errors: INVALID_ARGUMENT, NAME_TAKEN, NOT_FOUND, VERSION_CONFLICT, GRANT_EXCEEDS_OWN (its groups or members have more than you).
   */
  changeIssuer(input: o.ChangeIssuerMutationVariables['input'], options?: CallOptions): Promise<Done<o.ChangeIssuerMutation['changeIssuer']>>;
  /**
   * Accepts no token of the issuer any more, from the answer on; open subscriptions end within 5 s. Its members stay, and can come by no other issuer. Errors: NOT_FOUND, FORBIDDEN where an owner comes in by it and you are none.
   */
  removeIssuer(input: o.RemoveIssuerMutationVariables['input'], options?: CallOptions): Promise<Done<o.RemoveIssuerMutation['removeIssuer']>>;
  /**
   * Creates an API key of your own or of a service account, and shows it, once. A request with an API key can create none. Errors: INVALID_ARGUMENT, NOT_FOUND, QUOTA_EXCEEDED, ILLEGAL_STATE.
   */
  createApiKey(input: o.CreateApiKeyMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreateApiKeyMutation['createApiKey']>>;
  /**
   * Revokes an API key, from the answer on; open subscriptions end within 5 s. Once more changes nothing. Errors: NOT_FOUND.
   */
  revokeApiKey(input: o.RevokeApiKeyMutationVariables['input'], options?: CallOptions): Promise<Done<o.RevokeApiKeyMutation['revokeApiKey']>>;
  /**
   * Makes another secret and shows it, once. The one before stays good for the overlap; one from before that ends at once. Errors: NOT_FOUND, INVALID_ARGUMENT.
   */
  rotateServiceAccountSecret(input: o.RotateServiceAccountSecretMutationVariables['input'], options?: CallOptions): Promise<Done<o.RotateServiceAccountSecretMutation['rotateServiceAccountSecret']>>;
  /**
   * Its secrets, tokens and keys open nothing from the answer on, until it is enabled again. Errors: NOT_FOUND, FORBIDDEN where an owner comes in by it and you are none.
   */
  disableServiceAccount(input: o.DisableServiceAccountMutationVariables['input'], options?: CallOptions): Promise<Done<o.DisableServiceAccountMutation['disableServiceAccount']>>;
  /**
   * It may act again. Errors: NOT_FOUND.
   */
  enableServiceAccount(input: o.EnableServiceAccountMutationVariables['input'], options?: CallOptions): Promise<Done<o.EnableServiceAccountMutation['enableServiceAccount']>>;
  /**
   * Deletes it for good, with its secrets, tokens and keys; its name is free again. Errors: NOT_FOUND, FORBIDDEN where an owner comes in by it and you are none.
   */
  deleteServiceAccount(input: o.DeleteServiceAccountMutationVariables['input'], options?: CallOptions): Promise<Deleted<o.DeleteServiceAccountMutation['deleteServiceAccount']>>;
  /**
   * Invites somebody, and shows the token, once: send it to them by a way of your own. Errors: INVALID_ARGUMENT, FORBIDDEN, QUOTA_EXCEEDED, NOT_FOUND.
   */
  inviteMember(input: o.InviteMemberMutationVariables['input'], options?: CallOptions): Promise<Done<o.InviteMemberMutation['inviteMember']>>;
  /**
   * Takes an invitation back and erases the address. Once more changes nothing. Errors: NOT_FOUND, INVITATION_USED.
   */
  revokeInvitation(input: o.RevokeInvitationMutationVariables['input'], options?: CallOptions): Promise<Done<o.RevokeInvitationMutation['revokeInvitation']>>;
  /**
   * Makes you a member of the tenant that has invited you. Asked with a token of an issuer that the tenant accepts, by somebody who is no member of it yet. Errors: NOT_FOUND, INVITATION_EXPIRED, INVITATION_USED, INVITATION_REVOKED, ILLEGAL_STATE.
   */
  acceptInvitation(input: o.AcceptInvitationMutationVariables['input'], options?: CallOptions): Promise<Done<o.AcceptInvitationMutation['acceptInvitation']>>;
  /**
   * Sets the labels of a tenant, all of them. Errors: NOT_FOUND, BEING_DELETED, TENANT_SUSPENDED, INVALID_ARGUMENT.
   */
  setTenantLabels(input: o.SetTenantLabelsMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetTenantLabelsMutation['setTenantLabels']>>;
  /**
   * Sets the labels of a service account, all of them. Errors: NOT_FOUND, INVALID_ARGUMENT.
   */
  setServiceAccountLabels(input: o.SetServiceAccountLabelsMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetServiceAccountLabelsMutation['setServiceAccountLabels']>>;
  /**
   * Sets the labels of an environment, all of them. Errors: NOT_FOUND, BEING_DELETED, INVALID_ARGUMENT.
   */
  setEnvironmentLabels(input: o.SetEnvironmentLabelsMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetEnvironmentLabelsMutation['setEnvironmentLabels']>>;
  /**
   * Sets the labels of a namespace, all of them. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, INVALID_ARGUMENT.
   */
  setNamespaceLabels(input: o.SetNamespaceLabelsMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetNamespaceLabelsMutation['setNamespaceLabels']>>;
  /**
   * Sets the labels of a deployment, all of them. Its instances, also those to come, carry the ones that it was created with: what policies
   * allow them stays as it is. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, INVALID_ARGUMENT.
   */
  setDeploymentLabels(input: o.SetDeploymentLabelsMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetDeploymentLabelsMutation['setDeploymentLabels']>>;
  /**
   * Sets the labels of an isolation policy, all of them: its own, not those that it selects by. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, INVALID_ARGUMENT.
   */
  setIsolationPolicyLabels(input: o.SetIsolationPolicyLabelsMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetIsolationPolicyLabelsMutation['setIsolationPolicyLabels']>>;
  /**
   * Sets the labels of a service, all of them: its own, not those that it selects by. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, INVALID_ARGUMENT.
   */
  setServiceLabels(input: o.SetServiceLabelsMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetServiceLabelsMutation['setServiceLabels']>>;
  /**
   * Gives a namespace a further subnet. Errors: CIDR_MALFORMED, CIDR_OVERLAP (with whose, where it is yours), CIDR_NOT_ALLOWED, ADDRESSES_EXHAUSTED, QUOTA_EXCEEDED, NOT_FOUND, BEING_DELETED.
   */
  createSubnet(input: o.CreateSubnetMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreateSubnetMutation['createSubnet']>>;
  /**
   * Decides about connections of a namespace's instances. An ALLOW leads to instances or services of its own namespace, or from
   * these to a CIDR; a DENY has them on either side. Errors: NAME_TAKEN, NOT_FOUND, BEING_DELETED, CIDR_MALFORMED,
   * CIDR_NOT_ALLOWED, QUOTA_EXCEEDED, INVALID_ARGUMENT.
   */
  createIsolationPolicy(input: o.CreateIsolationPolicyMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreateIsolationPolicyMutation['createIsolationPolicy']>>;
  /**
   * Replaces what a policy decides. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, CIDR_MALFORMED, CIDR_NOT_ALLOWED,
   * QUOTA_EXCEEDED, INVALID_ARGUMENT.
   */
  updateIsolationPolicy(input: o.UpdateIsolationPolicyMutationVariables['input'], options?: CallOptions): Promise<Done<o.UpdateIsolationPolicyMutation['updateIsolationPolicy']>>;
  /**
   * Deletes a policy; what only it opened is closed, established connections included. Errors: NOT_FOUND, VERSION_CONFLICT.
   */
  deleteIsolationPolicy(input: o.DeleteIsolationPolicyMutationVariables['input'], options?: CallOptions): Promise<Deleted<o.DeleteIsolationPolicyMutation['deleteIsolationPolicy']>>;
  /**
   * Sets what reaches what in a namespace without a policy. Errors: NOT_FOUND, BEING_DELETED.
   */
  setNamespaceIsolation(input: o.SetNamespaceIsolationMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetNamespaceIsolationMutation['setNamespaceIsolation']>>;
  /**
   * Says what a deployment asks of the places of its instances, for those that are placed from then on; what is there stays.
   * Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, ILLEGAL_STATE, INVALID_ARGUMENT.
   */
  setDeploymentPlacement(input: o.SetDeploymentPlacementMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetDeploymentPlacementMutation['setDeploymentPlacement']>>;
  /**
   * Creates a plan. For the operator. Errors: NAME_TAKEN, INVALID_ARGUMENT.
   */
  createPlan(input: o.CreatePlanMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreatePlanMutation['createPlan']>>;
  /**
   * Changes a plan; its tenants follow at once, one after the other, each with an EntitlementsChanged of its own. For the operator.
   * Errors: NOT_FOUND, NAME_TAKEN, CAPABILITY_IN_USE, LIMIT_BELOW_USE, VERSION_CONFLICT, INVALID_ARGUMENT.
   */
  changePlan(input: o.ChangePlanMutationVariables['input'], options?: CallOptions): Promise<Done<o.ChangePlanMutation['changePlan']>>;
  /**
   * Retires a plan: its tenants keep it, and no other gets it. Once more changes nothing. For the operator. Errors: NOT_FOUND, ILLEGAL_STATE.
   */
  retirePlan(input: o.RetirePlanMutationVariables['input'], options?: CallOptions): Promise<Done<o.RetirePlanMutation['retirePlan']>>;
  /**
   * Gives a tenant a plan; its overrides stay. For the operator. Errors: NOT_FOUND, ILLEGAL_STATE, CAPABILITY_IN_USE, LIMIT_BELOW_USE.
   */
  setTenantPlan(input: o.SetTenantPlanMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetTenantPlanMutation['setTenantPlan']>>;
  /**
   * Sets what a tenant has beside its plan. For the operator. Errors: NOT_FOUND, CAPABILITY_IN_USE, LIMIT_BELOW_USE, INVALID_ARGUMENT.
   */
  overrideEntitlements(input: o.OverrideEntitlementsMutationVariables['input'], options?: CallOptions): Promise<Done<o.OverrideEntitlementsMutation['overrideEntitlements']>>;
  /**
   * Decides about connections before all tenants. An ALLOW has a CIDR on one side, or the same tenant on both: tenants are let
   * through to each other by nobody. For the operator. Errors: NAME_TAKEN, NOT_FOUND, CIDR_MALFORMED, CIDR_NOT_ALLOWED,
   * QUOTA_EXCEEDED, INVALID_ARGUMENT.
   */
  createPlatformPolicy(input: o.CreatePlatformPolicyMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreatePlatformPolicyMutation['createPlatformPolicy']>>;
  /**
   * Replaces what a policy of the platform decides. For the operator. Errors: NOT_FOUND, NAME_TAKEN, VERSION_CONFLICT,
   * CIDR_MALFORMED, CIDR_NOT_ALLOWED, QUOTA_EXCEEDED, INVALID_ARGUMENT.
   */
  updatePlatformPolicy(input: o.UpdatePlatformPolicyMutationVariables['input'], options?: CallOptions): Promise<Done<o.UpdatePlatformPolicyMutation['updatePlatformPolicy']>>;
  /**
   * Deletes a policy of the platform. For the operator. Errors: NOT_FOUND, VERSION_CONFLICT.
   */
  deletePlatformPolicy(input: o.DeletePlatformPolicyMutationVariables['input'], options?: CallOptions): Promise<Deleted<o.DeletePlatformPolicyMutation['deletePlatformPolicy']>>;
  /**
   * Creates a pool of nodes. For the operator. Errors: NAME_TAKEN, INVALID_ARGUMENT.
   */
  createPool(input: o.CreatePoolMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreatePoolMutation['createPool']>>;
  /**
   * Changes a pool. What was placed on its nodes stays. For the operator. Errors: NOT_FOUND, NAME_TAKEN, VERSION_CONFLICT, INVALID_ARGUMENT.
   */
  changePool(input: o.ChangePoolMutationVariables['input'], options?: CallOptions): Promise<Done<o.ChangePoolMutation['changePool']>>;
  /**
   * Deletes a pool without nodes. For the operator. Errors: NOT_FOUND, ILLEGAL_STATE, VERSION_CONFLICT.
   */
  deletePool(input: o.DeletePoolMutationVariables['input'], options?: CallOptions): Promise<Deleted<o.DeletePoolMutation['deletePool']>>;
  /**
   * Says in which pool and zone a node is, and which labels it has. What runs on it stays. For the operator. Errors: NOT_FOUND, INVALID_ARGUMENT.
   */
  assignNode(input: o.AssignNodeMutationVariables['input'], options?: CallOptions): Promise<Done<o.AssignNodeMutation['assignNode']>>;
  /**
   * Lets no new instance come to a node. For the operator. Errors: NOT_FOUND.
   */
  cordonNode(input: o.CordonNodeMutationVariables['input'], options?: CallOptions): Promise<Done<o.CordonNodeMutation['cordonNode']>>;
  /**
   * Lets instances come to a node again, and ends a drain. For the operator. Errors: NOT_FOUND.
   */
  uncordonNode(input: o.UncordonNodeMutationVariables['input'], options?: CallOptions): Promise<Done<o.UncordonNodeMutation['uncordonNode']>>;
  /**
   * Moves everything off a node, each deployment as in an upgrade: within its surge, and never below what may be unavailable. Follow it by `scheduling` and `instances` of the node. For the operator. Errors: NOT_FOUND.
   */
  drainNode(input: o.DrainNodeMutationVariables['input'], options?: CallOptions): Promise<Done<o.DrainNodeMutation['drainNode']>>;
  /**
   * Ends a drain: what is still on the node stays, and it stays cordoned. For the operator. Errors: NOT_FOUND, ILLEGAL_STATE.
   */
  cancelDrain(input: o.CancelDrainMutationVariables['input'], options?: CallOptions): Promise<Done<o.CancelDrainMutation['cancelDrain']>>;
  /**
   * Sets the weights that hold for what one tenant places. For the operator. Errors: NOT_FOUND, INVALID_ARGUMENT.
   */
  setPlacementWeights(input: o.SetPlacementWeightsMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetPlacementWeightsMutation['setPlacementWeights']>>;
  /**
   * Limits an environment or a namespace, or takes such limits back. Refused where more is held already.
   */
  setQuota(input: o.SetQuotaMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetQuotaMutation['setQuota']>>;
  /**
   * Nothing is replaced from now on until it is resumed; what is lost comes back as what it was. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, NO_ROLLOUT_UNDER_WAY.
   */
  suspendRollout(input: o.SuspendRolloutMutationVariables['input'], options?: CallOptions): Promise<Done<o.SuspendRolloutMutation['suspendRollout']>>;
  /**
   * What is suspended goes on; what has failed is tried once more. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, NO_ROLLOUT_UNDER_WAY.
   */
  resumeRollout(input: o.ResumeRolloutMutationVariables['input'], options?: CallOptions): Promise<Done<o.ResumeRolloutMutation['resumeRollout']>>;
  /**
   * Says when a rollout has failed, and what follows. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, INVALID_ARGUMENT.
   */
  setRolloutPolicy(input: o.SetRolloutPolicyMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetRolloutPolicyMutation['setRolloutPolicy']>>;
  /**
   * Gives instances a virtual address and a name. Errors: NAME_TAKEN, NOT_FOUND, BEING_DELETED, INVALID_ARGUMENT, QUOTA_EXCEEDED, ADDRESSES_EXHAUSTED.
   */
  createService(input: o.CreateServiceMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreateServiceMutation['createService']>>;
  /**
   * Replaces where a service leads. Errors: NOT_FOUND, VERSION_CONFLICT, BEING_DELETED, INVALID_ARGUMENT.
   */
  updateService(input: o.UpdateServiceMutationVariables['input'], options?: CallOptions): Promise<Done<o.UpdateServiceMutation['updateService']>>;
  /**
   * Deletes a service; connections by its address end. Errors: NOT_FOUND, VERSION_CONFLICT.
   */
  deleteService(input: o.DeleteServiceMutationVariables['input'], options?: CallOptions): Promise<Deleted<o.DeleteServiceMutation['deleteService']>>;
  /**
   * Says how rollouts that begin from now on replace. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, INVALID_ARGUMENT.
   */
  setRolloutStrategy(input: o.SetRolloutStrategyMutationVariables['input'], options?: CallOptions): Promise<Done<o.SetRolloutStrategyMutation['setRolloutStrategy']>>;
  /**
   * A rollout that waits at a step goes on. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, NO_ROLLOUT_UNDER_WAY, NOTHING_TO_PROMOTE.
   */
  promoteRollout(input: o.PromoteRolloutMutationVariables['input'], options?: CallOptions): Promise<Done<o.PromoteRolloutMutation['promoteRollout']>>;
  /**
   * Leads a rollout that is under way back to the last known good release; its own release is known to be bad from then on. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT, NO_ROLLOUT_UNDER_WAY, NO_EARLIER_RELEASE, RELEASE_IMAGE_GONE, QUOTA_EXCEEDED, REPOSITORY_NOT_ALLOWED.
   */
  abortRollout(input: o.AbortRolloutMutationVariables['input'], options?: CallOptions): Promise<Done<o.AbortRolloutMutation['abortRollout']>>;
  /**
   * Creates a tenant. For the operator. Errors: NAME_TAKEN, INVALID_ARGUMENT.
   */
  createTenant(input: o.CreateTenantMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreateTenantMutation['createTenant']>>;
  /**
   * Suspends a tenant. For the operator. From the answer on its people read and change nothing (TENANT_SUSPENDED, with the
   * reason); its instances go on, and as soon as each node has applied it no connection between them
   * is allowed. Suspending it again changes nothing. Errors: NOT_FOUND, INVALID_ARGUMENT.
   */
  suspendTenant(input: o.SuspendTenantMutationVariables['input'], options?: CallOptions): Promise<Done<o.SuspendTenantMutation['suspendTenant']>>;
  /**
   * Ends a suspension: everything of the tenant is as it was, and its policies are in force again. For the operator.
   * Errors: NOT_FOUND.
   */
  resumeTenant(input: o.ResumeTenantMutationVariables['input'], options?: CallOptions): Promise<Done<o.ResumeTenantMutation['resumeTenant']>>;
  /**
   * Adds a member. Errors: ILLEGAL_STATE, NOT_FOUND, QUOTA_EXCEEDED, INVALID_ARGUMENT.
   */
  addMember(input: o.AddMemberMutationVariables['input'], options?: CallOptions): Promise<Done<o.AddMemberMutation['addMember']>>;
  /**
   * Erases what is kept of a member as a person, for good: the key that it is encrypted with is destroyed. The membership and its `subject` stay. Once more changes nothing. Errors: NOT_FOUND.
   */
  erasePersonalData(input: o.ErasePersonalDataMutationVariables['input'], options?: CallOptions): Promise<Done<o.ErasePersonalDataMutation['erasePersonalData']>>;
  /**
   * Creates a service account and shows its secret, once. Errors: NAME_TAKEN, NOT_FOUND, INVALID_ARGUMENT.
   */
  createServiceAccount(input: o.CreateServiceAccountMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreateServiceAccountMutation['createServiceAccount']>>;
  /**
   * Creates an environment. Errors: NAME_TAKEN, INVALID_ARGUMENT.
   */
  createEnvironment(input: o.CreateEnvironmentMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreateEnvironmentMutation['createEnvironment']>>;
  /**
   * Creates a namespace; it is ACTIVE once it has its subnet and its default-deny rules. Errors: NAME_TAKEN, NOT_FOUND, QUOTA_EXCEEDED, INVALID_ARGUMENT.
   */
  createNamespace(input: o.CreateNamespaceMutationVariables['input'], options?: CallOptions): Promise<Done<o.CreateNamespaceMutation['createNamespace']>>;
  /**
   * Deletes a namespace with all that is in it: containers, addresses, rules, subnets, in that order. It is DELETING until all is gone. Errors: NOT_FOUND, BEING_DELETED, VERSION_CONFLICT.
   */
  deleteNamespace(input: o.DeleteNamespaceMutationVariables['input'], options?: CallOptions): Promise<Deleted<o.DeleteNamespaceMutation['deleteNamespace']>>;
}

export const bindQueries = (read: Read): Queries => ({
  viewer: (variables, options) => read(documents.viewer, variables ?? {}, options, (data) => data.viewer),
  node: (variables, options) => read(documents.node, variables, options, (data) => data.node),
  roles: (variables, options) => read(documents.roles, variables ?? {}, options, (data) => data.roles),
  role: (variables, options) => read(documents.role, variables, options, (data) => data.role),
  roleBindings: (variables, options) => read(documents.roleBindings, variables ?? {}, options, (data) => data.roleBindings),
  permissions: (variables, options) => read(documents.permissions, variables ?? {}, options, (data) => data.permissions),
  access: (variables, options) => read(documents.access, variables, options, (data) => data.access),
  canI: (variables, options) => read(documents.canI, variables, options, (data) => data.canI),
  addressRanges: (variables, options) => read(documents.addressRanges, variables ?? {}, options, (data) => data.addressRanges),
  publicAddresses: (variables, options) => read(documents.publicAddresses, variables ?? {}, options, (data) => data.publicAddresses),
  publicAddress: (variables, options) => read(documents.publicAddress, variables, options, (data) => data.publicAddress),
  portMappings: (variables, options) => read(documents.portMappings, variables ?? {}, options, (data) => data.portMappings),
  auditLog: (variables, options) => read(documents.auditLog, variables ?? {}, options, (data) => data.auditLog),
  logHead: (variables, options) => read(documents.logHead, variables ?? {}, options, (data) => data.logHead),
  timeline: (variables, options) => read(documents.timeline, variables, options, (data) => data.timeline),
  asOf: (variables, options) => read(documents.asOf, variables, options, (data) => data.asOf),
  batchPreview: (variables, options) => read(documents.batchPreview, variables, options, (data) => data.batchPreview),
  batch: (variables, options) => read(documents.batch, variables, options, (data) => data.batch),
  batches: (variables, options) => read(documents.batches, variables ?? {}, options, (data) => data.batches),
  connectionLog: (variables, options) => read(documents.connectionLog, variables, options, (data) => data.connectionLog),
  deletionPlan: (variables, options) => read(documents.deletionPlan, variables, options, (data) => data.deletionPlan),
  deletion: (variables, options) => read(documents.deletion, variables, options, (data) => data.deletion),
  deletions: (variables, options) => read(documents.deletions, variables ?? {}, options, (data) => data.deletions),
  deployments: (variables, options) => read(documents.deployments, variables ?? {}, options, (data) => data.deployments),
  deployment: (variables, options) => read(documents.deployment, variables, options, (data) => data.deployment),
  instance: (variables, options) => read(documents.instance, variables, options, (data) => data.instance),
  computeNodes: (variables, options) => read(documents.computeNodes, variables ?? {}, options, (data) => data.computeNodes),
  imageRuleViolations: (variables, options) => read(documents.imageRuleViolations, variables, options, (data) => data.imageRuleViolations),
  eventCursor: (variables, options) => read(documents.eventCursor, variables ?? {}, options, (data) => data.eventCursor),
  events: (variables, options) => read(documents.events, variables ?? {}, options, (data) => data.events),
  issuers: (variables, options) => read(documents.issuers, variables ?? {}, options, (data) => data.issuers),
  serviceAccounts: (variables, options) => read(documents.serviceAccounts, variables ?? {}, options, (data) => data.serviceAccounts),
  apiKeys: (variables, options) => read(documents.apiKeys, variables ?? {}, options, (data) => data.apiKeys),
  invitations: (variables, options) => read(documents.invitations, variables ?? {}, options, (data) => data.invitations),
  instanceLogs: (variables, options) => read(documents.instanceLogs, variables, options, (data) => data.instanceLogs),
  deploymentLogs: (variables, options) => read(documents.deploymentLogs, variables, options, (data) => data.deploymentLogs),
  subnets: (variables, options) => read(documents.subnets, variables ?? {}, options, (data) => data.subnets),
  isolationPolicy: (variables, options) => read(documents.isolationPolicy, variables, options, (data) => data.isolationPolicy),
  probe: (variables, options) => read(documents.probe, variables, options, (data) => data.probe),
  placementPreview: (variables, options) => read(documents.placementPreview, variables, options, (data) => data.placementPreview),
  plans: (variables, options) => read(documents.plans, variables ?? {}, options, (data) => data.plans),
  plan: (variables, options) => read(documents.plan, variables, options, (data) => data.plan),
  platformPolicies: (variables, options) => read(documents.platformPolicies, variables ?? {}, options, (data) => data.platformPolicies),
  platformPolicy: (variables, options) => read(documents.platformPolicy, variables, options, (data) => data.platformPolicy),
  platformConnectionLog: (variables, options) => read(documents.platformConnectionLog, variables ?? {}, options, (data) => data.platformConnectionLog),
  pools: (variables, options) => read(documents.pools, variables ?? {}, options, (data) => data.pools),
  pool: (variables, options) => read(documents.pool, variables, options, (data) => data.pool),
  quotaDifferences: (variables, options) => read(documents.quotaDifferences, variables ?? {}, options, (data) => data.quotaDifferences),
  reachability: (variables, options) => read(documents.reachability, variables, options, (data) => data.reachability),
  reachabilityMatrix: (variables, options) => read(documents.reachabilityMatrix, variables, options, (data) => data.reachabilityMatrix),
  service: (variables, options) => read(documents.service, variables, options, (data) => data.service),
  tenant: (variables, options) => read(documents.tenant, variables ?? {}, options, (data) => data.tenant),
  tenants: (variables, options) => read(documents.tenants, variables ?? {}, options, (data) => data.tenants),
  members: (variables, options) => read(documents.members, variables ?? {}, options, (data) => data.members),
  environments: (variables, options) => read(documents.environments, variables ?? {}, options, (data) => data.environments),
  environment: (variables, options) => read(documents.environment, variables, options, (data) => data.environment),
  namespaces: (variables, options) => read(documents.namespaces, variables ?? {}, options, (data) => data.namespaces),
  namespace: (variables, options) => read(documents.namespace, variables, options, (data) => data.namespace),
  roleHolders: (variables, options) => read(documents.roleHolders, variables, options, (data) => data.role?.holders ?? null),
  publicAddressMappings: (variables, options) => read(documents.publicAddressMappings, variables, options, (data) => data.publicAddress?.mappings ?? null),
  batchItems: (variables, options) => read(documents.batchItems, variables, options, (data) => data.batch?.items ?? null),
  deploymentReleases: (variables, options) => read(documents.deploymentReleases, variables, options, (data) => data.deployment?.releases ?? null),
  deploymentRollouts: (variables, options) => read(documents.deploymentRollouts, variables, options, (data) => data.deployment?.rollouts ?? null),
  deploymentInstances: (variables, options) => read(documents.deploymentInstances, variables, options, (data) => data.deployment?.instances ?? null),
  deploymentUsage: (variables, options) => read(documents.deploymentUsage, variables, options, (data) => data.deployment?.usage ?? null),
  instanceProcesses: (variables, options) => read(documents.instanceProcesses, variables, options, (data) => data.instance?.processes ?? null),
  instanceUsage: (variables, options) => read(documents.instanceUsage, variables, options, (data) => data.instance?.usage ?? null),
  instanceUsageHistory: (variables, options) => read(documents.instanceUsageHistory, variables, options, (data) => data.instance?.usageHistory ?? null),
  isolationPolicyReceipts: (variables, options) => read(documents.isolationPolicyReceipts, variables, options, (data) => data.isolationPolicy?.receipts ?? null),
  isolationPolicyWarnings: (variables, options) => read(documents.isolationPolicyWarnings, variables, options, (data) => data.isolationPolicy?.warnings ?? null),
  isolationPolicyEnforcement: (variables, options) => read(documents.isolationPolicyEnforcement, variables, options, (data) => data.isolationPolicy?.enforcement ?? null),
  isolationPolicyFlows: (variables, options) => read(documents.isolationPolicyFlows, variables, options, (data) => data.isolationPolicy?.flows ?? null),
  platformPolicyEnforcement: (variables, options) => read(documents.platformPolicyEnforcement, variables, options, (data) => data.platformPolicy?.enforcement ?? null),
  platformPolicyFlows: (variables, options) => read(documents.platformPolicyFlows, variables, options, (data) => data.platformPolicy?.flows ?? null),
  serviceEndpoints: (variables, options) => read(documents.serviceEndpoints, variables, options, (data) => data.service?.endpoints ?? null),
  environmentNamespaces: (variables, options) => read(documents.environmentNamespaces, variables, options, (data) => data.environment?.namespaces ?? null),
  environmentQuotaHolders: (variables, options) => read(documents.environmentQuotaHolders, variables, options, (data) => data.environment?.quotaHolders ?? null),
  namespaceAddressUse: (variables, options) => read(documents.namespaceAddressUse, variables, options, (data) => data.namespace?.addressUse ?? null),
  namespacePublicAddresses: (variables, options) => read(documents.namespacePublicAddresses, variables, options, (data) => data.namespace?.publicAddresses ?? null),
  namespaceSubnets: (variables, options) => read(documents.namespaceSubnets, variables, options, (data) => data.namespace?.subnets ?? null),
  namespaceDeployments: (variables, options) => read(documents.namespaceDeployments, variables, options, (data) => data.namespace?.deployments ?? null),
  namespaceInstancesOnSharedNodes: (variables, options) => read(documents.namespaceInstancesOnSharedNodes, variables, options, (data) => data.namespace?.instancesOnSharedNodes ?? null),
  namespaceIsolationPolicies: (variables, options) => read(documents.namespaceIsolationPolicies, variables, options, (data) => data.namespace?.isolationPolicies ?? null),
  namespaceQuotaHolders: (variables, options) => read(documents.namespaceQuotaHolders, variables, options, (data) => data.namespace?.quotaHolders ?? null),
  namespaceEnforcement: (variables, options) => read(documents.namespaceEnforcement, variables, options, (data) => data.namespace?.enforcement ?? null),
  namespaceServices: (variables, options) => read(documents.namespaceServices, variables, options, (data) => data.namespace?.services ?? null),
});

export const bindMutations = (change: Change): Mutations => ({
  createRole: (input, options) => change.done(documents.createRole, { input }, options, (data) => data.createRole),
  changeRole: (input, options) => change.done(documents.changeRole, { input }, options, (data) => data.changeRole),
  deleteRole: (input, options) => change.deleted(documents.deleteRole, { input }, options, (data) => data.deleteRole),
  bindRole: (input, options) => change.done(documents.bindRole, { input }, options, (data) => data.bindRole),
  unbindRole: (input, options) => change.done(documents.unbindRole, { input }, options, (data) => data.unbindRole),
  changeMemberRole: (input, options) => change.done(documents.changeMemberRole, { input }, options, (data) => data.changeMemberRole),
  removeMember: (input, options) => change.done(documents.removeMember, { input }, options, (data) => data.removeMember),
  leaveTenant: (input, options) => change.done(documents.leaveTenant, { input }, options, (data) => data.leaveTenant),
  addAddressRange: (input, options) => change.done(documents.addAddressRange, { input }, options, (data) => data.addAddressRange),
  withdrawAddressRange: (input, options) => change.done(documents.withdrawAddressRange, { input }, options, (data) => data.withdrawAddressRange),
  deleteSubnet: (input, options) => change.deleted(documents.deleteSubnet, { input }, options, (data) => data.deleteSubnet),
  setSubnetGrowth: (input, options) => change.done(documents.setSubnetGrowth, { input }, options, (data) => data.setSubnetGrowth),
  allocatePublicAddress: (input, options) => change.done(documents.allocatePublicAddress, { input }, options, (data) => data.allocatePublicAddress),
  releasePublicAddress: (input, options) => change.done(documents.releasePublicAddress, { input }, options, (data) => data.releasePublicAddress),
  createPortMapping: (input, options) => change.done(documents.createPortMapping, { input }, options, (data) => data.createPortMapping),
  deletePortMapping: (input, options) => change.deleted(documents.deletePortMapping, { input }, options, (data) => data.deletePortMapping),
  startBatch: (input, options) => change.done(documents.startBatch, { input }, options, (data) => data.startBatch),
  pauseBatch: (input, options) => change.done(documents.pauseBatch, { input }, options, (data) => data.pauseBatch),
  resumeBatch: (input, options) => change.done(documents.resumeBatch, { input }, options, (data) => data.resumeBatch),
  cancelBatch: (input, options) => change.done(documents.cancelBatch, { input }, options, (data) => data.cancelBatch),
  deleteEnvironment: (input, options) => change.deleted(documents.deleteEnvironment, { input }, options, (data) => data.deleteEnvironment),
  deleteTenant: (input, options) => change.deleted(documents.deleteTenant, { input }, options, (data) => data.deleteTenant),
  undeleteTenant: (input, options) => change.done(documents.undeleteTenant, { input }, options, (data) => data.undeleteTenant),
  cancelDeletion: (input, options) => change.done(documents.cancelDeletion, { input }, options, (data) => data.cancelDeletion),
  setDeletionProtection: (input, options) => change.done(documents.setDeletionProtection, { input }, options, (data) => data.setDeletionProtection),
  setLegalHold: (input, options) => change.done(documents.setLegalHold, { input }, options, (data) => data.setLegalHold),
  createDeployment: (input, options) => change.done(documents.createDeployment, { input }, options, (data) => data.createDeployment),
  upgradeDeployment: (input, options) => change.done(documents.upgradeDeployment, { input }, options, (data) => data.upgradeDeployment),
  rollbackDeployment: (input, options) => change.done(documents.rollbackDeployment, { input }, options, (data) => data.rollbackDeployment),
  scaleDeployment: (input, options) => change.done(documents.scaleDeployment, { input }, options, (data) => data.scaleDeployment),
  deleteDeployment: (input, options) => change.deleted(documents.deleteDeployment, { input }, options, (data) => data.deleteDeployment),
  changeEnvironment: (input, options) => change.done(documents.changeEnvironment, { input }, options, (data) => data.changeEnvironment),
  setPromotion: (input, options) => change.done(documents.setPromotion, { input }, options, (data) => data.setPromotion),
  setImageRules: (input, options) => change.done(documents.setImageRules, { input }, options, (data) => data.setImageRules),
  registerIssuer: (input, options) => change.done(documents.registerIssuer, { input }, options, (data) => data.registerIssuer),
  changeIssuer: (input, options) => change.done(documents.changeIssuer, { input }, options, (data) => data.changeIssuer),
  removeIssuer: (input, options) => change.done(documents.removeIssuer, { input }, options, (data) => data.removeIssuer),
  createApiKey: (input, options) => change.done(documents.createApiKey, { input }, options, (data) => data.createApiKey),
  revokeApiKey: (input, options) => change.done(documents.revokeApiKey, { input }, options, (data) => data.revokeApiKey),
  rotateServiceAccountSecret: (input, options) => change.done(documents.rotateServiceAccountSecret, { input }, options, (data) => data.rotateServiceAccountSecret),
  disableServiceAccount: (input, options) => change.done(documents.disableServiceAccount, { input }, options, (data) => data.disableServiceAccount),
  enableServiceAccount: (input, options) => change.done(documents.enableServiceAccount, { input }, options, (data) => data.enableServiceAccount),
  deleteServiceAccount: (input, options) => change.deleted(documents.deleteServiceAccount, { input }, options, (data) => data.deleteServiceAccount),
  inviteMember: (input, options) => change.done(documents.inviteMember, { input }, options, (data) => data.inviteMember),
  revokeInvitation: (input, options) => change.done(documents.revokeInvitation, { input }, options, (data) => data.revokeInvitation),
  acceptInvitation: (input, options) => change.done(documents.acceptInvitation, { input }, options, (data) => data.acceptInvitation),
  setTenantLabels: (input, options) => change.done(documents.setTenantLabels, { input }, options, (data) => data.setTenantLabels),
  setServiceAccountLabels: (input, options) => change.done(documents.setServiceAccountLabels, { input }, options, (data) => data.setServiceAccountLabels),
  setEnvironmentLabels: (input, options) => change.done(documents.setEnvironmentLabels, { input }, options, (data) => data.setEnvironmentLabels),
  setNamespaceLabels: (input, options) => change.done(documents.setNamespaceLabels, { input }, options, (data) => data.setNamespaceLabels),
  setDeploymentLabels: (input, options) => change.done(documents.setDeploymentLabels, { input }, options, (data) => data.setDeploymentLabels),
  setIsolationPolicyLabels: (input, options) => change.done(documents.setIsolationPolicyLabels, { input }, options, (data) => data.setIsolationPolicyLabels),
  setServiceLabels: (input, options) => change.done(documents.setServiceLabels, { input }, options, (data) => data.setServiceLabels),
  createSubnet: (input, options) => change.done(documents.createSubnet, { input }, options, (data) => data.createSubnet),
  createIsolationPolicy: (input, options) => change.done(documents.createIsolationPolicy, { input }, options, (data) => data.createIsolationPolicy),
  updateIsolationPolicy: (input, options) => change.done(documents.updateIsolationPolicy, { input }, options, (data) => data.updateIsolationPolicy),
  deleteIsolationPolicy: (input, options) => change.deleted(documents.deleteIsolationPolicy, { input }, options, (data) => data.deleteIsolationPolicy),
  setNamespaceIsolation: (input, options) => change.done(documents.setNamespaceIsolation, { input }, options, (data) => data.setNamespaceIsolation),
  setDeploymentPlacement: (input, options) => change.done(documents.setDeploymentPlacement, { input }, options, (data) => data.setDeploymentPlacement),
  createPlan: (input, options) => change.done(documents.createPlan, { input }, options, (data) => data.createPlan),
  changePlan: (input, options) => change.done(documents.changePlan, { input }, options, (data) => data.changePlan),
  retirePlan: (input, options) => change.done(documents.retirePlan, { input }, options, (data) => data.retirePlan),
  setTenantPlan: (input, options) => change.done(documents.setTenantPlan, { input }, options, (data) => data.setTenantPlan),
  overrideEntitlements: (input, options) => change.done(documents.overrideEntitlements, { input }, options, (data) => data.overrideEntitlements),
  createPlatformPolicy: (input, options) => change.done(documents.createPlatformPolicy, { input }, options, (data) => data.createPlatformPolicy),
  updatePlatformPolicy: (input, options) => change.done(documents.updatePlatformPolicy, { input }, options, (data) => data.updatePlatformPolicy),
  deletePlatformPolicy: (input, options) => change.deleted(documents.deletePlatformPolicy, { input }, options, (data) => data.deletePlatformPolicy),
  createPool: (input, options) => change.done(documents.createPool, { input }, options, (data) => data.createPool),
  changePool: (input, options) => change.done(documents.changePool, { input }, options, (data) => data.changePool),
  deletePool: (input, options) => change.deleted(documents.deletePool, { input }, options, (data) => data.deletePool),
  assignNode: (input, options) => change.done(documents.assignNode, { input }, options, (data) => data.assignNode),
  cordonNode: (input, options) => change.done(documents.cordonNode, { input }, options, (data) => data.cordonNode),
  uncordonNode: (input, options) => change.done(documents.uncordonNode, { input }, options, (data) => data.uncordonNode),
  drainNode: (input, options) => change.done(documents.drainNode, { input }, options, (data) => data.drainNode),
  cancelDrain: (input, options) => change.done(documents.cancelDrain, { input }, options, (data) => data.cancelDrain),
  setPlacementWeights: (input, options) => change.done(documents.setPlacementWeights, { input }, options, (data) => data.setPlacementWeights),
  setQuota: (input, options) => change.done(documents.setQuota, { input }, options, (data) => data.setQuota),
  suspendRollout: (input, options) => change.done(documents.suspendRollout, { input }, options, (data) => data.suspendRollout),
  resumeRollout: (input, options) => change.done(documents.resumeRollout, { input }, options, (data) => data.resumeRollout),
  setRolloutPolicy: (input, options) => change.done(documents.setRolloutPolicy, { input }, options, (data) => data.setRolloutPolicy),
  createService: (input, options) => change.done(documents.createService, { input }, options, (data) => data.createService),
  updateService: (input, options) => change.done(documents.updateService, { input }, options, (data) => data.updateService),
  deleteService: (input, options) => change.deleted(documents.deleteService, { input }, options, (data) => data.deleteService),
  setRolloutStrategy: (input, options) => change.done(documents.setRolloutStrategy, { input }, options, (data) => data.setRolloutStrategy),
  promoteRollout: (input, options) => change.done(documents.promoteRollout, { input }, options, (data) => data.promoteRollout),
  abortRollout: (input, options) => change.done(documents.abortRollout, { input }, options, (data) => data.abortRollout),
  createTenant: (input, options) => change.done(documents.createTenant, { input }, options, (data) => data.createTenant),
  suspendTenant: (input, options) => change.done(documents.suspendTenant, { input }, options, (data) => data.suspendTenant),
  resumeTenant: (input, options) => change.done(documents.resumeTenant, { input }, options, (data) => data.resumeTenant),
  addMember: (input, options) => change.done(documents.addMember, { input }, options, (data) => data.addMember),
  erasePersonalData: (input, options) => change.done(documents.erasePersonalData, { input }, options, (data) => data.erasePersonalData),
  createServiceAccount: (input, options) => change.done(documents.createServiceAccount, { input }, options, (data) => data.createServiceAccount),
  createEnvironment: (input, options) => change.done(documents.createEnvironment, { input }, options, (data) => data.createEnvironment),
  createNamespace: (input, options) => change.done(documents.createNamespace, { input }, options, (data) => data.createNamespace),
  deleteNamespace: (input, options) => change.deleted(documents.deleteNamespace, { input }, options, (data) => data.deleteNamespace),
});
