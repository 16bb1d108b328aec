// Generated from schema/ by `npm run gen`. Changes made here are lost.
import { TypedDocument } from '../document.ts';
import type * as o from './operations.ts';

/** Every operation of the API as a document that `request` takes. */
export const documents = {
  viewer: new TypedDocument<o.ViewerQuery, o.ViewerQueryVariables>('query', ["viewer"], `query Viewer {
  viewer { ...Viewer }
}
fragment Viewer on Viewer {
  subject
  role
  permissions
  tenantId
  grants { ...ViewerGrant }
}
fragment ViewerGrant on ViewerGrant {
  role
  bindingId
  level
  environmentId
  namespaceId
  permissions
}`),
  node: new TypedDocument<o.NodeQuery, o.NodeQueryVariables>('query', ["node"], `query Node($id: ID!) {
  node(id: $id) { __typename id }
}`),
  roles: new TypedDocument<o.RolesQuery, o.RolesQueryVariables>('query', ["roles"], `query Roles($first: Int = 20, $after: String) {
  roles(first: $first, after: $after) { nodes { ...Role } pageInfo { hasNextPage endCursor } }
}
fragment Role on Role {
  id
  name
  description
  permissions
  createdAt
}`),
  role: new TypedDocument<o.RoleQuery, o.RoleQueryVariables>('query', ["role"], `query Role($id: ID!) {
  role(id: $id) { ...Role }
}
fragment Role on Role {
  id
  name
  description
  permissions
  createdAt
}`),
  roleBindings: new TypedDocument<o.RoleBindingsQuery, o.RoleBindingsQueryVariables>('query', ["roleBindings"], `query RoleBindings($first: Int = 20, $after: String) {
  roleBindings(first: $first, after: $after) { nodes { ...RoleBinding } pageInfo { hasNextPage endCursor } }
}
fragment RoleBinding on RoleBinding {
  id
  subjectId
  role
  ownRole { id name }
  level
  environmentId
  namespaceId
  boundBy
  createdAt
}`),
  permissions: new TypedDocument<o.PermissionsQuery, o.PermissionsQueryVariables>('query', ["permissions"], `query Permissions {
  permissions { ...PermissionInfo }
}
fragment PermissionInfo on PermissionInfo {
  name
  doc
  level
  roles
}`),
  access: new TypedDocument<o.AccessQuery, o.AccessQueryVariables>('query', ["access"], `query Access($permission: String!, $resourceId: ID) {
  access(permission: $permission, resourceId: $resourceId) { ...AccessReport }
}
fragment AccessReason on AccessReason {
  role
  roleId
  bindingId
  level
  environmentId
  namespaceId
}
fragment AccessReport on AccessReport {
  permission
  level
  environmentId
  namespaceId
  subjects { ...AccessSubject }
}
fragment AccessSubject on AccessSubject {
  id
  kind
  name
  because { ...AccessReason }
}`),
  canI: new TypedDocument<o.CanIQuery, o.CanIQueryVariables>('query', ["canI"], `query CanI($permission: String!, $resourceId: ID) {
  canI(permission: $permission, resourceId: $resourceId) { ...AccessDecision }
}
fragment AccessDecision on AccessDecision {
  permission
  allowed
  because { ...AccessReason }
  level
  environmentId
  namespaceId
}
fragment AccessReason on AccessReason {
  role
  roleId
  bindingId
  level
  environmentId
  namespaceId
}`),
  addressRanges: new TypedDocument<o.AddressRangesQuery, o.AddressRangesQueryVariables>('query', ["addressRanges"], `query AddressRanges($first: Int = 20, $after: String) {
  addressRanges(first: $first, after: $after) { nodes { ...AddressRange } pageInfo { hasNextPage endCursor } }
}
fragment AddressRange on AddressRange {
  id
  purpose
  cidr
  within { id }
  createdAt
  supply
}`),
  publicAddresses: new TypedDocument<o.PublicAddressesQuery, o.PublicAddressesQueryVariables>('query', ["publicAddresses"], `query PublicAddresses($first: Int = 20, $after: String) {
  publicAddresses(first: $first, after: $after) { nodes { ...PublicAddress } pageInfo { hasNextPage endCursor } }
}
fragment PublicAddress on PublicAddress {
  id
  name
  address
  namespace { id name }
  createdAt
}`),
  publicAddress: new TypedDocument<o.PublicAddressQuery, o.PublicAddressQueryVariables>('query', ["publicAddress"], `query PublicAddress($id: ID!) {
  publicAddress(id: $id) { ...PublicAddress }
}
fragment PublicAddress on PublicAddress {
  id
  name
  address
  namespace { id name }
  createdAt
}`),
  portMappings: new TypedDocument<o.PortMappingsQuery, o.PortMappingsQueryVariables>('query', ["portMappings"], `query PortMappings($first: Int = 20, $after: String) {
  portMappings(first: $first, after: $after) { nodes { ...PortMapping } pageInfo { hasNextPage endCursor } }
}
fragment PortMapping on PortMapping {
  id
  protocol
  port
  address
  publicAddress { id name }
  deployment { id name }
  service { id name }
  targetPort
  sourcePreserved
  namespace { id name }
  createdAt
}`),
  auditLog: new TypedDocument<o.AuditLogQuery, o.AuditLogQueryVariables>('query', ["auditLog"], `query AuditLog($filter: AuditFilter, $first: Int = 20, $after: String) {
  auditLog(filter: $filter, first: $first, after: $after) { nodes { ...AuditRecord } pageInfo { hasNextPage endCursor } }
}
fragment AuditRecord on AuditRecord {
  cursor
  id
  type
  resourceId
  time
  actor
  cause
  correlation
  data
  changes { ...ResourceChange }
  hash
}
fragment ResourceChange on ResourceChange {
  kind
  id
  before
  after
}`),
  logHead: new TypedDocument<o.LogHeadQuery, o.LogHeadQueryVariables>('query', ["logHead"], `query LogHead {
  logHead { ...LogHead }
}
fragment LogHead on LogHead {
  cursor
  hash
  signed
}`),
  timeline: new TypedDocument<o.TimelineQuery, o.TimelineQueryVariables>('query', ["timeline"], `query Timeline($resourceId: ID!, $kind: String, $first: Int = 20, $after: String) {
  timeline(resourceId: $resourceId, kind: $kind, first: $first, after: $after) { nodes { ...TimelineEntry } pageInfo { hasNextPage endCursor } }
}
fragment TimelineEntry on TimelineEntry {
  change
  kind
  time
  type
  eventId
  actor
  cause
  correlation
  before
  after
}`),
  asOf: new TypedDocument<o.AsOfQuery, o.AsOfQueryVariables>('query', ["asOf"], `query AsOf($resourceId: ID!, $kind: String, $time: DateTime, $change: Int) {
  asOf(resourceId: $resourceId, kind: $kind, time: $time, change: $change) { ...PastResource }
}
fragment PastResource on PastResource {
  id
  kind
  change
  time
  deleted
  state
}`),
  batchPreview: new TypedDocument<o.BatchPreviewQuery, o.BatchPreviewQueryVariables>('query', ["batchPreview"], `query BatchPreview($scopeId: ID!, $labels: [LabelInput!]!, $operation: BatchOperationInput!) {
  batchPreview(scopeId: $scopeId, labels: $labels, operation: $operation) { ...BatchPreview }
}
fragment BatchPreview on BatchPreview {
  count
  confirm
  confirmationRequired
  refusal { ...BatchRefusal }
  changed
  unchanged
  refused
  deployments { ...BatchPreviewItem }
}
fragment BatchPreviewItem on BatchPreviewItem {
  deploymentId
  name
  namespaceId
  verdict
  fromRelease
  toRelease
  fromReplicas
  toReplicas
  code
  message
}
fragment BatchRefusal on BatchRefusal {
  code
  message
}`),
  batch: new TypedDocument<o.BatchQuery, o.BatchQueryVariables>('query', ["batch"], `query Batch($id: ID!) {
  batch(id: $id) { ...Batch }
}
fragment Batch on Batch {
  id
  environmentId
  namespaceId
  selector { ...Label }
  operation { ...BatchOperation }
  status
  statusMessage
  size
  waiting
  running
  succeeded
  unchanged
  failed
  skipped
  waveSize
  waves { ...BatchWave }
  pauseSeconds
  nextWaveAt
  maxFailures
  startedAt
  startedBy
  endedAt
}
fragment BatchOperation on BatchOperation {
  kind
  image
  cpuMillis
  memoryMiB
  replicas
  pace
}
fragment BatchWave on BatchWave {
  number
  status
  size
  waiting
  running
  succeeded
  unchanged
  failed
  skipped
}
fragment Label on Label {
  key
  value
}`),
  batches: new TypedDocument<o.BatchesQuery, o.BatchesQueryVariables>('query', ["batches"], `query Batches($first: Int = 20, $after: String) {
  batches(first: $first, after: $after) { nodes { ...Batch } pageInfo { hasNextPage endCursor } }
}
fragment Batch on Batch {
  id
  environmentId
  namespaceId
  selector { ...Label }
  operation { ...BatchOperation }
  status
  statusMessage
  size
  waiting
  running
  succeeded
  unchanged
  failed
  skipped
  waveSize
  waves { ...BatchWave }
  pauseSeconds
  nextWaveAt
  maxFailures
  startedAt
  startedBy
  endedAt
}
fragment BatchOperation on BatchOperation {
  kind
  image
  cpuMillis
  memoryMiB
  replicas
  pace
}
fragment BatchWave on BatchWave {
  number
  status
  size
  waiting
  running
  succeeded
  unchanged
  failed
  skipped
}
fragment Label on Label {
  key
  value
}`),
  connectionLog: new TypedDocument<o.ConnectionLogQuery, o.ConnectionLogQueryVariables>('query', ["connectionLog"], `query ConnectionLog($namespaceId: ID!, $policyId: ID, $since: DateTime, $first: Int = 50) {
  connectionLog(namespaceId: $namespaceId, policyId: $policyId, since: $since, first: $first) { ...ConnectionLog }
}
fragment ConnectionLog on ConnectionLog {
  connections { ...LoggedConnection }
  more
  leftOut
  missing
}
fragment LoggedConnection on LoggedConnection {
  at
  policyId
  policyName
  action
  direction
  family
  protocol
  source
  sourcePort
  destination
  destinationPort
  sourceInstanceId
  destinationInstanceId
  nodeId
  packets
}`),
  deletionPlan: new TypedDocument<o.DeletionPlanQuery, o.DeletionPlanQueryVariables>('query', ["deletionPlan"], `query DeletionPlan($id: ID!) {
  deletionPlan(id: $id) { ...DeletionPlan }
}
fragment DeletionCount on DeletionCount {
  kind
  count
}
fragment DeletionFinding on DeletionFinding {
  code
  message
  resourceId
}
fragment DeletionPlan on DeletionPlan {
  id
  name
  steps { ...DeletionPlanStep }
  blockers { ...DeletionFinding }
  warnings { ...DeletionFinding }
  confirm
}
fragment DeletionPlanStep on DeletionPlanStep {
  name
  service
  counts { ...DeletionCount }
  waitsFor
}`),
  deletion: new TypedDocument<o.DeletionQuery, o.DeletionQueryVariables>('query', ["deletion"], `query Deletion($id: ID!) {
  deletion(id: $id) { ...Deletion }
}
fragment Deletion on Deletion {
  id
  target
  targetId
  name
  status
  steps { ...DeletionStep }
  requestedAt
  requestedBy
  purgeAt
  endedAt
  proof { ...DeletionProof }
}
fragment DeletionCount on DeletionCount {
  kind
  count
}
fragment DeletionProof on DeletionProof {
  service
  position
  counts { ...DeletionCount }
}
fragment DeletionStep on DeletionStep {
  name
  status
  done
  total
  waitingFor
}`),
  deletions: new TypedDocument<o.DeletionsQuery, o.DeletionsQueryVariables>('query', ["deletions"], `query Deletions($first: Int = 20, $after: String) {
  deletions(first: $first, after: $after) { nodes { ...Deletion } pageInfo { hasNextPage endCursor } }
}
fragment Deletion on Deletion {
  id
  target
  targetId
  name
  status
  steps { ...DeletionStep }
  requestedAt
  requestedBy
  purgeAt
  endedAt
  proof { ...DeletionProof }
}
fragment DeletionCount on DeletionCount {
  kind
  count
}
fragment DeletionProof on DeletionProof {
  service
  position
  counts { ...DeletionCount }
}
fragment DeletionStep on DeletionStep {
  name
  status
  done
  total
  waitingFor
}`),
  deployments: new TypedDocument<o.DeploymentsQuery, o.DeploymentsQueryVariables>('query', ["deployments"], `query Deployments($first: Int = 20, $after: String, $labels: [LabelInput!]) {
  deployments(first: $first, after: $after, labels: $labels) { nodes { ...Deployment } pageInfo { hasNextPage endCursor } }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}`),
  deployment: new TypedDocument<o.DeploymentQuery, o.DeploymentQueryVariables>('query', ["deployment"], `query Deployment($id: ID!) {
  deployment(id: $id) { ...Deployment }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}`),
  instance: new TypedDocument<o.InstanceQuery, o.InstanceQueryVariables>('query', ["instance"], `query Instance($id: ID!) {
  instance(id: $id) { ...Instance }
}
fragment FilteredNode on FilteredNode {
  nodeId
  code
  reason
}
fragment Instance on Instance {
  id
  status
  statusReason
  statusMessage
  ipv4
  ipv6
  labels { ...Label }
  nodeId
  createdAt
  securedAt
  readyAt
  deployment { id name }
  release { id number }
  placement { ...PlacementDecision }
}
fragment Label on Label {
  key
  value
}
fragment NodeScore on NodeScore {
  nodeId
  score
  parts { ...ScoreParts }
}
fragment PlacementDecision on PlacementDecision {
  nodes
  rejected { ...RejectedNodes }
  filtered { ...FilteredNode }
  scores { ...NodeScore }
  weights { ...PlacementWeights }
}
fragment PlacementWeights on PlacementWeights {
  spread
  pack
  locality
  slaClass
  cost
}
fragment RejectedNodes on RejectedNodes {
  code
  count
}
fragment ScoreParts on ScoreParts {
  spread
  pack
  locality
  slaClass
  cost
}`),
  computeNodes: new TypedDocument<o.ComputeNodesQuery, o.ComputeNodesQueryVariables>('query', ["computeNodes"], `query ComputeNodes($first: Int = 20, $after: String, $labels: [LabelInput!]) {
  computeNodes(first: $first, after: $after, labels: $labels) { nodes { ...ComputeNode } pageInfo { hasNextPage endCursor } }
}
fragment ComputeNode on ComputeNode {
  id
  name
  status
  statusMessage
  statusSince
  runtime
  cpuMillis
  memoryMiB
  maxInstances
  createdAt
  pool { id name }
  zone
  labels { ...Label }
  scheduling
  schedulingNote
  instances
  drainedFrom
}
fragment Label on Label {
  key
  value
}`),
  imageRuleViolations: new TypedDocument<o.ImageRuleViolationsQuery, o.ImageRuleViolationsQueryVariables>('query', ["imageRuleViolations"], `query ImageRuleViolations($environmentId: ID!, $first: Int = 20, $after: String) {
  imageRuleViolations(environmentId: $environmentId, first: $first, after: $after) { nodes { ...ImageRuleViolation } pageInfo { hasNextPage endCursor } }
}
fragment ImageRuleViolation on ImageRuleViolation {
  deploymentId
  deploymentName
  namespaceId
  image
  code
  message
}`),
  eventCursor: new TypedDocument<o.EventCursorQuery, o.EventCursorQueryVariables>('query', ["eventCursor"], `query EventCursor {
  eventCursor
}`),
  events: new TypedDocument<o.EventsQuery, o.EventsQueryVariables>('query', ["events"], `query Events($first: Int = 20, $after: String) {
  events(first: $first, after: $after) { nodes { ...Event } pageInfo { hasNextPage endCursor } }
}
fragment Event on Event {
  cursor
  id
  type
  resourceId
  time
  actor
  cause
  correlation
  data
}`),
  issuers: new TypedDocument<o.IssuersQuery, o.IssuersQueryVariables>('query', ["issuers"], `query Issuers($first: Int = 20, $after: String) {
  issuers(first: $first, after: $after) { nodes { ...Issuer } pageInfo { hasNextPage endCursor } }
}
fragment GroupRole on GroupRole {
  group
  role
}
fragment Issuer on Issuer {
  id
  name
  url
  audience
  algorithms
  tokenTypes
  claims { ...IssuerClaims }
  groupRoles { ...GroupRole }
  createdAt
  version
}
fragment IssuerClaims on IssuerClaims {
  subject
  email
  name
  groups
}`),
  serviceAccounts: new TypedDocument<o.ServiceAccountsQuery, o.ServiceAccountsQueryVariables>('query', ["serviceAccounts"], `query ServiceAccounts($first: Int = 20, $after: String, $labels: [LabelInput!]) {
  serviceAccounts(first: $first, after: $after, labels: $labels) { nodes { ...ServiceAccount } pageInfo { hasNextPage endCursor } }
}
fragment CredentialUse on CredentialUse {
  lastUsedAt
}
fragment Label on Label {
  key
  value
}
fragment ServiceAccount on ServiceAccount {
  id
  name
  role
  status
  createdAt
  lastUse { ...CredentialUse }
  labels { ...Label }
}`),
  apiKeys: new TypedDocument<o.ApiKeysQuery, o.ApiKeysQueryVariables>('query', ["apiKeys"], `query ApiKeys($first: Int = 20, $after: String) {
  apiKeys(first: $first, after: $after) { nodes { ...ApiKey } pageInfo { hasNextPage endCursor } }
}
fragment ApiKey on ApiKey {
  id
  name
  subject
  prefix
  scopes
  createdAt
  expiresAt
  revokedAt
  lastUse { ...CredentialUse }
}
fragment CredentialUse on CredentialUse {
  lastUsedAt
}`),
  invitations: new TypedDocument<o.InvitationsQuery, o.InvitationsQueryVariables>('query', ["invitations"], `query Invitations($first: Int = 20, $after: String) {
  invitations(first: $first, after: $after) { nodes { ...Invitation } pageInfo { hasNextPage endCursor } }
}
fragment Invitation on Invitation {
  id
  role
  label
  email
  status
  invitedBy
  createdAt
  expiresAt
  endedAt
  memberId
}`),
  instanceLogs: new TypedDocument<o.InstanceLogsQuery, o.InstanceLogsQueryVariables>('query', ["instanceLogs"], `query InstanceLogs($instanceId: ID!, $process: String, $tail: Int = 100, $after: String, $since: DateTime, $stream: LogStream, $previous: Boolean = false) {
  instanceLogs(instanceId: $instanceId, process: $process, tail: $tail, after: $after, since: $since, stream: $stream, previous: $previous) { ...LogChunk }
}
fragment LogChunk on LogChunk {
  instanceId
  lines { ...LogLine }
  cursor
  gap
  more
  ended
  problem { ...LogProblem }
}
fragment LogLine on LogLine {
  at
  stream
  text
  truncated
  cursor
}
fragment LogProblem on LogProblem {
  nodeId
  since
  message
}`),
  deploymentLogs: new TypedDocument<o.DeploymentLogsQuery, o.DeploymentLogsQueryVariables>('query', ["deploymentLogs"], `query DeploymentLogs($deploymentId: ID!, $tail: Int = 20, $since: DateTime, $stream: LogStream, $previous: Boolean = false, $ended: Boolean = false) {
  deploymentLogs(deploymentId: $deploymentId, tail: $tail, since: $since, stream: $stream, previous: $previous, ended: $ended) { ...LogChunk }
}
fragment LogChunk on LogChunk {
  instanceId
  lines { ...LogLine }
  cursor
  gap
  more
  ended
  problem { ...LogProblem }
}
fragment LogLine on LogLine {
  at
  stream
  text
  truncated
  cursor
}
fragment LogProblem on LogProblem {
  nodeId
  since
  message
}`),
  subnets: new TypedDocument<o.SubnetsQuery, o.SubnetsQueryVariables>('query', ["subnets"], `query Subnets($first: Int = 20, $after: String) {
  subnets(first: $first, after: $after) { nodes { ...Subnet } pageInfo { hasNextPage endCursor } }
}
fragment Subnet on Subnet {
  id
  ipv4
  ipv6
  deleting
  createdAt
  namespace { id name }
}`),
  isolationPolicy: new TypedDocument<o.IsolationPolicyQuery, o.IsolationPolicyQueryVariables>('query', ["isolationPolicy"], `query IsolationPolicy($id: ID!) {
  isolationPolicy(id: $id) { ...IsolationPolicy }
}
fragment IsolationPolicy on IsolationPolicy {
  id
  name
  revision
  version
  action
  priority
  sources { ...PolicyPeer }
  destinations { ...PolicyPeer }
  traffic { ...PolicyTraffic }
  log
  active
  schedule { ...PolicySchedule }
  nextChangeAt
  fromNamespace { id name }
  fromLabels { ...Label }
  toLabels { ...Label }
  ports { ...PortRange }
  namespace { id name }
  createdAt
  labels { ...Label }
}
fragment Label on Label {
  key
  value
}
fragment PolicyPeer on PolicyPeer {
  kind
  namespaceId
  environmentId
  serviceId
  labels { ...Label }
  cidr
  except
}
fragment PolicySchedule on PolicySchedule {
  startsAt
  endsAt
  windows { ...WeeklyWindow }
  timeZone
}
fragment PolicyTraffic on PolicyTraffic {
  protocol
  from
  to
  icmpType
}
fragment PortRange on PortRange {
  protocol
  from
  to
}
fragment WeeklyWindow on WeeklyWindow {
  days
  from
  to
}`),
  probe: new TypedDocument<o.ProbeQuery, o.ProbeQueryVariables>('query', ["probe"], `query Probe($from: ID!, $address: String!, $port: Int!, $protocol: ProbeProtocol = TCP, $path: String = "/", $timeoutMs: Int = 2000) {
  probe(from: $from, address: $address, port: $port, protocol: $protocol, path: $path, timeoutMs: $timeoutMs) { ...ProbeResult }
}
fragment ProbeResult on ProbeResult {
  outcome
  millis
  httpStatus
  httpBody
  simulated
}`),
  placementPreview: new TypedDocument<o.PlacementPreviewQuery, o.PlacementPreviewQueryVariables>('query', ["placementPreview"], `query PlacementPreview($namespaceId: ID!, $replicas: Int = 1, $cpuMillis: Int = 100, $memoryMiB: Int = 64, $placement: PlacementWishesInput) {
  placementPreview(namespaceId: $namespaceId, replicas: $replicas, cpuMillis: $cpuMillis, memoryMiB: $memoryMiB, placement: $placement) { ...PlacementPreview }
}
fragment FilteredNode on FilteredNode {
  nodeId
  code
  reason
}
fragment NodeScore on NodeScore {
  nodeId
  score
  parts { ...ScoreParts }
}
fragment PlacementDecision on PlacementDecision {
  nodes
  rejected { ...RejectedNodes }
  filtered { ...FilteredNode }
  scores { ...NodeScore }
  weights { ...PlacementWeights }
}
fragment PlacementPreview on PlacementPreview {
  fit
  refusal
  places { ...PreviewedPlace }
  unplaced { ...PlacementDecision }
}
fragment PlacementWeights on PlacementWeights {
  spread
  pack
  locality
  slaClass
  cost
}
fragment PreviewedPlace on PreviewedPlace {
  nodeId
  decision { ...PlacementDecision }
}
fragment RejectedNodes on RejectedNodes {
  code
  count
}
fragment ScoreParts on ScoreParts {
  spread
  pack
  locality
  slaClass
  cost
}`),
  plans: new TypedDocument<o.PlansQuery, o.PlansQueryVariables>('query', ["plans"], `query Plans($first: Int = 20, $after: String) {
  plans(first: $first, after: $after) { nodes { ...Plan } pageInfo { hasNextPage endCursor } }
}
fragment Plan on Plan {
  id
  name
  status
  revision
  version
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  createdAt
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}`),
  plan: new TypedDocument<o.PlanQuery, o.PlanQueryVariables>('query', ["plan"], `query Plan($id: ID!) {
  plan(id: $id) { ...Plan }
}
fragment Plan on Plan {
  id
  name
  status
  revision
  version
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  createdAt
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}`),
  platformPolicies: new TypedDocument<o.PlatformPoliciesQuery, o.PlatformPoliciesQueryVariables>('query', ["platformPolicies"], `query PlatformPolicies($first: Int = 20, $after: String) {
  platformPolicies(first: $first, after: $after) { nodes { ...PlatformPolicy } pageInfo { hasNextPage endCursor } }
}
fragment PlatformPeer on PlatformPeer {
  kind
  tenantId
  cidr
  except
}
fragment PlatformPolicy on PlatformPolicy {
  id
  name
  revision
  action
  priority
  sources { ...PlatformPeer }
  destinations { ...PlatformPeer }
  traffic { ...PolicyTraffic }
  log
  createdAt
}
fragment PolicyTraffic on PolicyTraffic {
  protocol
  from
  to
  icmpType
}`),
  platformPolicy: new TypedDocument<o.PlatformPolicyQuery, o.PlatformPolicyQueryVariables>('query', ["platformPolicy"], `query PlatformPolicy($id: ID!) {
  platformPolicy(id: $id) { ...PlatformPolicy }
}
fragment PlatformPeer on PlatformPeer {
  kind
  tenantId
  cidr
  except
}
fragment PlatformPolicy on PlatformPolicy {
  id
  name
  revision
  action
  priority
  sources { ...PlatformPeer }
  destinations { ...PlatformPeer }
  traffic { ...PolicyTraffic }
  log
  createdAt
}
fragment PolicyTraffic on PolicyTraffic {
  protocol
  from
  to
  icmpType
}`),
  platformConnectionLog: new TypedDocument<o.PlatformConnectionLogQuery, o.PlatformConnectionLogQueryVariables>('query', ["platformConnectionLog"], `query PlatformConnectionLog($platformPolicyId: ID, $since: DateTime, $first: Int = 50) {
  platformConnectionLog(platformPolicyId: $platformPolicyId, since: $since, first: $first) { ...ConnectionLog }
}
fragment ConnectionLog on ConnectionLog {
  connections { ...LoggedConnection }
  more
  leftOut
  missing
}
fragment LoggedConnection on LoggedConnection {
  at
  policyId
  policyName
  action
  direction
  family
  protocol
  source
  sourcePort
  destination
  destinationPort
  sourceInstanceId
  destinationInstanceId
  nodeId
  packets
}`),
  pools: new TypedDocument<o.PoolsQuery, o.PoolsQueryVariables>('query', ["pools"], `query Pools($first: Int = 20, $after: String, $labels: [LabelInput!]) {
  pools(first: $first, after: $after, labels: $labels) { nodes { ...Pool } pageInfo { hasNextPage endCursor } }
}
fragment Label on Label {
  key
  value
}
fragment PlacementWeights on PlacementWeights {
  spread
  pack
  locality
  slaClass
  cost
}
fragment Pool on Pool {
  id
  name
  revision
  slaClass
  labels { ...Label }
  cpuPercent
  memoryPercent
  costPerHour
  weights { ...PlacementWeights }
  createdAt
}`),
  pool: new TypedDocument<o.PoolQuery, o.PoolQueryVariables>('query', ["pool"], `query Pool($id: ID!) {
  pool(id: $id) { ...Pool }
}
fragment Label on Label {
  key
  value
}
fragment PlacementWeights on PlacementWeights {
  spread
  pack
  locality
  slaClass
  cost
}
fragment Pool on Pool {
  id
  name
  revision
  slaClass
  labels { ...Label }
  cpuPercent
  memoryPercent
  costPerHour
  weights { ...PlacementWeights }
  createdAt
}`),
  quotaDifferences: new TypedDocument<o.QuotaDifferencesQuery, o.QuotaDifferencesQueryVariables>('query', ["quotaDifferences"], `query QuotaDifferences($first: Int = 20, $after: String) {
  quotaDifferences(first: $first, after: $after) { nodes { ...QuotaDifference } pageInfo { hasNextPage endCursor } }
}
fragment QuotaAmount on QuotaAmount {
  measure
  amount
}
fragment QuotaDifference on QuotaDifference {
  id
  tenantId
  namespaceId
  name
  recorded { ...QuotaAmount }
  actual { ...QuotaAmount }
  foundAt
}`),
  reachability: new TypedDocument<o.ReachabilityQuery, o.ReachabilityQueryVariables>('query', ["reachability"], `query Reachability($from: ID!, $to: ReachabilityTargetInput!, $protocol: ReachabilityProtocol = TCP, $port: Int) {
  reachability(from: $from, to: $to, protocol: $protocol, port: $port) { ...Reachability }
}
fragment DecidingRule on DecidingRule {
  tier
  policyId
  policyName
  revision
  action
  protocol
  fromPort
  toPort
  log
  place
}
fragment NodeStanding on NodeStanding {
  nodeId
  standing
  generation
  appliedGeneration
  since
}
fragment Reachability on Reachability {
  allowed
  from { ...ReachabilityEnd }
  destination
  flows { ...ReachabilityFlow }
  omittedFlows
  inForce
  nodes { ...NodeStanding }
}
fragment ReachabilityEnd on ReachabilityEnd {
  instanceId
  namespaceId
  nodeId
}
fragment ReachabilityFlow on ReachabilityFlow {
  family
  source
  destination
  port
  target { ...ReachabilityEnd }
  via
  allowed
  egress { ...ReachabilityVerdict }
  ingress { ...ReachabilityVerdict }
}
fragment ReachabilityVerdict on ReachabilityVerdict {
  allowed
  rule { ...DecidingRule }
  message
}`),
  reachabilityMatrix: new TypedDocument<o.ReachabilityMatrixQuery, o.ReachabilityMatrixQueryVariables>('query', ["reachabilityMatrix"], `query ReachabilityMatrix($namespaceId: ID!, $protocol: ReachabilityProtocol = TCP, $port: Int, $otherNamespaceIds: [ID!], $fromGroup: Int = 0, $toGroup: Int = 0) {
  reachabilityMatrix(namespaceId: $namespaceId, protocol: $protocol, port: $port, otherNamespaceIds: $otherNamespaceIds, fromGroup: $fromGroup, toGroup: $toGroup) { ...ReachabilityMatrix }
}
fragment DecidingRule on DecidingRule {
  tier
  policyId
  policyName
  revision
  action
  protocol
  fromPort
  toPort
  log
  place
}
fragment Label on Label {
  key
  value
}
fragment NodeStanding on NodeStanding {
  nodeId
  standing
  generation
  appliedGeneration
  since
}
fragment ReachabilityCell on ReachabilityCell {
  from
  to
  family
  state
  egress { ...ReachabilityVerdict }
  ingress { ...ReachabilityVerdict }
  outside { ...DecidingRule }
}
fragment ReachabilityGroup on ReachabilityGroup {
  index
  namespaceId
  count
  instanceIds
  labels { ...Label }
}
fragment ReachabilityMatrix on ReachabilityMatrix {
  groups { ...ReachabilityGroup }
  cells { ...ReachabilityCell }
  groupCount
  omittedInstances
  inForce
  nodes { ...NodeStanding }
}
fragment ReachabilityVerdict on ReachabilityVerdict {
  allowed
  rule { ...DecidingRule }
  message
}`),
  service: new TypedDocument<o.ServiceQuery, o.ServiceQueryVariables>('query', ["service"], `query Service($id: ID!) {
  service(id: $id) { ...Service }
}
fragment Label on Label {
  key
  value
}
fragment Service on Service {
  id
  name
  dnsName
  ipv4
  ipv6
  selector { ...Label }
  ports { ...ServicePort }
  affinitySeconds
  version
  namespace { id name }
  createdAt
  labels { ...Label }
}
fragment ServicePort on ServicePort {
  name
  protocol
  port
  targetPort
}`),
  tenant: new TypedDocument<o.TenantQuery, o.TenantQueryVariables>('query', ["tenant"], `query Tenant {
  tenant { ...Tenant }
}
fragment EntitlementOverrides on EntitlementOverrides {
  limits { ...LimitOverride }
  grant
  deny
  pointsPerMinute
  pools
  slaClasses
}
fragment Entitlements on Entitlements {
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  overrides { ...EntitlementOverrides }
}
fragment Label on Label {
  key
  value
}
fragment LimitOverride on LimitOverride {
  name
  limit
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment Tenant on Tenant {
  id
  name
  limits { ...TenantLimits }
  status
  suspension { ...TenantSuspension }
  createdAt
  deletionProtection
  legalHold
  deletion { ...TenantDeletion }
  labels { ...Label }
  plan { ...TenantPlan }
  entitlements { ...Entitlements }
  capabilities
  quota { ...QuotaUse }
}
fragment TenantDeletion on TenantDeletion {
  deletionId
  since
  purgeAt
}
fragment TenantLimits on TenantLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
}
fragment TenantPlan on TenantPlan {
  id
  name
  revision
}
fragment TenantSuspension on TenantSuspension {
  reason
  since
}`),
  tenants: new TypedDocument<o.TenantsQuery, o.TenantsQueryVariables>('query', ["tenants"], `query Tenants($first: Int = 20, $after: String, $labels: [LabelInput!]) {
  tenants(first: $first, after: $after, labels: $labels) { nodes { ...Tenant } pageInfo { hasNextPage endCursor } }
}
fragment EntitlementOverrides on EntitlementOverrides {
  limits { ...LimitOverride }
  grant
  deny
  pointsPerMinute
  pools
  slaClasses
}
fragment Entitlements on Entitlements {
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  overrides { ...EntitlementOverrides }
}
fragment Label on Label {
  key
  value
}
fragment LimitOverride on LimitOverride {
  name
  limit
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment Tenant on Tenant {
  id
  name
  limits { ...TenantLimits }
  status
  suspension { ...TenantSuspension }
  createdAt
  deletionProtection
  legalHold
  deletion { ...TenantDeletion }
  labels { ...Label }
  plan { ...TenantPlan }
  entitlements { ...Entitlements }
  capabilities
  quota { ...QuotaUse }
}
fragment TenantDeletion on TenantDeletion {
  deletionId
  since
  purgeAt
}
fragment TenantLimits on TenantLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
}
fragment TenantPlan on TenantPlan {
  id
  name
  revision
}
fragment TenantSuspension on TenantSuspension {
  reason
  since
}`),
  members: new TypedDocument<o.MembersQuery, o.MembersQueryVariables>('query', ["members"], `query Members($first: Int = 20, $after: String) {
  members(first: $first, after: $after) { nodes { ...Member } pageInfo { hasNextPage endCursor } }
}
fragment Member on Member {
  id
  subject
  role
  displayName
  email
  erasedAt
}`),
  environments: new TypedDocument<o.EnvironmentsQuery, o.EnvironmentsQueryVariables>('query', ["environments"], `query Environments($first: Int = 20, $after: String, $labels: [LabelInput!]) {
  environments(first: $first, after: $after, labels: $labels) { nodes { ...Environment } pageInfo { hasNextPage endCursor } }
}
fragment Environment on Environment {
  id
  name
  kind
  createdAt
  deletionProtection
  deletionId
  promotesTo
  imageRules { ...ImageRules }
  labels { ...Label }
  quota { ...QuotaUse }
}
fragment ImageRules on ImageRules {
  allowed
  promotedOnly
}
fragment Label on Label {
  key
  value
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}`),
  environment: new TypedDocument<o.EnvironmentQuery, o.EnvironmentQueryVariables>('query', ["environment"], `query Environment($id: ID!) {
  environment(id: $id) { ...Environment }
}
fragment Environment on Environment {
  id
  name
  kind
  createdAt
  deletionProtection
  deletionId
  promotesTo
  imageRules { ...ImageRules }
  labels { ...Label }
  quota { ...QuotaUse }
}
fragment ImageRules on ImageRules {
  allowed
  promotedOnly
}
fragment Label on Label {
  key
  value
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}`),
  namespaces: new TypedDocument<o.NamespacesQuery, o.NamespacesQueryVariables>('query', ["namespaces"], `query Namespaces($first: Int = 20, $after: String, $labels: [LabelInput!]) {
  namespaces(first: $first, after: $after, labels: $labels) { nodes { ...Namespace } pageInfo { hasNextPage endCursor } }
}
fragment Label on Label {
  key
  value
}
fragment Namespace on Namespace {
  id
  name
  status
  labels { ...Label }
  createdAt
  version
  environment { id name }
  subnetGrowth
  addressSupply
  isolationLevel
  deletionProtection
  quota { ...QuotaUse }
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}`),
  namespace: new TypedDocument<o.NamespaceQuery, o.NamespaceQueryVariables>('query', ["namespace"], `query Namespace($id: ID!) {
  namespace(id: $id) { ...Namespace }
}
fragment Label on Label {
  key
  value
}
fragment Namespace on Namespace {
  id
  name
  status
  labels { ...Label }
  createdAt
  version
  environment { id name }
  subnetGrowth
  addressSupply
  isolationLevel
  deletionProtection
  quota { ...QuotaUse }
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}`),
  createRole: new TypedDocument<o.CreateRoleMutation, o.CreateRoleMutationVariables>('mutation', ["createRole"], `mutation CreateRole($input: CreateRoleInput!) {
  createRole(input: $input) { role { ...Role } userErrors { ...UserError } position }
}
fragment Role on Role {
  id
  name
  description
  permissions
  createdAt
}
fragment UserError on UserError {
  code
  message
  field
}`),
  changeRole: new TypedDocument<o.ChangeRoleMutation, o.ChangeRoleMutationVariables>('mutation', ["changeRole"], `mutation ChangeRole($input: ChangeRoleInput!) {
  changeRole(input: $input) { role { ...Role } userErrors { ...UserError } position }
}
fragment Role on Role {
  id
  name
  description
  permissions
  createdAt
}
fragment UserError on UserError {
  code
  message
  field
}`),
  deleteRole: new TypedDocument<o.DeleteRoleMutation, o.DeleteRoleMutationVariables>('mutation', ["deleteRole"], `mutation DeleteRole($input: DeleteRoleInput!) {
  deleteRole(input: $input) { deletedId userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  bindRole: new TypedDocument<o.BindRoleMutation, o.BindRoleMutationVariables>('mutation', ["bindRole"], `mutation BindRole($input: BindRoleInput!) {
  bindRole(input: $input) { roleBinding { ...RoleBinding } userErrors { ...UserError } position }
}
fragment RoleBinding on RoleBinding {
  id
  subjectId
  role
  ownRole { id name }
  level
  environmentId
  namespaceId
  boundBy
  createdAt
}
fragment UserError on UserError {
  code
  message
  field
}`),
  unbindRole: new TypedDocument<o.UnbindRoleMutation, o.UnbindRoleMutationVariables>('mutation', ["unbindRole"], `mutation UnbindRole($input: UnbindRoleInput!) {
  unbindRole(input: $input) { deletedId userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  changeMemberRole: new TypedDocument<o.ChangeMemberRoleMutation, o.ChangeMemberRoleMutationVariables>('mutation', ["changeMemberRole"], `mutation ChangeMemberRole($input: ChangeMemberRoleInput!) {
  changeMemberRole(input: $input) { member { ...Member } userErrors { ...UserError } position }
}
fragment Member on Member {
  id
  subject
  role
  displayName
  email
  erasedAt
}
fragment UserError on UserError {
  code
  message
  field
}`),
  removeMember: new TypedDocument<o.RemoveMemberMutation, o.RemoveMemberMutationVariables>('mutation', ["removeMember"], `mutation RemoveMember($input: RemoveMemberInput!) {
  removeMember(input: $input) { deletedId userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  leaveTenant: new TypedDocument<o.LeaveTenantMutation, o.LeaveTenantMutationVariables>('mutation', ["leaveTenant"], `mutation LeaveTenant($input: LeaveTenantInput!) {
  leaveTenant(input: $input) { deletedId userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  addAddressRange: new TypedDocument<o.AddAddressRangeMutation, o.AddAddressRangeMutationVariables>('mutation', ["addAddressRange"], `mutation AddAddressRange($input: AddAddressRangeInput!) {
  addAddressRange(input: $input) { addressRange { ...AddressRange } userErrors { ...UserError } position }
}
fragment AddressRange on AddressRange {
  id
  purpose
  cidr
  within { id }
  createdAt
  supply
}
fragment UserError on UserError {
  code
  message
  field
}`),
  withdrawAddressRange: new TypedDocument<o.WithdrawAddressRangeMutation, o.WithdrawAddressRangeMutationVariables>('mutation', ["withdrawAddressRange"], `mutation WithdrawAddressRange($input: WithdrawAddressRangeInput!) {
  withdrawAddressRange(input: $input) { deletedId userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  deleteSubnet: new TypedDocument<o.DeleteSubnetMutation, o.DeleteSubnetMutationVariables>('mutation', ["deleteSubnet"], `mutation DeleteSubnet($input: DeleteSubnetInput!) {
  deleteSubnet(input: $input) { subnet { ...Subnet } userErrors { ...UserError } position }
}
fragment Subnet on Subnet {
  id
  ipv4
  ipv6
  deleting
  createdAt
  namespace { id name }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setSubnetGrowth: new TypedDocument<o.SetSubnetGrowthMutation, o.SetSubnetGrowthMutationVariables>('mutation', ["setSubnetGrowth"], `mutation SetSubnetGrowth($input: SetSubnetGrowthInput!) {
  setSubnetGrowth(input: $input) { namespace { ...Namespace } userErrors { ...UserError } position }
}
fragment Label on Label {
  key
  value
}
fragment Namespace on Namespace {
  id
  name
  status
  labels { ...Label }
  createdAt
  version
  environment { id name }
  subnetGrowth
  addressSupply
  isolationLevel
  deletionProtection
  quota { ...QuotaUse }
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment UserError on UserError {
  code
  message
  field
}`),
  allocatePublicAddress: new TypedDocument<o.AllocatePublicAddressMutation, o.AllocatePublicAddressMutationVariables>('mutation', ["allocatePublicAddress"], `mutation AllocatePublicAddress($input: AllocatePublicAddressInput!) {
  allocatePublicAddress(input: $input) { publicAddress { ...PublicAddress } userErrors { ...UserError } position }
}
fragment PublicAddress on PublicAddress {
  id
  name
  address
  namespace { id name }
  createdAt
}
fragment UserError on UserError {
  code
  message
  field
}`),
  releasePublicAddress: new TypedDocument<o.ReleasePublicAddressMutation, o.ReleasePublicAddressMutationVariables>('mutation', ["releasePublicAddress"], `mutation ReleasePublicAddress($input: ReleasePublicAddressInput!) {
  releasePublicAddress(input: $input) { deletedId userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createPortMapping: new TypedDocument<o.CreatePortMappingMutation, o.CreatePortMappingMutationVariables>('mutation', ["createPortMapping"], `mutation CreatePortMapping($input: CreatePortMappingInput!) {
  createPortMapping(input: $input) { portMapping { ...PortMapping } userErrors { ...UserError } position }
}
fragment PortMapping on PortMapping {
  id
  protocol
  port
  address
  publicAddress { id name }
  deployment { id name }
  service { id name }
  targetPort
  sourcePreserved
  namespace { id name }
  createdAt
}
fragment UserError on UserError {
  code
  message
  field
}`),
  deletePortMapping: new TypedDocument<o.DeletePortMappingMutation, o.DeletePortMappingMutationVariables>('mutation', ["deletePortMapping"], `mutation DeletePortMapping($input: DeletePortMappingInput!) {
  deletePortMapping(input: $input) { deletedId userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  startBatch: new TypedDocument<o.StartBatchMutation, o.StartBatchMutationVariables>('mutation', ["startBatch"], `mutation StartBatch($input: StartBatchInput!) {
  startBatch(input: $input) { batch { ...Batch } userErrors { ...UserError } position }
}
fragment Batch on Batch {
  id
  environmentId
  namespaceId
  selector { ...Label }
  operation { ...BatchOperation }
  status
  statusMessage
  size
  waiting
  running
  succeeded
  unchanged
  failed
  skipped
  waveSize
  waves { ...BatchWave }
  pauseSeconds
  nextWaveAt
  maxFailures
  startedAt
  startedBy
  endedAt
}
fragment BatchOperation on BatchOperation {
  kind
  image
  cpuMillis
  memoryMiB
  replicas
  pace
}
fragment BatchWave on BatchWave {
  number
  status
  size
  waiting
  running
  succeeded
  unchanged
  failed
  skipped
}
fragment Label on Label {
  key
  value
}
fragment UserError on UserError {
  code
  message
  field
}`),
  pauseBatch: new TypedDocument<o.PauseBatchMutation, o.PauseBatchMutationVariables>('mutation', ["pauseBatch"], `mutation PauseBatch($input: PauseBatchInput!) {
  pauseBatch(input: $input) { batch { ...Batch } userErrors { ...UserError } position }
}
fragment Batch on Batch {
  id
  environmentId
  namespaceId
  selector { ...Label }
  operation { ...BatchOperation }
  status
  statusMessage
  size
  waiting
  running
  succeeded
  unchanged
  failed
  skipped
  waveSize
  waves { ...BatchWave }
  pauseSeconds
  nextWaveAt
  maxFailures
  startedAt
  startedBy
  endedAt
}
fragment BatchOperation on BatchOperation {
  kind
  image
  cpuMillis
  memoryMiB
  replicas
  pace
}
fragment BatchWave on BatchWave {
  number
  status
  size
  waiting
  running
  succeeded
  unchanged
  failed
  skipped
}
fragment Label on Label {
  key
  value
}
fragment UserError on UserError {
  code
  message
  field
}`),
  resumeBatch: new TypedDocument<o.ResumeBatchMutation, o.ResumeBatchMutationVariables>('mutation', ["resumeBatch"], `mutation ResumeBatch($input: ResumeBatchInput!) {
  resumeBatch(input: $input) { batch { ...Batch } userErrors { ...UserError } position }
}
fragment Batch on Batch {
  id
  environmentId
  namespaceId
  selector { ...Label }
  operation { ...BatchOperation }
  status
  statusMessage
  size
  waiting
  running
  succeeded
  unchanged
  failed
  skipped
  waveSize
  waves { ...BatchWave }
  pauseSeconds
  nextWaveAt
  maxFailures
  startedAt
  startedBy
  endedAt
}
fragment BatchOperation on BatchOperation {
  kind
  image
  cpuMillis
  memoryMiB
  replicas
  pace
}
fragment BatchWave on BatchWave {
  number
  status
  size
  waiting
  running
  succeeded
  unchanged
  failed
  skipped
}
fragment Label on Label {
  key
  value
}
fragment UserError on UserError {
  code
  message
  field
}`),
  cancelBatch: new TypedDocument<o.CancelBatchMutation, o.CancelBatchMutationVariables>('mutation', ["cancelBatch"], `mutation CancelBatch($input: CancelBatchInput!) {
  cancelBatch(input: $input) { batch { ...Batch } userErrors { ...UserError } position }
}
fragment Batch on Batch {
  id
  environmentId
  namespaceId
  selector { ...Label }
  operation { ...BatchOperation }
  status
  statusMessage
  size
  waiting
  running
  succeeded
  unchanged
  failed
  skipped
  waveSize
  waves { ...BatchWave }
  pauseSeconds
  nextWaveAt
  maxFailures
  startedAt
  startedBy
  endedAt
}
fragment BatchOperation on BatchOperation {
  kind
  image
  cpuMillis
  memoryMiB
  replicas
  pace
}
fragment BatchWave on BatchWave {
  number
  status
  size
  waiting
  running
  succeeded
  unchanged
  failed
  skipped
}
fragment Label on Label {
  key
  value
}
fragment UserError on UserError {
  code
  message
  field
}`),
  deleteEnvironment: new TypedDocument<o.DeleteEnvironmentMutation, o.DeleteEnvironmentMutationVariables>('mutation', ["deleteEnvironment"], `mutation DeleteEnvironment($input: DeleteEnvironmentInput!) {
  deleteEnvironment(input: $input) { deletion { ...Deletion } userErrors { ...UserError } position }
}
fragment Deletion on Deletion {
  id
  target
  targetId
  name
  status
  steps { ...DeletionStep }
  requestedAt
  requestedBy
  purgeAt
  endedAt
  proof { ...DeletionProof }
}
fragment DeletionCount on DeletionCount {
  kind
  count
}
fragment DeletionProof on DeletionProof {
  service
  position
  counts { ...DeletionCount }
}
fragment DeletionStep on DeletionStep {
  name
  status
  done
  total
  waitingFor
}
fragment UserError on UserError {
  code
  message
  field
}`),
  deleteTenant: new TypedDocument<o.DeleteTenantMutation, o.DeleteTenantMutationVariables>('mutation', ["deleteTenant"], `mutation DeleteTenant($input: DeleteTenantInput!) {
  deleteTenant(input: $input) { deletion { ...Deletion } userErrors { ...UserError } position }
}
fragment Deletion on Deletion {
  id
  target
  targetId
  name
  status
  steps { ...DeletionStep }
  requestedAt
  requestedBy
  purgeAt
  endedAt
  proof { ...DeletionProof }
}
fragment DeletionCount on DeletionCount {
  kind
  count
}
fragment DeletionProof on DeletionProof {
  service
  position
  counts { ...DeletionCount }
}
fragment DeletionStep on DeletionStep {
  name
  status
  done
  total
  waitingFor
}
fragment UserError on UserError {
  code
  message
  field
}`),
  undeleteTenant: new TypedDocument<o.UndeleteTenantMutation, o.UndeleteTenantMutationVariables>('mutation', ["undeleteTenant"], `mutation UndeleteTenant($input: UndeleteTenantInput!) {
  undeleteTenant(input: $input) { tenant { ...Tenant } deletion { ...Deletion } userErrors { ...UserError } position }
}
fragment Deletion on Deletion {
  id
  target
  targetId
  name
  status
  steps { ...DeletionStep }
  requestedAt
  requestedBy
  purgeAt
  endedAt
  proof { ...DeletionProof }
}
fragment DeletionCount on DeletionCount {
  kind
  count
}
fragment DeletionProof on DeletionProof {
  service
  position
  counts { ...DeletionCount }
}
fragment DeletionStep on DeletionStep {
  name
  status
  done
  total
  waitingFor
}
fragment EntitlementOverrides on EntitlementOverrides {
  limits { ...LimitOverride }
  grant
  deny
  pointsPerMinute
  pools
  slaClasses
}
fragment Entitlements on Entitlements {
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  overrides { ...EntitlementOverrides }
}
fragment Label on Label {
  key
  value
}
fragment LimitOverride on LimitOverride {
  name
  limit
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment Tenant on Tenant {
  id
  name
  limits { ...TenantLimits }
  status
  suspension { ...TenantSuspension }
  createdAt
  deletionProtection
  legalHold
  deletion { ...TenantDeletion }
  labels { ...Label }
  plan { ...TenantPlan }
  entitlements { ...Entitlements }
  capabilities
  quota { ...QuotaUse }
}
fragment TenantDeletion on TenantDeletion {
  deletionId
  since
  purgeAt
}
fragment TenantLimits on TenantLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
}
fragment TenantPlan on TenantPlan {
  id
  name
  revision
}
fragment TenantSuspension on TenantSuspension {
  reason
  since
}
fragment UserError on UserError {
  code
  message
  field
}`),
  cancelDeletion: new TypedDocument<o.CancelDeletionMutation, o.CancelDeletionMutationVariables>('mutation', ["cancelDeletion"], `mutation CancelDeletion($input: CancelDeletionInput!) {
  cancelDeletion(input: $input) { deletion { ...Deletion } userErrors { ...UserError } position }
}
fragment Deletion on Deletion {
  id
  target
  targetId
  name
  status
  steps { ...DeletionStep }
  requestedAt
  requestedBy
  purgeAt
  endedAt
  proof { ...DeletionProof }
}
fragment DeletionCount on DeletionCount {
  kind
  count
}
fragment DeletionProof on DeletionProof {
  service
  position
  counts { ...DeletionCount }
}
fragment DeletionStep on DeletionStep {
  name
  status
  done
  total
  waitingFor
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setDeletionProtection: new TypedDocument<o.SetDeletionProtectionMutation, o.SetDeletionProtectionMutationVariables>('mutation', ["setDeletionProtection"], `mutation SetDeletionProtection($input: SetDeletionProtectionInput!) {
  setDeletionProtection(input: $input) { userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setLegalHold: new TypedDocument<o.SetLegalHoldMutation, o.SetLegalHoldMutationVariables>('mutation', ["setLegalHold"], `mutation SetLegalHold($input: SetLegalHoldInput!) {
  setLegalHold(input: $input) { tenant { ...Tenant } userErrors { ...UserError } position }
}
fragment EntitlementOverrides on EntitlementOverrides {
  limits { ...LimitOverride }
  grant
  deny
  pointsPerMinute
  pools
  slaClasses
}
fragment Entitlements on Entitlements {
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  overrides { ...EntitlementOverrides }
}
fragment Label on Label {
  key
  value
}
fragment LimitOverride on LimitOverride {
  name
  limit
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment Tenant on Tenant {
  id
  name
  limits { ...TenantLimits }
  status
  suspension { ...TenantSuspension }
  createdAt
  deletionProtection
  legalHold
  deletion { ...TenantDeletion }
  labels { ...Label }
  plan { ...TenantPlan }
  entitlements { ...Entitlements }
  capabilities
  quota { ...QuotaUse }
}
fragment TenantDeletion on TenantDeletion {
  deletionId
  since
  purgeAt
}
fragment TenantLimits on TenantLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
}
fragment TenantPlan on TenantPlan {
  id
  name
  revision
}
fragment TenantSuspension on TenantSuspension {
  reason
  since
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createDeployment: new TypedDocument<o.CreateDeploymentMutation, o.CreateDeploymentMutationVariables>('mutation', ["createDeployment"], `mutation CreateDeployment($input: CreateDeploymentInput!) {
  createDeployment(input: $input) { deployment { ...Deployment } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  upgradeDeployment: new TypedDocument<o.UpgradeDeploymentMutation, o.UpgradeDeploymentMutationVariables>('mutation', ["upgradeDeployment"], `mutation UpgradeDeployment($input: UpgradeDeploymentInput!) {
  upgradeDeployment(input: $input) { deployment { ...Deployment } release { ...Release } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment ContainerPort on ContainerPort {
  port
  protocol
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment Probe on Probe {
  kind
  port
  path
  command
  initialDelaySeconds
  periodSeconds
  timeoutSeconds
  failureThreshold
}
fragment Process on Process {
  name
  kind
  image
  command
  ports { ...ContainerPort }
  cpuMillis
  memoryMiB
  dependsOn { ...ProcessDependency }
  readiness { ...ReadinessProbe }
  liveness { ...Probe }
  startup { ...Probe }
}
fragment ProcessDependency on ProcessDependency {
  process
  condition
}
fragment ReadinessProbe on ReadinessProbe {
  kind
  port
  path
  command
  initialDelaySeconds
  periodSeconds
  timeoutSeconds
  failureThreshold
  successThreshold
}
fragment Release on Release {
  id
  number
  image
  command
  cpuMillis
  memoryMiB
  ports { ...ContainerPort }
  readiness { ...ReadinessProbe }
  liveness { ...Probe }
  startup { ...Probe }
  processes { ...Process }
  createdAt
  deployment { id name }
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  rollbackDeployment: new TypedDocument<o.RollbackDeploymentMutation, o.RollbackDeploymentMutationVariables>('mutation', ["rollbackDeployment"], `mutation RollbackDeployment($input: RollbackDeploymentInput!) {
  rollbackDeployment(input: $input) { deployment { ...Deployment } release { ...Release } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment ContainerPort on ContainerPort {
  port
  protocol
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment Probe on Probe {
  kind
  port
  path
  command
  initialDelaySeconds
  periodSeconds
  timeoutSeconds
  failureThreshold
}
fragment Process on Process {
  name
  kind
  image
  command
  ports { ...ContainerPort }
  cpuMillis
  memoryMiB
  dependsOn { ...ProcessDependency }
  readiness { ...ReadinessProbe }
  liveness { ...Probe }
  startup { ...Probe }
}
fragment ProcessDependency on ProcessDependency {
  process
  condition
}
fragment ReadinessProbe on ReadinessProbe {
  kind
  port
  path
  command
  initialDelaySeconds
  periodSeconds
  timeoutSeconds
  failureThreshold
  successThreshold
}
fragment Release on Release {
  id
  number
  image
  command
  cpuMillis
  memoryMiB
  ports { ...ContainerPort }
  readiness { ...ReadinessProbe }
  liveness { ...Probe }
  startup { ...Probe }
  processes { ...Process }
  createdAt
  deployment { id name }
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  scaleDeployment: new TypedDocument<o.ScaleDeploymentMutation, o.ScaleDeploymentMutationVariables>('mutation', ["scaleDeployment"], `mutation ScaleDeployment($input: ScaleDeploymentInput!) {
  scaleDeployment(input: $input) { deployment { ...Deployment } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  deleteDeployment: new TypedDocument<o.DeleteDeploymentMutation, o.DeleteDeploymentMutationVariables>('mutation', ["deleteDeployment"], `mutation DeleteDeployment($input: DeleteDeploymentInput!) {
  deleteDeployment(input: $input) { deployment { ...Deployment } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  changeEnvironment: new TypedDocument<o.ChangeEnvironmentMutation, o.ChangeEnvironmentMutationVariables>('mutation', ["changeEnvironment"], `mutation ChangeEnvironment($input: ChangeEnvironmentInput!) {
  changeEnvironment(input: $input) { environment { ...Environment } userErrors { ...UserError } position }
}
fragment Environment on Environment {
  id
  name
  kind
  createdAt
  deletionProtection
  deletionId
  promotesTo
  imageRules { ...ImageRules }
  labels { ...Label }
  quota { ...QuotaUse }
}
fragment ImageRules on ImageRules {
  allowed
  promotedOnly
}
fragment Label on Label {
  key
  value
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setPromotion: new TypedDocument<o.SetPromotionMutation, o.SetPromotionMutationVariables>('mutation', ["setPromotion"], `mutation SetPromotion($input: SetPromotionInput!) {
  setPromotion(input: $input) { environment { ...Environment } userErrors { ...UserError } position }
}
fragment Environment on Environment {
  id
  name
  kind
  createdAt
  deletionProtection
  deletionId
  promotesTo
  imageRules { ...ImageRules }
  labels { ...Label }
  quota { ...QuotaUse }
}
fragment ImageRules on ImageRules {
  allowed
  promotedOnly
}
fragment Label on Label {
  key
  value
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setImageRules: new TypedDocument<o.SetImageRulesMutation, o.SetImageRulesMutationVariables>('mutation', ["setImageRules"], `mutation SetImageRules($input: SetImageRulesInput!) {
  setImageRules(input: $input) { environment { ...Environment } userErrors { ...UserError } position }
}
fragment Environment on Environment {
  id
  name
  kind
  createdAt
  deletionProtection
  deletionId
  promotesTo
  imageRules { ...ImageRules }
  labels { ...Label }
  quota { ...QuotaUse }
}
fragment ImageRules on ImageRules {
  allowed
  promotedOnly
}
fragment Label on Label {
  key
  value
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment UserError on UserError {
  code
  message
  field
}`),
  registerIssuer: new TypedDocument<o.RegisterIssuerMutation, o.RegisterIssuerMutationVariables>('mutation', ["registerIssuer"], `mutation RegisterIssuer($input: RegisterIssuerInput!) {
  registerIssuer(input: $input) { issuer { ...Issuer } userErrors { ...UserError } position }
}
fragment GroupRole on GroupRole {
  group
  role
}
fragment Issuer on Issuer {
  id
  name
  url
  audience
  algorithms
  tokenTypes
  claims { ...IssuerClaims }
  groupRoles { ...GroupRole }
  createdAt
  version
}
fragment IssuerClaims on IssuerClaims {
  subject
  email
  name
  groups
}
fragment UserError on UserError {
  code
  message
  field
}`),
  changeIssuer: new TypedDocument<o.ChangeIssuerMutation, o.ChangeIssuerMutationVariables>('mutation', ["changeIssuer"], `mutation ChangeIssuer($input: ChangeIssuerInput!) {
  changeIssuer(input: $input) { issuer { ...Issuer } userErrors { ...UserError } position }
}
fragment GroupRole on GroupRole {
  group
  role
}
fragment Issuer on Issuer {
  id
  name
  url
  audience
  algorithms
  tokenTypes
  claims { ...IssuerClaims }
  groupRoles { ...GroupRole }
  createdAt
  version
}
fragment IssuerClaims on IssuerClaims {
  subject
  email
  name
  groups
}
fragment UserError on UserError {
  code
  message
  field
}`),
  removeIssuer: new TypedDocument<o.RemoveIssuerMutation, o.RemoveIssuerMutationVariables>('mutation', ["removeIssuer"], `mutation RemoveIssuer($input: RemoveIssuerInput!) {
  removeIssuer(input: $input) { userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createApiKey: new TypedDocument<o.CreateApiKeyMutation, o.CreateApiKeyMutationVariables>('mutation', ["createApiKey"], `mutation CreateApiKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { apiKey { ...ApiKey } key userErrors { ...UserError } position }
}
fragment ApiKey on ApiKey {
  id
  name
  subject
  prefix
  scopes
  createdAt
  expiresAt
  revokedAt
  lastUse { ...CredentialUse }
}
fragment CredentialUse on CredentialUse {
  lastUsedAt
}
fragment UserError on UserError {
  code
  message
  field
}`),
  revokeApiKey: new TypedDocument<o.RevokeApiKeyMutation, o.RevokeApiKeyMutationVariables>('mutation', ["revokeApiKey"], `mutation RevokeApiKey($input: RevokeApiKeyInput!) {
  revokeApiKey(input: $input) { apiKey { ...ApiKey } userErrors { ...UserError } position }
}
fragment ApiKey on ApiKey {
  id
  name
  subject
  prefix
  scopes
  createdAt
  expiresAt
  revokedAt
  lastUse { ...CredentialUse }
}
fragment CredentialUse on CredentialUse {
  lastUsedAt
}
fragment UserError on UserError {
  code
  message
  field
}`),
  rotateServiceAccountSecret: new TypedDocument<o.RotateServiceAccountSecretMutation, o.RotateServiceAccountSecretMutationVariables>('mutation', ["rotateServiceAccountSecret"], `mutation RotateServiceAccountSecret($input: RotateServiceAccountSecretInput!) {
  rotateServiceAccountSecret(input: $input) { clientId clientSecret tokenUrl userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  disableServiceAccount: new TypedDocument<o.DisableServiceAccountMutation, o.DisableServiceAccountMutationVariables>('mutation', ["disableServiceAccount"], `mutation DisableServiceAccount($input: DisableServiceAccountInput!) {
  disableServiceAccount(input: $input) { serviceAccount { ...ServiceAccount } userErrors { ...UserError } position }
}
fragment CredentialUse on CredentialUse {
  lastUsedAt
}
fragment Label on Label {
  key
  value
}
fragment ServiceAccount on ServiceAccount {
  id
  name
  role
  status
  createdAt
  lastUse { ...CredentialUse }
  labels { ...Label }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  enableServiceAccount: new TypedDocument<o.EnableServiceAccountMutation, o.EnableServiceAccountMutationVariables>('mutation', ["enableServiceAccount"], `mutation EnableServiceAccount($input: EnableServiceAccountInput!) {
  enableServiceAccount(input: $input) { serviceAccount { ...ServiceAccount } userErrors { ...UserError } position }
}
fragment CredentialUse on CredentialUse {
  lastUsedAt
}
fragment Label on Label {
  key
  value
}
fragment ServiceAccount on ServiceAccount {
  id
  name
  role
  status
  createdAt
  lastUse { ...CredentialUse }
  labels { ...Label }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  deleteServiceAccount: new TypedDocument<o.DeleteServiceAccountMutation, o.DeleteServiceAccountMutationVariables>('mutation', ["deleteServiceAccount"], `mutation DeleteServiceAccount($input: DeleteServiceAccountInput!) {
  deleteServiceAccount(input: $input) { userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  inviteMember: new TypedDocument<o.InviteMemberMutation, o.InviteMemberMutationVariables>('mutation', ["inviteMember"], `mutation InviteMember($input: InviteMemberInput!) {
  inviteMember(input: $input) { invitation { ...Invitation } token userErrors { ...UserError } position }
}
fragment Invitation on Invitation {
  id
  role
  label
  email
  status
  invitedBy
  createdAt
  expiresAt
  endedAt
  memberId
}
fragment UserError on UserError {
  code
  message
  field
}`),
  revokeInvitation: new TypedDocument<o.RevokeInvitationMutation, o.RevokeInvitationMutationVariables>('mutation', ["revokeInvitation"], `mutation RevokeInvitation($input: RevokeInvitationInput!) {
  revokeInvitation(input: $input) { invitation { ...Invitation } userErrors { ...UserError } position }
}
fragment Invitation on Invitation {
  id
  role
  label
  email
  status
  invitedBy
  createdAt
  expiresAt
  endedAt
  memberId
}
fragment UserError on UserError {
  code
  message
  field
}`),
  acceptInvitation: new TypedDocument<o.AcceptInvitationMutation, o.AcceptInvitationMutationVariables>('mutation', ["acceptInvitation"], `mutation AcceptInvitation($input: AcceptInvitationInput!) {
  acceptInvitation(input: $input) { tenantId memberId role userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setTenantLabels: new TypedDocument<o.SetTenantLabelsMutation, o.SetTenantLabelsMutationVariables>('mutation', ["setTenantLabels"], `mutation SetTenantLabels($input: SetTenantLabelsInput!) {
  setTenantLabels(input: $input) { tenant { ...Tenant } userErrors { ...UserError } position }
}
fragment EntitlementOverrides on EntitlementOverrides {
  limits { ...LimitOverride }
  grant
  deny
  pointsPerMinute
  pools
  slaClasses
}
fragment Entitlements on Entitlements {
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  overrides { ...EntitlementOverrides }
}
fragment Label on Label {
  key
  value
}
fragment LimitOverride on LimitOverride {
  name
  limit
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment Tenant on Tenant {
  id
  name
  limits { ...TenantLimits }
  status
  suspension { ...TenantSuspension }
  createdAt
  deletionProtection
  legalHold
  deletion { ...TenantDeletion }
  labels { ...Label }
  plan { ...TenantPlan }
  entitlements { ...Entitlements }
  capabilities
  quota { ...QuotaUse }
}
fragment TenantDeletion on TenantDeletion {
  deletionId
  since
  purgeAt
}
fragment TenantLimits on TenantLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
}
fragment TenantPlan on TenantPlan {
  id
  name
  revision
}
fragment TenantSuspension on TenantSuspension {
  reason
  since
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setServiceAccountLabels: new TypedDocument<o.SetServiceAccountLabelsMutation, o.SetServiceAccountLabelsMutationVariables>('mutation', ["setServiceAccountLabels"], `mutation SetServiceAccountLabels($input: SetServiceAccountLabelsInput!) {
  setServiceAccountLabels(input: $input) { serviceAccount { ...ServiceAccount } userErrors { ...UserError } position }
}
fragment CredentialUse on CredentialUse {
  lastUsedAt
}
fragment Label on Label {
  key
  value
}
fragment ServiceAccount on ServiceAccount {
  id
  name
  role
  status
  createdAt
  lastUse { ...CredentialUse }
  labels { ...Label }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setEnvironmentLabels: new TypedDocument<o.SetEnvironmentLabelsMutation, o.SetEnvironmentLabelsMutationVariables>('mutation', ["setEnvironmentLabels"], `mutation SetEnvironmentLabels($input: SetEnvironmentLabelsInput!) {
  setEnvironmentLabels(input: $input) { environment { ...Environment } userErrors { ...UserError } position }
}
fragment Environment on Environment {
  id
  name
  kind
  createdAt
  deletionProtection
  deletionId
  promotesTo
  imageRules { ...ImageRules }
  labels { ...Label }
  quota { ...QuotaUse }
}
fragment ImageRules on ImageRules {
  allowed
  promotedOnly
}
fragment Label on Label {
  key
  value
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setNamespaceLabels: new TypedDocument<o.SetNamespaceLabelsMutation, o.SetNamespaceLabelsMutationVariables>('mutation', ["setNamespaceLabels"], `mutation SetNamespaceLabels($input: SetNamespaceLabelsInput!) {
  setNamespaceLabels(input: $input) { namespace { ...Namespace } userErrors { ...UserError } position }
}
fragment Label on Label {
  key
  value
}
fragment Namespace on Namespace {
  id
  name
  status
  labels { ...Label }
  createdAt
  version
  environment { id name }
  subnetGrowth
  addressSupply
  isolationLevel
  deletionProtection
  quota { ...QuotaUse }
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setDeploymentLabels: new TypedDocument<o.SetDeploymentLabelsMutation, o.SetDeploymentLabelsMutationVariables>('mutation', ["setDeploymentLabels"], `mutation SetDeploymentLabels($input: SetDeploymentLabelsInput!) {
  setDeploymentLabels(input: $input) { deployment { ...Deployment } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setIsolationPolicyLabels: new TypedDocument<o.SetIsolationPolicyLabelsMutation, o.SetIsolationPolicyLabelsMutationVariables>('mutation', ["setIsolationPolicyLabels"], `mutation SetIsolationPolicyLabels($input: SetIsolationPolicyLabelsInput!) {
  setIsolationPolicyLabels(input: $input) { isolationPolicy { ...IsolationPolicy } userErrors { ...UserError } position }
}
fragment IsolationPolicy on IsolationPolicy {
  id
  name
  revision
  version
  action
  priority
  sources { ...PolicyPeer }
  destinations { ...PolicyPeer }
  traffic { ...PolicyTraffic }
  log
  active
  schedule { ...PolicySchedule }
  nextChangeAt
  fromNamespace { id name }
  fromLabels { ...Label }
  toLabels { ...Label }
  ports { ...PortRange }
  namespace { id name }
  createdAt
  labels { ...Label }
}
fragment Label on Label {
  key
  value
}
fragment PolicyPeer on PolicyPeer {
  kind
  namespaceId
  environmentId
  serviceId
  labels { ...Label }
  cidr
  except
}
fragment PolicySchedule on PolicySchedule {
  startsAt
  endsAt
  windows { ...WeeklyWindow }
  timeZone
}
fragment PolicyTraffic on PolicyTraffic {
  protocol
  from
  to
  icmpType
}
fragment PortRange on PortRange {
  protocol
  from
  to
}
fragment UserError on UserError {
  code
  message
  field
}
fragment WeeklyWindow on WeeklyWindow {
  days
  from
  to
}`),
  setServiceLabels: new TypedDocument<o.SetServiceLabelsMutation, o.SetServiceLabelsMutationVariables>('mutation', ["setServiceLabels"], `mutation SetServiceLabels($input: SetServiceLabelsInput!) {
  setServiceLabels(input: $input) { service { ...Service } userErrors { ...UserError } position }
}
fragment Label on Label {
  key
  value
}
fragment Service on Service {
  id
  name
  dnsName
  ipv4
  ipv6
  selector { ...Label }
  ports { ...ServicePort }
  affinitySeconds
  version
  namespace { id name }
  createdAt
  labels { ...Label }
}
fragment ServicePort on ServicePort {
  name
  protocol
  port
  targetPort
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createSubnet: new TypedDocument<o.CreateSubnetMutation, o.CreateSubnetMutationVariables>('mutation', ["createSubnet"], `mutation CreateSubnet($input: CreateSubnetInput!) {
  createSubnet(input: $input) { subnet { ...Subnet } userErrors { ...UserError } position }
}
fragment Subnet on Subnet {
  id
  ipv4
  ipv6
  deleting
  createdAt
  namespace { id name }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createIsolationPolicy: new TypedDocument<o.CreateIsolationPolicyMutation, o.CreateIsolationPolicyMutationVariables>('mutation', ["createIsolationPolicy"], `mutation CreateIsolationPolicy($input: CreateIsolationPolicyInput!) {
  createIsolationPolicy(input: $input) { isolationPolicy { ...IsolationPolicy } warnings { ...PolicyWarning } userErrors { ...UserError } position }
}
fragment IsolationPolicy on IsolationPolicy {
  id
  name
  revision
  version
  action
  priority
  sources { ...PolicyPeer }
  destinations { ...PolicyPeer }
  traffic { ...PolicyTraffic }
  log
  active
  schedule { ...PolicySchedule }
  nextChangeAt
  fromNamespace { id name }
  fromLabels { ...Label }
  toLabels { ...Label }
  ports { ...PortRange }
  namespace { id name }
  createdAt
  labels { ...Label }
}
fragment Label on Label {
  key
  value
}
fragment PolicyPeer on PolicyPeer {
  kind
  namespaceId
  environmentId
  serviceId
  labels { ...Label }
  cidr
  except
}
fragment PolicySchedule on PolicySchedule {
  startsAt
  endsAt
  windows { ...WeeklyWindow }
  timeZone
}
fragment PolicyTraffic on PolicyTraffic {
  protocol
  from
  to
  icmpType
}
fragment PolicyWarning on PolicyWarning {
  code
  message
}
fragment PortRange on PortRange {
  protocol
  from
  to
}
fragment UserError on UserError {
  code
  message
  field
}
fragment WeeklyWindow on WeeklyWindow {
  days
  from
  to
}`),
  updateIsolationPolicy: new TypedDocument<o.UpdateIsolationPolicyMutation, o.UpdateIsolationPolicyMutationVariables>('mutation', ["updateIsolationPolicy"], `mutation UpdateIsolationPolicy($input: UpdateIsolationPolicyInput!) {
  updateIsolationPolicy(input: $input) { isolationPolicy { ...IsolationPolicy } warnings { ...PolicyWarning } userErrors { ...UserError } position }
}
fragment IsolationPolicy on IsolationPolicy {
  id
  name
  revision
  version
  action
  priority
  sources { ...PolicyPeer }
  destinations { ...PolicyPeer }
  traffic { ...PolicyTraffic }
  log
  active
  schedule { ...PolicySchedule }
  nextChangeAt
  fromNamespace { id name }
  fromLabels { ...Label }
  toLabels { ...Label }
  ports { ...PortRange }
  namespace { id name }
  createdAt
  labels { ...Label }
}
fragment Label on Label {
  key
  value
}
fragment PolicyPeer on PolicyPeer {
  kind
  namespaceId
  environmentId
  serviceId
  labels { ...Label }
  cidr
  except
}
fragment PolicySchedule on PolicySchedule {
  startsAt
  endsAt
  windows { ...WeeklyWindow }
  timeZone
}
fragment PolicyTraffic on PolicyTraffic {
  protocol
  from
  to
  icmpType
}
fragment PolicyWarning on PolicyWarning {
  code
  message
}
fragment PortRange on PortRange {
  protocol
  from
  to
}
fragment UserError on UserError {
  code
  message
  field
}
fragment WeeklyWindow on WeeklyWindow {
  days
  from
  to
}`),
  deleteIsolationPolicy: new TypedDocument<o.DeleteIsolationPolicyMutation, o.DeleteIsolationPolicyMutationVariables>('mutation', ["deleteIsolationPolicy"], `mutation DeleteIsolationPolicy($input: DeleteIsolationPolicyInput!) {
  deleteIsolationPolicy(input: $input) { deletedId userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setNamespaceIsolation: new TypedDocument<o.SetNamespaceIsolationMutation, o.SetNamespaceIsolationMutationVariables>('mutation', ["setNamespaceIsolation"], `mutation SetNamespaceIsolation($input: SetNamespaceIsolationInput!) {
  setNamespaceIsolation(input: $input) { namespace { ...Namespace } userErrors { ...UserError } position }
}
fragment Label on Label {
  key
  value
}
fragment Namespace on Namespace {
  id
  name
  status
  labels { ...Label }
  createdAt
  version
  environment { id name }
  subnetGrowth
  addressSupply
  isolationLevel
  deletionProtection
  quota { ...QuotaUse }
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setDeploymentPlacement: new TypedDocument<o.SetDeploymentPlacementMutation, o.SetDeploymentPlacementMutationVariables>('mutation', ["setDeploymentPlacement"], `mutation SetDeploymentPlacement($input: SetDeploymentPlacementInput!) {
  setDeploymentPlacement(input: $input) { deployment { ...Deployment } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createPlan: new TypedDocument<o.CreatePlanMutation, o.CreatePlanMutationVariables>('mutation', ["createPlan"], `mutation CreatePlan($input: CreatePlanInput!) {
  createPlan(input: $input) { plan { ...Plan } userErrors { ...UserError } position }
}
fragment Plan on Plan {
  id
  name
  status
  revision
  version
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  createdAt
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment UserError on UserError {
  code
  message
  field
}`),
  changePlan: new TypedDocument<o.ChangePlanMutation, o.ChangePlanMutationVariables>('mutation', ["changePlan"], `mutation ChangePlan($input: ChangePlanInput!) {
  changePlan(input: $input) { plan { ...Plan } userErrors { ...UserError } position }
}
fragment Plan on Plan {
  id
  name
  status
  revision
  version
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  createdAt
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment UserError on UserError {
  code
  message
  field
}`),
  retirePlan: new TypedDocument<o.RetirePlanMutation, o.RetirePlanMutationVariables>('mutation', ["retirePlan"], `mutation RetirePlan($input: RetirePlanInput!) {
  retirePlan(input: $input) { plan { ...Plan } userErrors { ...UserError } position }
}
fragment Plan on Plan {
  id
  name
  status
  revision
  version
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  createdAt
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setTenantPlan: new TypedDocument<o.SetTenantPlanMutation, o.SetTenantPlanMutationVariables>('mutation', ["setTenantPlan"], `mutation SetTenantPlan($input: SetTenantPlanInput!) {
  setTenantPlan(input: $input) { tenant { ...Tenant } userErrors { ...UserError } position }
}
fragment EntitlementOverrides on EntitlementOverrides {
  limits { ...LimitOverride }
  grant
  deny
  pointsPerMinute
  pools
  slaClasses
}
fragment Entitlements on Entitlements {
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  overrides { ...EntitlementOverrides }
}
fragment Label on Label {
  key
  value
}
fragment LimitOverride on LimitOverride {
  name
  limit
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment Tenant on Tenant {
  id
  name
  limits { ...TenantLimits }
  status
  suspension { ...TenantSuspension }
  createdAt
  deletionProtection
  legalHold
  deletion { ...TenantDeletion }
  labels { ...Label }
  plan { ...TenantPlan }
  entitlements { ...Entitlements }
  capabilities
  quota { ...QuotaUse }
}
fragment TenantDeletion on TenantDeletion {
  deletionId
  since
  purgeAt
}
fragment TenantLimits on TenantLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
}
fragment TenantPlan on TenantPlan {
  id
  name
  revision
}
fragment TenantSuspension on TenantSuspension {
  reason
  since
}
fragment UserError on UserError {
  code
  message
  field
}`),
  overrideEntitlements: new TypedDocument<o.OverrideEntitlementsMutation, o.OverrideEntitlementsMutationVariables>('mutation', ["overrideEntitlements"], `mutation OverrideEntitlements($input: OverrideEntitlementsInput!) {
  overrideEntitlements(input: $input) { tenant { ...Tenant } userErrors { ...UserError } position }
}
fragment EntitlementOverrides on EntitlementOverrides {
  limits { ...LimitOverride }
  grant
  deny
  pointsPerMinute
  pools
  slaClasses
}
fragment Entitlements on Entitlements {
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  overrides { ...EntitlementOverrides }
}
fragment Label on Label {
  key
  value
}
fragment LimitOverride on LimitOverride {
  name
  limit
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment Tenant on Tenant {
  id
  name
  limits { ...TenantLimits }
  status
  suspension { ...TenantSuspension }
  createdAt
  deletionProtection
  legalHold
  deletion { ...TenantDeletion }
  labels { ...Label }
  plan { ...TenantPlan }
  entitlements { ...Entitlements }
  capabilities
  quota { ...QuotaUse }
}
fragment TenantDeletion on TenantDeletion {
  deletionId
  since
  purgeAt
}
fragment TenantLimits on TenantLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
}
fragment TenantPlan on TenantPlan {
  id
  name
  revision
}
fragment TenantSuspension on TenantSuspension {
  reason
  since
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createPlatformPolicy: new TypedDocument<o.CreatePlatformPolicyMutation, o.CreatePlatformPolicyMutationVariables>('mutation', ["createPlatformPolicy"], `mutation CreatePlatformPolicy($input: CreatePlatformPolicyInput!) {
  createPlatformPolicy(input: $input) { platformPolicy { ...PlatformPolicy } userErrors { ...UserError } position }
}
fragment PlatformPeer on PlatformPeer {
  kind
  tenantId
  cidr
  except
}
fragment PlatformPolicy on PlatformPolicy {
  id
  name
  revision
  action
  priority
  sources { ...PlatformPeer }
  destinations { ...PlatformPeer }
  traffic { ...PolicyTraffic }
  log
  createdAt
}
fragment PolicyTraffic on PolicyTraffic {
  protocol
  from
  to
  icmpType
}
fragment UserError on UserError {
  code
  message
  field
}`),
  updatePlatformPolicy: new TypedDocument<o.UpdatePlatformPolicyMutation, o.UpdatePlatformPolicyMutationVariables>('mutation', ["updatePlatformPolicy"], `mutation UpdatePlatformPolicy($input: UpdatePlatformPolicyInput!) {
  updatePlatformPolicy(input: $input) { platformPolicy { ...PlatformPolicy } userErrors { ...UserError } position }
}
fragment PlatformPeer on PlatformPeer {
  kind
  tenantId
  cidr
  except
}
fragment PlatformPolicy on PlatformPolicy {
  id
  name
  revision
  action
  priority
  sources { ...PlatformPeer }
  destinations { ...PlatformPeer }
  traffic { ...PolicyTraffic }
  log
  createdAt
}
fragment PolicyTraffic on PolicyTraffic {
  protocol
  from
  to
  icmpType
}
fragment UserError on UserError {
  code
  message
  field
}`),
  deletePlatformPolicy: new TypedDocument<o.DeletePlatformPolicyMutation, o.DeletePlatformPolicyMutationVariables>('mutation', ["deletePlatformPolicy"], `mutation DeletePlatformPolicy($input: DeletePlatformPolicyInput!) {
  deletePlatformPolicy(input: $input) { deletedId userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createPool: new TypedDocument<o.CreatePoolMutation, o.CreatePoolMutationVariables>('mutation', ["createPool"], `mutation CreatePool($input: CreatePoolInput!) {
  createPool(input: $input) { pool { ...Pool } userErrors { ...UserError } position }
}
fragment Label on Label {
  key
  value
}
fragment PlacementWeights on PlacementWeights {
  spread
  pack
  locality
  slaClass
  cost
}
fragment Pool on Pool {
  id
  name
  revision
  slaClass
  labels { ...Label }
  cpuPercent
  memoryPercent
  costPerHour
  weights { ...PlacementWeights }
  createdAt
}
fragment UserError on UserError {
  code
  message
  field
}`),
  changePool: new TypedDocument<o.ChangePoolMutation, o.ChangePoolMutationVariables>('mutation', ["changePool"], `mutation ChangePool($input: ChangePoolInput!) {
  changePool(input: $input) { pool { ...Pool } userErrors { ...UserError } position }
}
fragment Label on Label {
  key
  value
}
fragment PlacementWeights on PlacementWeights {
  spread
  pack
  locality
  slaClass
  cost
}
fragment Pool on Pool {
  id
  name
  revision
  slaClass
  labels { ...Label }
  cpuPercent
  memoryPercent
  costPerHour
  weights { ...PlacementWeights }
  createdAt
}
fragment UserError on UserError {
  code
  message
  field
}`),
  deletePool: new TypedDocument<o.DeletePoolMutation, o.DeletePoolMutationVariables>('mutation', ["deletePool"], `mutation DeletePool($input: DeletePoolInput!) {
  deletePool(input: $input) { deletedId userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  assignNode: new TypedDocument<o.AssignNodeMutation, o.AssignNodeMutationVariables>('mutation', ["assignNode"], `mutation AssignNode($input: AssignNodeInput!) {
  assignNode(input: $input) { computeNode { ...ComputeNode } userErrors { ...UserError } position }
}
fragment ComputeNode on ComputeNode {
  id
  name
  status
  statusMessage
  statusSince
  runtime
  cpuMillis
  memoryMiB
  maxInstances
  createdAt
  pool { id name }
  zone
  labels { ...Label }
  scheduling
  schedulingNote
  instances
  drainedFrom
}
fragment Label on Label {
  key
  value
}
fragment UserError on UserError {
  code
  message
  field
}`),
  cordonNode: new TypedDocument<o.CordonNodeMutation, o.CordonNodeMutationVariables>('mutation', ["cordonNode"], `mutation CordonNode($input: NotedNodeInput!) {
  cordonNode(input: $input) { computeNode { ...ComputeNode } userErrors { ...UserError } position }
}
fragment ComputeNode on ComputeNode {
  id
  name
  status
  statusMessage
  statusSince
  runtime
  cpuMillis
  memoryMiB
  maxInstances
  createdAt
  pool { id name }
  zone
  labels { ...Label }
  scheduling
  schedulingNote
  instances
  drainedFrom
}
fragment Label on Label {
  key
  value
}
fragment UserError on UserError {
  code
  message
  field
}`),
  uncordonNode: new TypedDocument<o.UncordonNodeMutation, o.UncordonNodeMutationVariables>('mutation', ["uncordonNode"], `mutation UncordonNode($input: NodeInput!) {
  uncordonNode(input: $input) { computeNode { ...ComputeNode } userErrors { ...UserError } position }
}
fragment ComputeNode on ComputeNode {
  id
  name
  status
  statusMessage
  statusSince
  runtime
  cpuMillis
  memoryMiB
  maxInstances
  createdAt
  pool { id name }
  zone
  labels { ...Label }
  scheduling
  schedulingNote
  instances
  drainedFrom
}
fragment Label on Label {
  key
  value
}
fragment UserError on UserError {
  code
  message
  field
}`),
  drainNode: new TypedDocument<o.DrainNodeMutation, o.DrainNodeMutationVariables>('mutation', ["drainNode"], `mutation DrainNode($input: NotedNodeInput!) {
  drainNode(input: $input) { computeNode { ...ComputeNode } userErrors { ...UserError } position }
}
fragment ComputeNode on ComputeNode {
  id
  name
  status
  statusMessage
  statusSince
  runtime
  cpuMillis
  memoryMiB
  maxInstances
  createdAt
  pool { id name }
  zone
  labels { ...Label }
  scheduling
  schedulingNote
  instances
  drainedFrom
}
fragment Label on Label {
  key
  value
}
fragment UserError on UserError {
  code
  message
  field
}`),
  cancelDrain: new TypedDocument<o.CancelDrainMutation, o.CancelDrainMutationVariables>('mutation', ["cancelDrain"], `mutation CancelDrain($input: NodeInput!) {
  cancelDrain(input: $input) { computeNode { ...ComputeNode } userErrors { ...UserError } position }
}
fragment ComputeNode on ComputeNode {
  id
  name
  status
  statusMessage
  statusSince
  runtime
  cpuMillis
  memoryMiB
  maxInstances
  createdAt
  pool { id name }
  zone
  labels { ...Label }
  scheduling
  schedulingNote
  instances
  drainedFrom
}
fragment Label on Label {
  key
  value
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setPlacementWeights: new TypedDocument<o.SetPlacementWeightsMutation, o.SetPlacementWeightsMutationVariables>('mutation', ["setPlacementWeights"], `mutation SetPlacementWeights($input: SetPlacementWeightsInput!) {
  setPlacementWeights(input: $input) { userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setQuota: new TypedDocument<o.SetQuotaMutation, o.SetQuotaMutationVariables>('mutation', ["setQuota"], `mutation SetQuota($input: SetQuotaInput!) {
  setQuota(input: $input) { environment { ...Environment } namespace { ...Namespace } userErrors { ...UserError } position }
}
fragment Environment on Environment {
  id
  name
  kind
  createdAt
  deletionProtection
  deletionId
  promotesTo
  imageRules { ...ImageRules }
  labels { ...Label }
  quota { ...QuotaUse }
}
fragment ImageRules on ImageRules {
  allowed
  promotedOnly
}
fragment Label on Label {
  key
  value
}
fragment Namespace on Namespace {
  id
  name
  status
  labels { ...Label }
  createdAt
  version
  environment { id name }
  subnetGrowth
  addressSupply
  isolationLevel
  deletionProtection
  quota { ...QuotaUse }
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment UserError on UserError {
  code
  message
  field
}`),
  suspendRollout: new TypedDocument<o.SuspendRolloutMutation, o.SuspendRolloutMutationVariables>('mutation', ["suspendRollout"], `mutation SuspendRollout($input: SuspendRolloutInput!) {
  suspendRollout(input: $input) { deployment { ...Deployment } rollout { ...Rollout } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment Rollout on Rollout {
  id
  kind
  status
  release { id number }
  createdAt
  endedAt
  pace
  automatic
  deadlineAt
  statusMessage
  strategy { ...RolloutStrategy }
  step
  steps
  pausedUntil
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  resumeRollout: new TypedDocument<o.ResumeRolloutMutation, o.ResumeRolloutMutationVariables>('mutation', ["resumeRollout"], `mutation ResumeRollout($input: ResumeRolloutInput!) {
  resumeRollout(input: $input) { deployment { ...Deployment } rollout { ...Rollout } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment Rollout on Rollout {
  id
  kind
  status
  release { id number }
  createdAt
  endedAt
  pace
  automatic
  deadlineAt
  statusMessage
  strategy { ...RolloutStrategy }
  step
  steps
  pausedUntil
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setRolloutPolicy: new TypedDocument<o.SetRolloutPolicyMutation, o.SetRolloutPolicyMutationVariables>('mutation', ["setRolloutPolicy"], `mutation SetRolloutPolicy($input: SetRolloutPolicyInput!) {
  setRolloutPolicy(input: $input) { deployment { ...Deployment } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createService: new TypedDocument<o.CreateServiceMutation, o.CreateServiceMutationVariables>('mutation', ["createService"], `mutation CreateService($input: CreateServiceInput!) {
  createService(input: $input) { service { ...Service } warnings { ...ServiceWarning } userErrors { ...UserError } position }
}
fragment Label on Label {
  key
  value
}
fragment Service on Service {
  id
  name
  dnsName
  ipv4
  ipv6
  selector { ...Label }
  ports { ...ServicePort }
  affinitySeconds
  version
  namespace { id name }
  createdAt
  labels { ...Label }
}
fragment ServicePort on ServicePort {
  name
  protocol
  port
  targetPort
}
fragment ServiceWarning on ServiceWarning {
  code
  message
}
fragment UserError on UserError {
  code
  message
  field
}`),
  updateService: new TypedDocument<o.UpdateServiceMutation, o.UpdateServiceMutationVariables>('mutation', ["updateService"], `mutation UpdateService($input: UpdateServiceInput!) {
  updateService(input: $input) { service { ...Service } warnings { ...ServiceWarning } userErrors { ...UserError } position }
}
fragment Label on Label {
  key
  value
}
fragment Service on Service {
  id
  name
  dnsName
  ipv4
  ipv6
  selector { ...Label }
  ports { ...ServicePort }
  affinitySeconds
  version
  namespace { id name }
  createdAt
  labels { ...Label }
}
fragment ServicePort on ServicePort {
  name
  protocol
  port
  targetPort
}
fragment ServiceWarning on ServiceWarning {
  code
  message
}
fragment UserError on UserError {
  code
  message
  field
}`),
  deleteService: new TypedDocument<o.DeleteServiceMutation, o.DeleteServiceMutationVariables>('mutation', ["deleteService"], `mutation DeleteService($input: DeleteServiceInput!) {
  deleteService(input: $input) { deletedId userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  setRolloutStrategy: new TypedDocument<o.SetRolloutStrategyMutation, o.SetRolloutStrategyMutationVariables>('mutation', ["setRolloutStrategy"], `mutation SetRolloutStrategy($input: SetRolloutStrategyInput!) {
  setRolloutStrategy(input: $input) { deployment { ...Deployment } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  promoteRollout: new TypedDocument<o.PromoteRolloutMutation, o.PromoteRolloutMutationVariables>('mutation', ["promoteRollout"], `mutation PromoteRollout($input: PromoteRolloutInput!) {
  promoteRollout(input: $input) { deployment { ...Deployment } rollout { ...Rollout } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment Rollout on Rollout {
  id
  kind
  status
  release { id number }
  createdAt
  endedAt
  pace
  automatic
  deadlineAt
  statusMessage
  strategy { ...RolloutStrategy }
  step
  steps
  pausedUntil
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  abortRollout: new TypedDocument<o.AbortRolloutMutation, o.AbortRolloutMutationVariables>('mutation', ["abortRollout"], `mutation AbortRollout($input: AbortRolloutInput!) {
  abortRollout(input: $input) { deployment { ...Deployment } rollout { ...Rollout } userErrors { ...UserError } position }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment Rollout on Rollout {
  id
  kind
  status
  release { id number }
  createdAt
  endedAt
  pace
  automatic
  deadlineAt
  statusMessage
  strategy { ...RolloutStrategy }
  step
  steps
  pausedUntil
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createTenant: new TypedDocument<o.CreateTenantMutation, o.CreateTenantMutationVariables>('mutation', ["createTenant"], `mutation CreateTenant($input: CreateTenantInput!) {
  createTenant(input: $input) { tenant { ...Tenant } userErrors { ...UserError } position }
}
fragment EntitlementOverrides on EntitlementOverrides {
  limits { ...LimitOverride }
  grant
  deny
  pointsPerMinute
  pools
  slaClasses
}
fragment Entitlements on Entitlements {
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  overrides { ...EntitlementOverrides }
}
fragment Label on Label {
  key
  value
}
fragment LimitOverride on LimitOverride {
  name
  limit
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment Tenant on Tenant {
  id
  name
  limits { ...TenantLimits }
  status
  suspension { ...TenantSuspension }
  createdAt
  deletionProtection
  legalHold
  deletion { ...TenantDeletion }
  labels { ...Label }
  plan { ...TenantPlan }
  entitlements { ...Entitlements }
  capabilities
  quota { ...QuotaUse }
}
fragment TenantDeletion on TenantDeletion {
  deletionId
  since
  purgeAt
}
fragment TenantLimits on TenantLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
}
fragment TenantPlan on TenantPlan {
  id
  name
  revision
}
fragment TenantSuspension on TenantSuspension {
  reason
  since
}
fragment UserError on UserError {
  code
  message
  field
}`),
  suspendTenant: new TypedDocument<o.SuspendTenantMutation, o.SuspendTenantMutationVariables>('mutation', ["suspendTenant"], `mutation SuspendTenant($input: SuspendTenantInput!) {
  suspendTenant(input: $input) { tenant { ...Tenant } userErrors { ...UserError } position }
}
fragment EntitlementOverrides on EntitlementOverrides {
  limits { ...LimitOverride }
  grant
  deny
  pointsPerMinute
  pools
  slaClasses
}
fragment Entitlements on Entitlements {
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  overrides { ...EntitlementOverrides }
}
fragment Label on Label {
  key
  value
}
fragment LimitOverride on LimitOverride {
  name
  limit
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment Tenant on Tenant {
  id
  name
  limits { ...TenantLimits }
  status
  suspension { ...TenantSuspension }
  createdAt
  deletionProtection
  legalHold
  deletion { ...TenantDeletion }
  labels { ...Label }
  plan { ...TenantPlan }
  entitlements { ...Entitlements }
  capabilities
  quota { ...QuotaUse }
}
fragment TenantDeletion on TenantDeletion {
  deletionId
  since
  purgeAt
}
fragment TenantLimits on TenantLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
}
fragment TenantPlan on TenantPlan {
  id
  name
  revision
}
fragment TenantSuspension on TenantSuspension {
  reason
  since
}
fragment UserError on UserError {
  code
  message
  field
}`),
  resumeTenant: new TypedDocument<o.ResumeTenantMutation, o.ResumeTenantMutationVariables>('mutation', ["resumeTenant"], `mutation ResumeTenant($input: ResumeTenantInput!) {
  resumeTenant(input: $input) { tenant { ...Tenant } userErrors { ...UserError } position }
}
fragment EntitlementOverrides on EntitlementOverrides {
  limits { ...LimitOverride }
  grant
  deny
  pointsPerMinute
  pools
  slaClasses
}
fragment Entitlements on Entitlements {
  limits { ...PlanLimits }
  capabilities
  pointsPerMinute
  pools
  slaClasses
  overrides { ...EntitlementOverrides }
}
fragment Label on Label {
  key
  value
}
fragment LimitOverride on LimitOverride {
  name
  limit
}
fragment PlanLimits on PlanLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
  storageMiB
  subnets
  publicIps
  ports
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment Tenant on Tenant {
  id
  name
  limits { ...TenantLimits }
  status
  suspension { ...TenantSuspension }
  createdAt
  deletionProtection
  legalHold
  deletion { ...TenantDeletion }
  labels { ...Label }
  plan { ...TenantPlan }
  entitlements { ...Entitlements }
  capabilities
  quota { ...QuotaUse }
}
fragment TenantDeletion on TenantDeletion {
  deletionId
  since
  purgeAt
}
fragment TenantLimits on TenantLimits {
  namespaces
  instances
  cpuMillis
  memoryMiB
}
fragment TenantPlan on TenantPlan {
  id
  name
  revision
}
fragment TenantSuspension on TenantSuspension {
  reason
  since
}
fragment UserError on UserError {
  code
  message
  field
}`),
  addMember: new TypedDocument<o.AddMemberMutation, o.AddMemberMutationVariables>('mutation', ["addMember"], `mutation AddMember($input: AddMemberInput!) {
  addMember(input: $input) { member { ...Member } userErrors { ...UserError } position }
}
fragment Member on Member {
  id
  subject
  role
  displayName
  email
  erasedAt
}
fragment UserError on UserError {
  code
  message
  field
}`),
  erasePersonalData: new TypedDocument<o.ErasePersonalDataMutation, o.ErasePersonalDataMutationVariables>('mutation', ["erasePersonalData"], `mutation ErasePersonalData($input: ErasePersonalDataInput!) {
  erasePersonalData(input: $input) { member { ...Member } userErrors { ...UserError } position }
}
fragment Member on Member {
  id
  subject
  role
  displayName
  email
  erasedAt
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createServiceAccount: new TypedDocument<o.CreateServiceAccountMutation, o.CreateServiceAccountMutationVariables>('mutation', ["createServiceAccount"], `mutation CreateServiceAccount($input: CreateServiceAccountInput!) {
  createServiceAccount(input: $input) { clientId clientSecret tokenUrl userErrors { ...UserError } position }
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createEnvironment: new TypedDocument<o.CreateEnvironmentMutation, o.CreateEnvironmentMutationVariables>('mutation', ["createEnvironment"], `mutation CreateEnvironment($input: CreateEnvironmentInput!) {
  createEnvironment(input: $input) { environment { ...Environment } userErrors { ...UserError } position }
}
fragment Environment on Environment {
  id
  name
  kind
  createdAt
  deletionProtection
  deletionId
  promotesTo
  imageRules { ...ImageRules }
  labels { ...Label }
  quota { ...QuotaUse }
}
fragment ImageRules on ImageRules {
  allowed
  promotedOnly
}
fragment Label on Label {
  key
  value
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment UserError on UserError {
  code
  message
  field
}`),
  createNamespace: new TypedDocument<o.CreateNamespaceMutation, o.CreateNamespaceMutationVariables>('mutation', ["createNamespace"], `mutation CreateNamespace($input: CreateNamespaceInput!) {
  createNamespace(input: $input) { namespace { ...Namespace } userErrors { ...UserError } position }
}
fragment Label on Label {
  key
  value
}
fragment Namespace on Namespace {
  id
  name
  status
  labels { ...Label }
  createdAt
  version
  environment { id name }
  subnetGrowth
  addressSupply
  isolationLevel
  deletionProtection
  quota { ...QuotaUse }
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment UserError on UserError {
  code
  message
  field
}`),
  deleteNamespace: new TypedDocument<o.DeleteNamespaceMutation, o.DeleteNamespaceMutationVariables>('mutation', ["deleteNamespace"], `mutation DeleteNamespace($input: DeleteNamespaceInput!) {
  deleteNamespace(input: $input) { namespace { ...Namespace } userErrors { ...UserError } position }
}
fragment Label on Label {
  key
  value
}
fragment Namespace on Namespace {
  id
  name
  status
  labels { ...Label }
  createdAt
  version
  environment { id name }
  subnetGrowth
  addressSupply
  isolationLevel
  deletionProtection
  quota { ...QuotaUse }
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}
fragment UserError on UserError {
  code
  message
  field
}`),
  onEvents: new TypedDocument<o.OnEventsSubscription, o.OnEventsSubscriptionVariables>('subscription', ["events"], `subscription OnEvents($after: String) {
  events(after: $after) { ...Event }
}
fragment Event on Event {
  cursor
  id
  type
  resourceId
  time
  actor
  cause
  correlation
  data
}`),
  onLogs: new TypedDocument<o.OnLogsSubscription, o.OnLogsSubscriptionVariables>('subscription', ["logs"], `subscription OnLogs($instanceId: ID, $deploymentId: ID, $after: [LogPlaceInput!], $tail: Int = 10, $stream: LogStream) {
  logs(instanceId: $instanceId, deploymentId: $deploymentId, after: $after, tail: $tail, stream: $stream) { ...LogChunk }
}
fragment LogChunk on LogChunk {
  instanceId
  lines { ...LogLine }
  cursor
  gap
  more
  ended
  problem { ...LogProblem }
}
fragment LogLine on LogLine {
  at
  stream
  text
  truncated
  cursor
}
fragment LogProblem on LogProblem {
  nodeId
  since
  message
}`),
  roleHolders: new TypedDocument<o.RoleHoldersQuery, o.RoleHoldersQueryVariables>('query', ["role","holders"], `query RoleHolders($id: ID!, $first: Int = 20, $after: String) {
  role(id: $id) { holders(first: $first, after: $after) { nodes { ...RoleBinding } pageInfo { hasNextPage endCursor } } }
}
fragment RoleBinding on RoleBinding {
  id
  subjectId
  role
  ownRole { id name }
  level
  environmentId
  namespaceId
  boundBy
  createdAt
}`),
  publicAddressMappings: new TypedDocument<o.PublicAddressMappingsQuery, o.PublicAddressMappingsQueryVariables>('query', ["publicAddress","mappings"], `query PublicAddressMappings($id: ID!, $first: Int = 20, $after: String) {
  publicAddress(id: $id) { mappings(first: $first, after: $after) { nodes { ...PortMapping } pageInfo { hasNextPage endCursor } } }
}
fragment PortMapping on PortMapping {
  id
  protocol
  port
  address
  publicAddress { id name }
  deployment { id name }
  service { id name }
  targetPort
  sourcePreserved
  namespace { id name }
  createdAt
}`),
  batchItems: new TypedDocument<o.BatchItemsQuery, o.BatchItemsQueryVariables>('query', ["batch","items"], `query BatchItems($id: ID!, $first: Int = 20, $after: String) {
  batch(id: $id) { items(first: $first, after: $after) { nodes { ...BatchItem } pageInfo { hasNextPage endCursor } } }
}
fragment BatchItem on BatchItem {
  number
  wave
  deploymentId
  name
  deployment { id name }
  status
  code
  message
  rollout { id }
  beganAt
  endedAt
}`),
  deploymentReleases: new TypedDocument<o.DeploymentReleasesQuery, o.DeploymentReleasesQueryVariables>('query', ["deployment","releases"], `query DeploymentReleases($id: ID!, $first: Int = 20, $after: String) {
  deployment(id: $id) { releases(first: $first, after: $after) { nodes { ...Release } pageInfo { hasNextPage endCursor } } }
}
fragment ContainerPort on ContainerPort {
  port
  protocol
}
fragment Probe on Probe {
  kind
  port
  path
  command
  initialDelaySeconds
  periodSeconds
  timeoutSeconds
  failureThreshold
}
fragment Process on Process {
  name
  kind
  image
  command
  ports { ...ContainerPort }
  cpuMillis
  memoryMiB
  dependsOn { ...ProcessDependency }
  readiness { ...ReadinessProbe }
  liveness { ...Probe }
  startup { ...Probe }
}
fragment ProcessDependency on ProcessDependency {
  process
  condition
}
fragment ReadinessProbe on ReadinessProbe {
  kind
  port
  path
  command
  initialDelaySeconds
  periodSeconds
  timeoutSeconds
  failureThreshold
  successThreshold
}
fragment Release on Release {
  id
  number
  image
  command
  cpuMillis
  memoryMiB
  ports { ...ContainerPort }
  readiness { ...ReadinessProbe }
  liveness { ...Probe }
  startup { ...Probe }
  processes { ...Process }
  createdAt
  deployment { id name }
}`),
  deploymentRollouts: new TypedDocument<o.DeploymentRolloutsQuery, o.DeploymentRolloutsQueryVariables>('query', ["deployment","rollouts"], `query DeploymentRollouts($id: ID!, $first: Int = 20, $after: String) {
  deployment(id: $id) { rollouts(first: $first, after: $after) { nodes { ...Rollout } pageInfo { hasNextPage endCursor } } }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Rollout on Rollout {
  id
  kind
  status
  release { id number }
  createdAt
  endedAt
  pace
  automatic
  deadlineAt
  statusMessage
  strategy { ...RolloutStrategy }
  step
  steps
  pausedUntil
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}`),
  deploymentInstances: new TypedDocument<o.DeploymentInstancesQuery, o.DeploymentInstancesQueryVariables>('query', ["deployment","instances"], `query DeploymentInstances($id: ID!, $first: Int = 20, $after: String, $labels: [LabelInput!]) {
  deployment(id: $id) { instances(first: $first, after: $after, labels: $labels) { nodes { ...Instance } pageInfo { hasNextPage endCursor } } }
}
fragment FilteredNode on FilteredNode {
  nodeId
  code
  reason
}
fragment Instance on Instance {
  id
  status
  statusReason
  statusMessage
  ipv4
  ipv6
  labels { ...Label }
  nodeId
  createdAt
  securedAt
  readyAt
  deployment { id name }
  release { id number }
  placement { ...PlacementDecision }
}
fragment Label on Label {
  key
  value
}
fragment NodeScore on NodeScore {
  nodeId
  score
  parts { ...ScoreParts }
}
fragment PlacementDecision on PlacementDecision {
  nodes
  rejected { ...RejectedNodes }
  filtered { ...FilteredNode }
  scores { ...NodeScore }
  weights { ...PlacementWeights }
}
fragment PlacementWeights on PlacementWeights {
  spread
  pack
  locality
  slaClass
  cost
}
fragment RejectedNodes on RejectedNodes {
  code
  count
}
fragment ScoreParts on ScoreParts {
  spread
  pack
  locality
  slaClass
  cost
}`),
  deploymentUsage: new TypedDocument<o.DeploymentUsageQuery, o.DeploymentUsageQueryVariables>('query', ["deployment","usage"], `query DeploymentUsage($id: ID!) {
  deployment(id: $id) { usage { ...DeploymentUsage } }
}
fragment DeploymentUsage on DeploymentUsage {
  instances
  missing
  cpuMillis
  memoryBytes
  receivedBytesPerSecond
  sentBytesPerSecond
}`),
  instanceProcesses: new TypedDocument<o.InstanceProcessesQuery, o.InstanceProcessesQueryVariables>('query', ["instance","processes"], `query InstanceProcesses($id: ID!) {
  instance(id: $id) { processes { ...ProcessState } }
}
fragment ProcessState on ProcessState {
  name
  kind
  state
  reason
  message
  restarts
  exitCode
  startedAt
}`),
  instanceUsage: new TypedDocument<o.InstanceUsageQuery, o.InstanceUsageQueryVariables>('query', ["instance","usage"], `query InstanceUsage($id: ID!) {
  instance(id: $id) { usage { ...Usage } }
}
fragment Usage on Usage {
  at
  seconds
  cpuMillis
  cpuThrottled
  cpuLimitMillis
  memoryBytes
  memoryLimitBytes
  receivedBytes
  receivedPackets
  sentBytes
  sentPackets
}`),
  instanceUsageHistory: new TypedDocument<o.InstanceUsageHistoryQuery, o.InstanceUsageHistoryQueryVariables>('query', ["instance","usageHistory"], `query InstanceUsageHistory($id: ID!, $since: DateTime) {
  instance(id: $id) { usageHistory(since: $since) { ...Usage } }
}
fragment Usage on Usage {
  at
  seconds
  cpuMillis
  cpuThrottled
  cpuLimitMillis
  memoryBytes
  memoryLimitBytes
  receivedBytes
  receivedPackets
  sentBytes
  sentPackets
}`),
  isolationPolicyReceipts: new TypedDocument<o.IsolationPolicyReceiptsQuery, o.IsolationPolicyReceiptsQueryVariables>('query', ["isolationPolicy","receipts"], `query IsolationPolicyReceipts($id: ID!, $first: Int = 20, $after: String) {
  isolationPolicy(id: $id) { receipts(first: $first, after: $after) { nodes { ...PolicyReceipt } pageInfo { hasNextPage endCursor } } }
}
fragment PolicyReceipt on PolicyReceipt {
  revision
  nodeId
  generation
  hash
  enforcedAt
}`),
  isolationPolicyWarnings: new TypedDocument<o.IsolationPolicyWarningsQuery, o.IsolationPolicyWarningsQueryVariables>('query', ["isolationPolicy","warnings"], `query IsolationPolicyWarnings($id: ID!) {
  isolationPolicy(id: $id) { warnings { ...PolicyWarning } }
}
fragment PolicyWarning on PolicyWarning {
  code
  message
}`),
  isolationPolicyEnforcement: new TypedDocument<o.IsolationPolicyEnforcementQuery, o.IsolationPolicyEnforcementQueryVariables>('query', ["isolationPolicy","enforcement"], `query IsolationPolicyEnforcement($id: ID!) {
  isolationPolicy(id: $id) { enforcement { ...PolicyEnforcement } }
}
fragment NodeEnforcement on NodeEnforcement {
  nodeId
  state
  revision
  hash
  appliedRevision
  generation
  appliedGeneration
  missingSince
  enforcedAt
}
fragment PolicyEnforcement on PolicyEnforcement {
  policyId
  state
  firstEnforcedAt
  nodes { ...NodeEnforcement }
}`),
  isolationPolicyFlows: new TypedDocument<o.IsolationPolicyFlowsQuery, o.IsolationPolicyFlowsQueryVariables>('query', ["isolationPolicy","flows"], `query IsolationPolicyFlows($id: ID!) {
  isolationPolicy(id: $id) { flows { ...PolicyFlows } }
}
fragment PolicyFlows on PolicyFlows {
  rules { ...RuleFlow }
  missing
}
fragment RuleFlow on RuleFlow {
  nodeId
  direction
  action
  protocol
  fromPort
  toPort
  packets
  bytes
  since
  at
}`),
  platformPolicyEnforcement: new TypedDocument<o.PlatformPolicyEnforcementQuery, o.PlatformPolicyEnforcementQueryVariables>('query', ["platformPolicy","enforcement"], `query PlatformPolicyEnforcement($id: ID!) {
  platformPolicy(id: $id) { enforcement { ...PlatformPolicyEnforcement } }
}
fragment PlatformNodeEnforcement on PlatformNodeEnforcement {
  nodeId
  state
  revision
  hash
  appliedRevision
  generation
  appliedGeneration
  missingSince
  enforcedAt
}
fragment PlatformPolicyEnforcement on PlatformPolicyEnforcement {
  state
  firstEnforcedAt
  nodes { ...PlatformNodeEnforcement }
}`),
  platformPolicyFlows: new TypedDocument<o.PlatformPolicyFlowsQuery, o.PlatformPolicyFlowsQueryVariables>('query', ["platformPolicy","flows"], `query PlatformPolicyFlows($id: ID!) {
  platformPolicy(id: $id) { flows { ...PolicyFlows } }
}
fragment PolicyFlows on PolicyFlows {
  rules { ...RuleFlow }
  missing
}
fragment RuleFlow on RuleFlow {
  nodeId
  direction
  action
  protocol
  fromPort
  toPort
  packets
  bytes
  since
  at
}`),
  serviceEndpoints: new TypedDocument<o.ServiceEndpointsQuery, o.ServiceEndpointsQueryVariables>('query', ["service","endpoints"], `query ServiceEndpoints($id: ID!, $first: Int = 20, $after: String) {
  service(id: $id) { endpoints(first: $first, after: $after) { nodes { ...ServiceEndpoint } pageInfo { hasNextPage endCursor } } }
}
fragment ServiceEndpoint on ServiceEndpoint {
  instanceId
  instance { id }
  ipv4
  ipv6
  ready
}`),
  environmentNamespaces: new TypedDocument<o.EnvironmentNamespacesQuery, o.EnvironmentNamespacesQueryVariables>('query', ["environment","namespaces"], `query EnvironmentNamespaces($id: ID!, $first: Int = 20, $after: String, $labels: [LabelInput!]) {
  environment(id: $id) { namespaces(first: $first, after: $after, labels: $labels) { nodes { ...Namespace } pageInfo { hasNextPage endCursor } } }
}
fragment Label on Label {
  key
  value
}
fragment Namespace on Namespace {
  id
  name
  status
  labels { ...Label }
  createdAt
  version
  environment { id name }
  subnetGrowth
  addressSupply
  isolationLevel
  deletionProtection
  quota { ...QuotaUse }
}
fragment QuotaUse on QuotaUse {
  measure
  limit
  used
  reserved
}`),
  environmentQuotaHolders: new TypedDocument<o.EnvironmentQuotaHoldersQuery, o.EnvironmentQuotaHoldersQueryVariables>('query', ["environment","quotaHolders"], `query EnvironmentQuotaHolders($id: ID!, $first: Int = 20, $after: String) {
  environment(id: $id) { quotaHolders(first: $first, after: $after) { nodes { ...QuotaHolder } pageInfo { hasNextPage endCursor } } }
}
fragment QuotaHolder on QuotaHolder {
  id
  kind
  name
  environmentId
  namespaceId
  amounts { ...QuotaShare }
}
fragment QuotaShare on QuotaShare {
  measure
  used
  reserved
}`),
  namespaceAddressUse: new TypedDocument<o.NamespaceAddressUseQuery, o.NamespaceAddressUseQueryVariables>('query', ["namespace","addressUse"], `query NamespaceAddressUse($id: ID!) {
  namespace(id: $id) { addressUse { ...AddressUse } }
}
fragment AddressUse on AddressUse {
  size
  used
  free
  cooling
  exhaustedAt
}`),
  namespacePublicAddresses: new TypedDocument<o.NamespacePublicAddressesQuery, o.NamespacePublicAddressesQueryVariables>('query', ["namespace","publicAddresses"], `query NamespacePublicAddresses($id: ID!, $first: Int = 20, $after: String) {
  namespace(id: $id) { publicAddresses(first: $first, after: $after) { nodes { ...PublicAddress } pageInfo { hasNextPage endCursor } } }
}
fragment PublicAddress on PublicAddress {
  id
  name
  address
  namespace { id name }
  createdAt
}`),
  namespaceSubnets: new TypedDocument<o.NamespaceSubnetsQuery, o.NamespaceSubnetsQueryVariables>('query', ["namespace","subnets"], `query NamespaceSubnets($id: ID!, $first: Int = 20, $after: String) {
  namespace(id: $id) { subnets(first: $first, after: $after) { nodes { ...Subnet } pageInfo { hasNextPage endCursor } } }
}
fragment Subnet on Subnet {
  id
  ipv4
  ipv6
  deleting
  createdAt
  namespace { id name }
}`),
  namespaceDeployments: new TypedDocument<o.NamespaceDeploymentsQuery, o.NamespaceDeploymentsQueryVariables>('query', ["namespace","deployments"], `query NamespaceDeployments($id: ID!, $first: Int = 20, $after: String, $labels: [LabelInput!]) {
  namespace(id: $id) { deployments(first: $first, after: $after, labels: $labels) { nodes { ...Deployment } pageInfo { hasNextPage endCursor } } }
}
fragment CanaryStep on CanaryStep {
  count
  weightPercent
  pauseSeconds
}
fragment Deployment on Deployment {
  id
  name
  labels { ...Label }
  status
  statusMessage
  replicas
  readyReplicas
  maxSurge
  maxUnavailable
  version
  createdAt
  namespace { id name }
  currentRelease { id number }
  fenced
  placement { ...PlacementWishes }
  progressDeadlineSeconds
  onFailure
  rolloutStrategy { ...RolloutStrategy }
}
fragment Label on Label {
  key
  value
}
fragment NearRule on NearRule {
  deployment
  within
  required
}
fragment PlacementWishes on PlacementWishes {
  slaClass
  nodeLabels { ...Label }
  zones
  zoneSkew
  maxPerNode
  near { ...NearRule }
  apart
}
fragment RolloutStrategy on RolloutStrategy {
  kind
  steps { ...CanaryStep }
  autoPromoteSeconds
  scaleDownDelaySeconds
}`),
  namespaceInstancesOnSharedNodes: new TypedDocument<o.NamespaceInstancesOnSharedNodesQuery, o.NamespaceInstancesOnSharedNodesQueryVariables>('query', ["namespace","instancesOnSharedNodes"], `query NamespaceInstancesOnSharedNodes($id: ID!) {
  namespace(id: $id) { instancesOnSharedNodes }
}`),
  namespaceIsolationPolicies: new TypedDocument<o.NamespaceIsolationPoliciesQuery, o.NamespaceIsolationPoliciesQueryVariables>('query', ["namespace","isolationPolicies"], `query NamespaceIsolationPolicies($id: ID!, $first: Int = 20, $after: String, $labels: [LabelInput!]) {
  namespace(id: $id) { isolationPolicies(first: $first, after: $after, labels: $labels) { nodes { ...IsolationPolicy } pageInfo { hasNextPage endCursor } } }
}
fragment IsolationPolicy on IsolationPolicy {
  id
  name
  revision
  version
  action
  priority
  sources { ...PolicyPeer }
  destinations { ...PolicyPeer }
  traffic { ...PolicyTraffic }
  log
  active
  schedule { ...PolicySchedule }
  nextChangeAt
  fromNamespace { id name }
  fromLabels { ...Label }
  toLabels { ...Label }
  ports { ...PortRange }
  namespace { id name }
  createdAt
  labels { ...Label }
}
fragment Label on Label {
  key
  value
}
fragment PolicyPeer on PolicyPeer {
  kind
  namespaceId
  environmentId
  serviceId
  labels { ...Label }
  cidr
  except
}
fragment PolicySchedule on PolicySchedule {
  startsAt
  endsAt
  windows { ...WeeklyWindow }
  timeZone
}
fragment PolicyTraffic on PolicyTraffic {
  protocol
  from
  to
  icmpType
}
fragment PortRange on PortRange {
  protocol
  from
  to
}
fragment WeeklyWindow on WeeklyWindow {
  days
  from
  to
}`),
  namespaceQuotaHolders: new TypedDocument<o.NamespaceQuotaHoldersQuery, o.NamespaceQuotaHoldersQueryVariables>('query', ["namespace","quotaHolders"], `query NamespaceQuotaHolders($id: ID!, $first: Int = 20, $after: String) {
  namespace(id: $id) { quotaHolders(first: $first, after: $after) { nodes { ...QuotaHolder } pageInfo { hasNextPage endCursor } } }
}
fragment QuotaHolder on QuotaHolder {
  id
  kind
  name
  environmentId
  namespaceId
  amounts { ...QuotaShare }
}
fragment QuotaShare on QuotaShare {
  measure
  used
  reserved
}`),
  namespaceEnforcement: new TypedDocument<o.NamespaceEnforcementQuery, o.NamespaceEnforcementQueryVariables>('query', ["namespace","enforcement"], `query NamespaceEnforcement($id: ID!) {
  namespace(id: $id) { enforcement { ...NamespaceEnforcement } }
}
fragment NamespaceEnforcement on NamespaceEnforcement {
  state
  policies
  lagging { ...PolicyEnforcement }
}
fragment NodeEnforcement on NodeEnforcement {
  nodeId
  state
  revision
  hash
  appliedRevision
  generation
  appliedGeneration
  missingSince
  enforcedAt
}
fragment PolicyEnforcement on PolicyEnforcement {
  policyId
  state
  firstEnforcedAt
  nodes { ...NodeEnforcement }
}`),
  namespaceServices: new TypedDocument<o.NamespaceServicesQuery, o.NamespaceServicesQueryVariables>('query', ["namespace","services"], `query NamespaceServices($id: ID!, $first: Int = 20, $after: String, $labels: [LabelInput!]) {
  namespace(id: $id) { services(first: $first, after: $after, labels: $labels) { nodes { ...Service } pageInfo { hasNextPage endCursor } } }
}
fragment Label on Label {
  key
  value
}
fragment Service on Service {
  id
  name
  dnsName
  ipv4
  ipv6
  selector { ...Label }
  ports { ...ServicePort }
  affinitySeconds
  version
  namespace { id name }
  createdAt
  labels { ...Label }
}
fragment ServicePort on ServicePort {
  name
  protocol
  port
  targetPort
}`),
} as const;
