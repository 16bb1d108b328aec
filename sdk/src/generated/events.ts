// Generated from schema/ by `npm run gen`. Changes made here are lost.
/** `type` of an event → the shape of its `data`. */
export interface EventData {
  'tenancy.TenantCreated': { readonly tenantId: string; readonly name: string; readonly limits: { readonly namespaces: number; readonly instances: number; readonly cpuMillis: number; readonly memoryMiB: number } };
  'tenancy.MemberAdded': { readonly tenantId: string; readonly memberId: string; readonly subject: string; readonly role: "admin" | "viewer" };
  'tenancy.ServiceAccountCreated': { readonly tenantId: string; readonly serviceAccountId: string; readonly name: string; readonly role: "admin" | "viewer" };
  'tenancy.EnvironmentCreated': { readonly environmentId: string; readonly name: string; readonly kind: "DEVELOPMENT" | "TEST" | "STAGING" | "PRODUCTION" };
  'tenancy.NamespaceCreated': { readonly namespaceId: string; readonly environmentId: string; readonly name: string; readonly labels: Readonly<Record<string, string>> };
  'tenancy.NamespaceDeletionRequested': { readonly namespaceId: string; readonly environmentId: string; readonly name: string };
  'tenancy.NamespaceDeleted': { readonly namespaceId: string; readonly environmentId: string; readonly name: string };
  'deploy.NodeRegistered': { readonly nodeId: string; readonly name: string; readonly runtime: "docker" | "simulated"; readonly capacity: { readonly cpuMillis: number; readonly memoryMiB: number }; readonly maxInstances: number };
  'deploy.NodeChanged': { readonly nodeId: string; readonly name: string; readonly runtime: "docker" | "simulated"; readonly capacity: { readonly cpuMillis: number; readonly memoryMiB: number }; readonly maxInstances: number };
  'deploy.NodeBecameReady': { readonly nodeId: string };
  'deploy.NodeBecameUnreachable': { readonly nodeId: string; readonly reason: string };
  'deploy.NamespaceOpened': { readonly namespaceId: string; readonly environmentId: string; readonly name: string };
  'deploy.NamespaceClosed': { readonly namespaceId: string };
  'deploy.NamespaceDrained': { readonly namespaceId: string };
  'deploy.DeploymentCreated': { readonly deploymentId: string; readonly namespaceId: string; readonly name: string; readonly labels: Readonly<Record<string, string>>; readonly replicas: number; readonly strategy: { readonly maxSurge: number; readonly maxUnavailable: number } };
  'deploy.ReleaseCreated': { readonly deploymentId: string; readonly namespaceId: string; readonly releaseId: string; readonly number: number; readonly spec: { readonly image: string; readonly command: ReadonlyArray<string> | null; readonly env: Readonly<Record<string, string>>; readonly ports: ReadonlyArray<{ readonly port: number; readonly protocol: "TCP" | "UDP" }>; readonly resources: { readonly cpuMillis: number; readonly memoryMiB: number }; readonly readiness: { readonly kind: "TCP"; readonly port: number; readonly periodSeconds: number } | { readonly kind: "HTTP"; readonly port: number; readonly path: string; readonly periodSeconds: number } | null } };
  'deploy.RolloutStarted': { readonly deploymentId: string; readonly rolloutId: string; readonly kind: "INITIAL" | "UPGRADE" | "ROLLBACK"; readonly releaseId: string; readonly releaseNumber: number; readonly fromReleaseId: string | null };
  'deploy.RolloutCompleted': { readonly deploymentId: string; readonly rolloutId: string; readonly releaseId: string };
  'deploy.RolloutSuperseded': { readonly deploymentId: string; readonly rolloutId: string; readonly releaseId: string };
  'deploy.RolloutBlocked': { readonly deploymentId: string; readonly reason: "NO_READY_NODE" | "INSUFFICIENT_CAPACITY" | "QUOTA_EXCEEDED"; readonly message: string };
  'deploy.RolloutUnblocked': { readonly deploymentId: string };
  'deploy.DeploymentScaled': { readonly deploymentId: string; readonly replicas: number; readonly from: number };
  'deploy.DeploymentDeletionRequested': { readonly deploymentId: string; readonly namespaceId: string };
  'deploy.DeploymentDeleted': { readonly deploymentId: string; readonly namespaceId: string; readonly name: string };
  'deploy.InstancePlaced': { readonly deploymentId: string; readonly instanceId: string; readonly nodeId: string; readonly namespaceId: string; readonly releaseId: string; readonly labels: Readonly<Record<string, string>>; readonly resources: { readonly cpuMillis: number; readonly memoryMiB: number }; readonly decision: { readonly filtered: ReadonlyArray<{ readonly nodeId: string; readonly reason: string }>; readonly scores: ReadonlyArray<{ readonly nodeId: string; readonly score: number }> } };
  'deploy.InstanceStarted': { readonly deploymentId: string; readonly instanceId: string; readonly nodeId: string };
  'deploy.InstanceReady': { readonly deploymentId: string; readonly instanceId: string; readonly nodeId: string };
  'deploy.InstanceUnready': { readonly deploymentId: string; readonly instanceId: string; readonly nodeId: string; readonly reason: "IMAGE_PULL_FAILED" | "CONTAINER_CREATE_FAILED" | "SANDBOX_FAILED" | "EXITED" | "OUT_OF_MEMORY" | "READINESS_FAILED" | "NODE_LOST"; readonly message: string };
  'deploy.InstanceWaiting': { readonly deploymentId: string; readonly instanceId: string; readonly nodeId: string; readonly reason: "IMAGE_PULL_FAILED" | "CONTAINER_CREATE_FAILED" | "SANDBOX_FAILED" | "EXITED" | "OUT_OF_MEMORY" | "READINESS_FAILED" | "NODE_LOST"; readonly message: string };
  'deploy.InstanceStopRequested': { readonly deploymentId: string; readonly instanceId: string; readonly nodeId: string; readonly reason: "REPLACED" | "SCALED_DOWN" | "DELETED" | "RESCHEDULED" };
  'deploy.InstanceStopped': { readonly deploymentId: string; readonly instanceId: string; readonly nodeId: string; readonly namespaceId: string };
  'deploy.InstanceLost': { readonly deploymentId: string; readonly instanceId: string; readonly nodeId: string; readonly namespaceId: string; readonly reason: "IMAGE_PULL_FAILED" | "CONTAINER_CREATE_FAILED" | "SANDBOX_FAILED" | "EXITED" | "OUT_OF_MEMORY" | "READINESS_FAILED" | "NODE_LOST" };
  'network.NamespaceOpened': { readonly namespaceId: string };
  'network.NamespaceClosed': { readonly namespaceId: string };
  'network.NamespaceDrained': { readonly namespaceId: string };
  'network.SubnetAllocated': { readonly subnetId: string; readonly namespaceId: string; readonly ipv4: string; readonly ipv6: string };
  'network.SubnetReleased': { readonly subnetId: string; readonly namespaceId: string; readonly ipv4: string; readonly ipv6: string };
  'network.EndpointAllocated': { readonly instanceId: string; readonly namespaceId: string; readonly nodeId: string; readonly deploymentId: string; readonly subnetId: string; readonly ipv4: string; readonly ipv6: string; readonly labels: Readonly<Record<string, string>> };
  'network.EndpointRefused': { readonly instanceId: string; readonly namespaceId: string; readonly nodeId: string; readonly deploymentId: string; readonly message: string };
  'network.EndpointSecured': { readonly instanceId: string; readonly namespaceId: string; readonly nodeId: string; readonly generation: number; readonly hash: string; readonly enforcedAt: string };
  'network.EndpointReleased': { readonly instanceId: string; readonly namespaceId: string; readonly nodeId: string; readonly subnetId: string | null };
  'network.IsolationPolicyCreated': { readonly policyId: string; readonly namespaceId: string; readonly name: string; readonly revision: 1; readonly spec: { readonly from: { readonly namespaceId: string; readonly labels: Readonly<Record<string, string>> }; readonly to: { readonly labels: Readonly<Record<string, string>> }; readonly ports: ReadonlyArray<{ readonly protocol: "TCP" | "UDP"; readonly from: number; readonly to: number }> } };
  'network.IsolationPolicyUpdated': { readonly policyId: string; readonly namespaceId: string; readonly revision: number; readonly spec: { readonly from: { readonly namespaceId: string; readonly labels: Readonly<Record<string, string>> }; readonly to: { readonly labels: Readonly<Record<string, string>> }; readonly ports: ReadonlyArray<{ readonly protocol: "TCP" | "UDP"; readonly from: number; readonly to: number }> } };
  'network.IsolationPolicyDeleted': { readonly policyId: string; readonly namespaceId: string; readonly name: string };
  'network.PolicyEnforced': { readonly policyId: string; readonly namespaceId: string; readonly revision: number; readonly nodeId: string; readonly generation: number; readonly hash: string; readonly enforcedAt: string };
}
