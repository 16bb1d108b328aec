// Generated from schema/ by `npm run gen`. Changes made here are lost.
import type * as o from './operations.ts';

export type ComputeNode = o.ComputeNodeFragment;
export type ContainerPort = o.ContainerPortFragment;
export type Deployment = o.DeploymentFragment;
export type Environment = o.EnvironmentFragment;
export type Event = o.EventFragment;
export type FilteredNode = o.FilteredNodeFragment;
export type Instance = o.InstanceFragment;
export type IsolationPolicy = o.IsolationPolicyFragment;
export type Label = o.LabelFragment;
export type Member = o.MemberFragment;
export type Namespace = o.NamespaceFragment;
export type NodeScore = o.NodeScoreFragment;
export type PlacementDecision = o.PlacementDecisionFragment;
export type PolicyReceipt = o.PolicyReceiptFragment;
export type PortRange = o.PortRangeFragment;
export type ProbeResult = o.ProbeResultFragment;
export type Release = o.ReleaseFragment;
export type Rollout = o.RolloutFragment;
export type Subnet = o.SubnetFragment;
export type Tenant = o.TenantFragment;
export type TenantLimits = o.TenantLimitsFragment;
export type TenantSuspension = o.TenantSuspensionFragment;
export type UserError = o.UserErrorFragment;
export type Viewer = o.ViewerFragment;
