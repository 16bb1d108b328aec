// Generated from schema/ by `npm run gen`. Changes made here are lost.

/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
/** How wide a role holds. */
export type ScopeLevel =
  /** In the whole tenant. */
  | 'TENANT'
  /** In one environment, and the namespaces in it. */
  | 'ENVIRONMENT'
  /** In one namespace. */
  | 'NAMESPACE';

/** What a role is given to. */
export type SubjectKind =
  /** A person. */
  | 'MEMBER'
  /** A program. */
  | 'SERVICE_ACCOUNT';

/** A role of the tenant's own to create. */
export type CreateRoleInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** Lower-case letters, digits and hyphens, at most 63; unique in the tenant, and none of the built-in ones. */
  readonly name: string;
  /** What it is for: at most 500 characters. */
  readonly description?: string | null | undefined;
  /** Names of permissions: at least one, and none that you don't have in the whole tenant yourself. */
  readonly permissions: ReadonlyArray<string>;
};

/** A role of the tenant's own to change. What is left out stays as it is. */
export type ChangeRoleInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The role to change. */
  readonly roleId: string;
  /** Its new name. */
  readonly name?: string | null | undefined;
  /** What it is for. */
  readonly description?: string | null | undefined;
  /** All permissions that it is to have: none that you don't have in the whole tenant yourself. */
  readonly permissions?: ReadonlyArray<string> | null | undefined;
};

/** A role of the tenant's own to delete. */
export type DeleteRoleInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The role to delete. */
  readonly roleId: string;
};

/** A role to give to a member or service account. Without `environmentId` and `namespaceId` it holds in the whole tenant. */
export type BindRoleInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The member who is to have it. Give this or `serviceAccountId`. */
  readonly memberId?: string | null | undefined;
  /** The service account that is to have it. */
  readonly serviceAccountId?: string | null | undefined;
  /** A built-in role. Give this or `roleId`. */
  readonly role?: TenantRole | null | undefined;
  /** A role of the tenant's own. */
  readonly roleId?: string | null | undefined;
  /** The environment where it is to hold, and in all its namespaces. */
  readonly environmentId?: string | null | undefined;
  /** The namespace where it is to hold. */
  readonly namespaceId?: string | null | undefined;
};

/** A role to take back. */
export type UnbindRoleInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The binding to end. */
  readonly roleBindingId: string;
};

/** What a member is to be allowed in the whole tenant. */
export type ChangeMemberRoleInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The member. */
  readonly memberId: string;
  /** The role for the whole tenant. Null: none but what is bound. */
  readonly role?: TenantRole | null | undefined;
};

/** A member to remove. */
export type RemoveMemberInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The member. */
  readonly memberId: string;
};

/** A membership of one's own to end. */
export type LeaveTenantInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
};

/** What the addresses of a range are for. */
export type RangePurpose =
  /** Subnets of namespaces are cut out of it. */
  | 'INSTANCES'
  /** Virtual addresses of services, one of each family for each service. It may be a part of a range for instances. */
  | 'SERVICES'
  /** Given to tenants one by one, to be reached from outside. */
  | 'PUBLIC'
  /**
   * For something that isn't the platform's, such as the network of its nodes: nothing is taken out of it. It may be a part of a
   * range for instances.
   */
  | 'RESERVED';

/** How much is left of addresses, as it was told last. What was low is so until twice as much is free as what is low. */
export type AddressSupply =
  /** Nobody need do anything. */
  | 'ENOUGH'
  /** Less than a tenth is free; of few addresses less than eight, or than a quarter. */
  | 'LOW'
  /** Nothing can be given. */
  | 'EXHAUSTED';

/** A further range for the platform. */
export type AddAddressRangeInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** What its addresses are for. */
  readonly purpose: RangePurpose;
  /** CIDR, e.g. `10.128.0.0/12`. */
  readonly cidr: string;
};

/** A range that the platform shall have no longer. */
export type WithdrawAddressRangeInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** Global id of the range. */
  readonly addressRangeId: string;
};

/** A subnet to delete. */
export type DeleteSubnetInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The subnet. */
  readonly subnetId: string;
};

/** Whether a namespace gets further subnets by itself. */
export type SetSubnetGrowthInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The namespace. */
  readonly namespaceId: string;
  /** Whether it gets another one, within its quota, when those that it has are nearly full. */
  readonly automatic: boolean;
};

/** A public address to have. */
export type AllocatePublicAddressInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The namespace that shall hold it. */
  readonly namespaceId: string;
  /** Unique in the namespace. */
  readonly name: string;
  /** Which family, where `address` is left out. */
  readonly family?: AddressFamily | null | undefined;
  /** That one; any free one where left out. While it rests only its last tenant can have it again. */
  readonly address?: string | null | undefined;
};

/** A public address to give back. */
export type ReleasePublicAddressInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The address. */
  readonly publicAddressId: string;
};

/** A port to open to the outside. */
export type CreatePortMappingInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The address that it is a port of. */
  readonly publicAddressId: string;
  /** Transport protocol. */
  readonly protocol?: Protocol | null | undefined;
  /** The port that is open to the outside, 1–65535. */
  readonly port: number;
  /** The deployment to whose instances it leads. Give either this or `serviceId`. */
  readonly deploymentId?: string | null | undefined;
  /** The service to whose instances it leads. Give either this or `deploymentId`. */
  readonly serviceId?: string | null | undefined;
  /** The port of the instances, or that of the service; the same as `port` where left out. */
  readonly targetPort?: number | null | undefined;
};

/** A port mapping to delete. */
export type DeletePortMappingInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The mapping. */
  readonly portMappingId: string;
};

/** What became of what was asked. */
export type AuditOutcome =
  /** It was done. */
  | 'ACCEPTED'
  /** It wasn't done; the record has the code. */
  | 'REFUSED'
  /** No answer came. What it changed, if anything, stands in the log under its correlation. */
  | 'UNKNOWN';

/** Which records are meant: those that fulfil all that is given. */
export type AuditFilter = {
  /** Who did it, e.g. `user:ada`. */
  readonly actor?: string | null | undefined;
  /** What it is, e.g. `audit.SignedIn`; with a star at the end all that begin so, e.g. `audit.*`. */
  readonly type?: string | null | undefined;
  /** Global id of what it is about. */
  readonly resource?: string | null | undefined;
  /** Not before this time. */
  readonly since?: string | null | undefined;
  /** Before this time. */
  readonly until?: string | null | undefined;
  /** Requests with this outcome; events have none. */
  readonly outcome?: AuditOutcome | null | undefined;
};

/** What a batch does to each of its deployments. */
export type BatchOperationKind =
  /** A new release with what is changed, and a rollout to it. */
  | 'UPGRADE'
  /** A rollout back to its last known good release. */
  | 'ROLLBACK'
  /** A new release that is as the one before, so that every instance is replaced. */
  | 'RESTART'
  /** So many replicas. */
  | 'SCALE'
  /** Its rollout, where one is under way, stands still. */
  | 'SUSPEND'
  /** Its rollout, where it stands still or has failed, goes on. */
  | 'RESUME';

/** How far a batch is. */
export type BatchStatus =
  /** Wave by wave. */
  | 'RUNNING'
  /** Nothing further is begun until it is resumed; what is under way goes on. */
  | 'PAUSED'
  /** More than `maxFailures` have failed: nothing further is begun until it is resumed. See `statusMessage`. */
  | 'STOPPED'
  /** Nothing further is begun, for good; what is under way goes on until `endedAt`. */
  | 'CANCELLED'
  /** None is left. */
  | 'COMPLETED';

/** What has become of a deployment of a batch. */
export type BatchItemStatus =
  /** Its wave, or its turn in it, has not come. */
  | 'WAITING'
  /** Is under way. */
  | 'RUNNING'
  /** Is as it was to be: its rollout is complete, its instances are ready. */
  | 'SUCCEEDED'
  /** Was so already: nothing was done. */
  | 'UNCHANGED'
  /** Was refused, or its rollout has failed, or another one took over. See `code` and `message`. */
  | 'FAILED'
  /** Is gone, or was never begun since the batch was cancelled. */
  | 'SKIPPED';

/** How far a wave is. */
export type BatchWaveStatus =
  /** Has not begun. */
  | 'WAITING'
  /** Has begun. */
  | 'RUNNING'
  /** All of it is over. */
  | 'DONE';

/** What a batch would do to a deployment. */
export type BatchVerdict =
  /** It would change it. */
  | 'CHANGED'
  /** It is as it is to be already. */
  | 'UNCHANGED'
  /** It can't. See `code` and `message`. */
  | 'REFUSED';

/** What to do to each deployment. What belongs to another kind is refused. */
export type BatchOperationInput = {
  /** What kind of thing. */
  readonly kind: BatchOperationKind;
  /** Of UPGRADE: the image that each comes to run, by digest; left out: each its own. */
  readonly image?: string | null | undefined;
  /** Of UPGRADE: of each instance, in thousandths of a core; left out: as before. */
  readonly cpuMillis?: number | null | undefined;
  /** Of UPGRADE: of each instance, in MiB; left out: as before. */
  readonly memoryMiB?: number | null | undefined;
  /** Of SCALE: 0–1000. */
  readonly replicas?: number | null | undefined;
  /** Of ROLLBACK; GRADUAL where left out. */
  readonly pace?: RolloutPace | null | undefined;
};

/** A batch to start. */
export type StartBatchInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** Global id of a namespace or of an environment: only deployments in there. */
  readonly scopeId: string;
  /** Deployments that have all of these labels, 1–32. */
  readonly labels: ReadonlyArray<LabelInput>;
  /** What to do to each. */
  readonly operation: BatchOperationInput;
  /** How many are under way at the same time, 1–1000. Give this or `wavePercent`; 10 % where neither is given. */
  readonly waveSize?: number | null | undefined;
  /** The same in percent of all, 1–100, rounded up. */
  readonly wavePercent?: number | null | undefined;
  /** How long it waits between two waves, 0–86400. */
  readonly pauseSeconds?: number | null | undefined;
  /** It stops once more than these have failed. */
  readonly maxFailures?: number | null | undefined;
  /** `confirm` of the `batchPreview`: needed for more than 50 deployments, and where given it must fit. */
  readonly confirm?: string | null | undefined;
};

/** A batch to pause. */
export type PauseBatchInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The batch. */
  readonly batchId: string;
};

/** A batch that is to go on. */
export type ResumeBatchInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The batch. */
  readonly batchId: string;
};

/** A batch to cancel. */
export type CancelBatchInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The batch. */
  readonly batchId: string;
};

/** A label to set or to select by. */
export type LabelInput = {
  /** 1–63 letters, digits, dots, underscores or hyphens. */
  readonly key: string;
  /** 1–63 letters, digits, dots, underscores or hyphens. */
  readonly value: string;
};

/** What a logged connection speaks. */
export type LoggedProtocol =
  /** Transmission Control Protocol. */
  | 'TCP'
  /** User Datagram Protocol. */
  | 'UDP'
  /** ICMP in IPv4, ICMPv6 in IPv6. */
  | 'ICMP'
  /** None that a policy can name. */
  | 'OTHER';

/** What kind of thing is deleted as a process. */
export type DeletionTarget =
  /** A tenant, with everything that it has. */
  | 'TENANT'
  /** An environment, with its namespaces. */
  | 'ENVIRONMENT';

/** RETAINED: can be cancelled · PURGING: destroys · CANCELLED · COMPLETED: nothing is left. */
export type DeletionStatus =
  /** Nothing new is admitted; nothing is destroyed yet, and it can be cancelled. */
  | 'RETAINED'
  /** Things are being destroyed: it only goes on. */
  | 'PURGING'
  /** Taken back: everything is as it was. */
  | 'CANCELLED'
  /** Nothing is left, as every service has counted. */
  | 'COMPLETED';

/** The steps of a deletion, in their order. */
export type DeletionStepName =
  /** Nothing new is admitted from here on. */
  | 'CLOSE'
  /** It can be taken back for a while. Of tenants only. */
  | 'RETAIN'
  /** Deployments and instances stop, on every node. */
  | 'STOP_WORKLOADS'
  /** Addresses, rules, policies and subnets are given back. */
  | 'RELEASE_NETWORK'
  /** Namespaces go, and their names are free. */
  | 'DELETE_NAMESPACES'
  /** Environments go, and their names are free. */
  | 'DELETE_ENVIRONMENTS'
  /** Who may do what goes; names, quotas and marks are let go of; of a tenant the keys of personal data are destroyed. */
  | 'REMOVE_ACCESS'
  /** The API shows it no longer. */
  | 'DELETE_RECORDS'
  /** Every service counts what it has left: nothing. */
  | 'VERIFY';

/** How far a step is. */
export type DeletionStepStatus =
  /** Waits for the steps before it. */
  | 'PENDING'
  /** Is being done. */
  | 'RUNNING'
  /** Is done. */
  | 'DONE';

/** Why something can't be deleted, or what its deletion does to others. */
export type DeletionFindingCode =
  /** It is protected from deletion, or something in it is. */
  | 'PROTECTED'
  /** The operator lets nothing of the tenant be destroyed. */
  | 'LEGAL_HOLD'
  /** It is being deleted already. */
  | 'BEING_DELETED'
  /** Its tenant is suspended, and changes nothing. */
  | 'SUSPENDED'
  /** Something outside of it refers to it: an isolation policy of another namespace. */
  | 'REFERENCED'
  /** A deployment in it is being changed. */
  | 'ROLLING_OUT';

/** An environment to delete. */
export type DeleteEnvironmentInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The environment to delete, with all that is in it. */
  readonly environmentId: string;
  /** `confirm` of its `deletionPlan`. */
  readonly confirm: string;
};

/** A tenant to delete. */
export type DeleteTenantInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says which tenant; its owners leave it out. */
  readonly tenantId?: string | null | undefined;
  /** `confirm` of its `deletionPlan`. */
  readonly confirm: string;
  /**
   * For how many hours it can be taken back, 0–8760; null for the platform's default, 720 (30 days). 0 destroys it at once.
   * The operator alone says so.
   */
  readonly retentionHours?: number | null | undefined;
};

/** A tenant to take back. */
export type UndeleteTenantInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says which tenant; its owners leave it out. */
  readonly tenantId?: string | null | undefined;
};

/** A deletion to cancel. */
export type CancelDeletionInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deletion, while it is RETAINED. */
  readonly deletionId: string;
};

/** What to protect from deletion, or no longer. */
export type SetDeletionProtectionInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** A tenant, an environment or a namespace. */
  readonly id: string;
  /** Whether it is protected from now on. */
  readonly enabled: boolean;
};

/** A tenant of which nothing may be destroyed, or again may. */
export type SetLegalHoldInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The tenant. */
  readonly tenantId: string;
  /** Why, 1–500 characters; null ends the hold. */
  readonly reason?: string | null | undefined;
};

/**
 * PROGRESSING: a rollout or a change of scale is under way · PAUSED: its rollout waits at a step · SUSPENDED: its rollout stands still · FAILED: its rollout has failed, see
 * `statusMessage` · BLOCKED: it can't go on, see `statusMessage` · STEADY: as wanted · DELETING.
 */
export type DeploymentStatus =
  /** A rollout or a change of scale is under way. */
  | 'PROGRESSING'
  /** Its rollout waits at a step, until its time or until it is promoted. */
  | 'PAUSED'
  /** Its rollout stands still until it is resumed. */
  | 'SUSPENDED'
  /** Its rollout has failed, and nothing moves until somebody decides, or it is rolled back by itself. */
  | 'FAILED'
  /** A rollout or a change of scale can't go on for now; it goes on by itself once the reason is gone. */
  | 'BLOCKED'
  /** As many instances of the current release are ready as are wanted, and no others are left. */
  | 'STEADY'
  /** Its instances are being stopped; it goes when none is left. */
  | 'DELETING';

/** How a process is asked how it fares. */
export type ProbeKind =
  /** A connection to the port is taken. */
  | 'TCP'
  /** A GET of the path is answered with a status from 200 to 399. */
  | 'HTTP'
  /** A program, run inside the container, ends with exit code 0. */
  | 'EXEC';

/** What becomes of a process that ends. */
export type ProcessKind =
  /** Runs on, and is started again when it ends. */
  | 'SERVICE'
  /** Runs until it has ended with exit code 0 once; until then it is started again. */
  | 'TASK';

/** What another process must be before one is first started. */
export type DependencyCondition =
  /** It runs, and its startup probe, where it has one, has succeeded. */
  | 'STARTED'
  /** It serves. Of services. */
  | 'READY'
  /** It has ended with exit code 0. Of tasks. */
  | 'COMPLETED';

/** How far a process is. */
export type ProcessStatus =
  /** Not started yet; `message` says what it waits for. */
  | 'PENDING'
  /** Can't be started for now; is tried again. */
  | 'WAITING'
  /** Runs, and isn't ready yet, or hasn't ended yet. */
  | 'STARTING'
  /** Serves. */
  | 'READY'
  /** Was started, and doesn't serve. */
  | 'UNREADY'
  /** A task that has ended with exit code 0. */
  | 'COMPLETED';

/** What a rollout is for. */
export type RolloutKind =
  /** The first release. */
  | 'INITIAL'
  /** A new release. */
  | 'UPGRADE'
  /** Back to an earlier release. */
  | 'ROLLBACK';

/** How far a rollout is. */
export type RolloutStatus =
  /** Instances are being replaced. */
  | 'RUNNING'
  /** It waits at a step, until its time or until it is promoted. */
  | 'PAUSED'
  /** It stands still until it is resumed. */
  | 'SUSPENDED'
  /** It has made no progress for too long, and stands still: see `statusMessage`. */
  | 'FAILED'
  /** All wanted instances are of its release and ready. */
  | 'COMPLETED'
  /** Another rollout took over before it was done. */
  | 'SUPERSEDED';

/**
 * PLACED: has a node · ADDRESSED: has its addresses · SECURED: its rules are in force · STARTED: its process runs ·
 * READY · UNREADY: was started, and doesn't serve · WAITING: can't start for now, is tried again · STOPPING.
 * See `statusReason` and `statusMessage`.
 */
export type InstanceStatus =
  /** Has a node. */
  | 'PLACED'
  /** Has its addresses. */
  | 'ADDRESSED'
  /** Its rules are in force on its node; only now may it start. */
  | 'SECURED'
  /** Its process runs. */
  | 'STARTED'
  /** Serves. */
  | 'READY'
  /** Was started, and doesn't serve. */
  | 'UNREADY'
  /** Can't start for now; is tried again. */
  | 'WAITING'
  /** Is being stopped and removed. */
  | 'STOPPING';

/** Whether its agent is heard of. */
export type ComputeNodeStatus =
  /** Takes instances. */
  | 'READY'
  /** Its agent isn't heard of: what it runs goes on running, and nothing new is placed there. */
  | 'UNREACHABLE'
  /** Its agent wasn't heard of for so long that what it ran counts as gone, and is replaced elsewhere. */
  | 'LOST';

/** What runs containers on a node. */
export type Runtime =
  /** Docker Engine. */
  | 'DOCKER'
  /** Nothing real: states are played through. */
  | 'SIMULATED';

/** A port that the containers serve. */
export type ContainerPortInput = {
  /** 1–65535. */
  readonly port: number;
  /** Transport protocol. */
  readonly protocol?: Protocol | null | undefined;
};

/** Asked until the process is ready, and on. It gets no connections while it isn't ready; it goes on running. */
export type ReadinessProbeInput = {
  /** TCP connects to `port`, HTTP asks it for `path`, EXEC runs `command` inside the container. */
  readonly protocol?: ProbeKind | null | undefined;
  /** For TCP and HTTP: one of the TCP ports that the containers serve, 1–65535. */
  readonly port?: number | null | undefined;
  /** For HTTP. */
  readonly path?: string | null | undefined;
  /** For EXEC: the program and its arguments, without a shell; 0 as exit code is success. What it writes is dropped. */
  readonly command?: ReadonlyArray<string> | null | undefined;
  /** How long after the start of its process it is first asked, 0–3600. */
  readonly initialDelaySeconds?: number | null | undefined;
  /** How often it is asked, 1–300. */
  readonly periodSeconds?: number | null | undefined;
  /** How long an answer may take, 1–60; a program that takes longer is killed. */
  readonly timeoutSeconds?: number | null | undefined;
  /** So many failures in a row and one that was ready no longer is, 1–100. */
  readonly failureThreshold?: number | null | undefined;
  /** So many successes in a row make it ready, 1–100. */
  readonly successThreshold?: number | null | undefined;
};

/** Asked of startup or of liveness. A process that fails it is ended, with its time to stop, and started again. */
export type ProbeInput = {
  /** TCP connects to `port`, HTTP asks it for `path`, EXEC runs `command` inside the container. */
  readonly protocol?: ProbeKind | null | undefined;
  /** For TCP and HTTP: one of the TCP ports that the containers serve, 1–65535. */
  readonly port?: number | null | undefined;
  /** For HTTP. */
  readonly path?: string | null | undefined;
  /** For EXEC: the program and its arguments, without a shell; 0 as exit code is success. What it writes is dropped. */
  readonly command?: ReadonlyArray<string> | null | undefined;
  /** How long after the start of its process it is first asked, 0–3600. */
  readonly initialDelaySeconds?: number | null | undefined;
  /** How often it is asked, 1–300. */
  readonly periodSeconds?: number | null | undefined;
  /** How long an answer may take, 1–60; a program that takes longer is killed. */
  readonly timeoutSeconds?: number | null | undefined;
  /** After so many failures in a row it is ended, 1–100. */
  readonly failureThreshold?: number | null | undefined;
};

/** An environment variable of the containers. Values are shown nowhere. */
export type EnvironmentVariableInput = {
  /** A letter or underscore, then letters, digits or underscores; at most 128. */
  readonly name: string;
  /** At most 4,096 characters. */
  readonly value: string;
};

/** What a process waits for before it is first started. */
export type ProcessDependencyInput = {
  /** Name of another one. */
  readonly process: string;
  /** What that must be. */
  readonly condition?: DependencyCondition;
};

/** One of several processes of an instance. They share its addresses, and so each port can be served by one of them only. */
export type ProcessInput = {
  /** 1–30 lower-case letters, digits or hyphens, a letter first; unique in the deployment. */
  readonly name: string;
  /** What becomes of it when it ends. */
  readonly kind?: ProcessKind | null | undefined;
  /** `registry/repository@sha256:…`, from a registry that the platform allows. */
  readonly image: string;
  /** Overrides the image's command. */
  readonly command?: ReadonlyArray<string> | null | undefined;
  /** Environment of the container. */
  readonly env?: ReadonlyArray<EnvironmentVariableInput> | null | undefined;
  /** What it serves. */
  readonly ports?: ReadonlyArray<ContainerPortInput> | null | undefined;
  /** Its limit and reservation, in thousandths of a core. */
  readonly cpuMillis?: number | null | undefined;
  /** Its limit and reservation, in MiB. */
  readonly memoryMiB?: number | null | undefined;
  /** What must be before it is first started, at most 16. When it ends later it is started again by itself, whatever the others do. */
  readonly dependsOn?: ReadonlyArray<ProcessDependencyInput> | null | undefined;
  /** When it counts as ready; without it, as soon as it runs. Not of tasks. */
  readonly readiness?: ReadinessProbeInput | null | undefined;
  /** What ends it and starts it again where it fails. Not of tasks. */
  readonly liveness?: ProbeInput | null | undefined;
  /** What has to succeed once after each start before readiness and liveness are asked. Not of tasks. */
  readonly startup?: ProbeInput | null | undefined;
};

/** A deployment to create, and its first release. */
export type CreateDeploymentInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The namespace to create it in. */
  readonly namespaceId: string;
  /** Unique in the namespace. */
  readonly name: string;
  /** What policies and batches select by; every instance carries them, and `atoll.deployment` with the name. */
  readonly labels?: ReadonlyArray<LabelInput> | null | undefined;
  /** 0–1000. */
  readonly replicas?: number | null | undefined;
  /**
   * `registry/repository@sha256:…`, from a registry that the platform allows. Either this and the fields of one process below, or
   * `processes`.
   */
  readonly image?: string | null | undefined;
  /**
   * Several processes, at most 16, at least one of them a SERVICE: the first such is the main one. Instead of `image`, `command`,
   * `env`, `ports`, `cpuMillis`, `memoryMiB` and probes.
   */
  readonly processes?: ReadonlyArray<ProcessInput> | null | undefined;
  /** Overrides the image's command. */
  readonly command?: ReadonlyArray<string> | null | undefined;
  /** Environment of the containers. */
  readonly env?: ReadonlyArray<EnvironmentVariableInput> | null | undefined;
  /** What the containers serve. */
  readonly ports?: ReadonlyArray<ContainerPortInput> | null | undefined;
  /** Limit and reservation of each instance, in thousandths of a core. */
  readonly cpuMillis?: number | null | undefined;
  /** Limit and reservation of each instance, in MiB. */
  readonly memoryMiB?: number | null | undefined;
  /** When an instance counts as ready; without it, as soon as it runs. */
  readonly readiness?: ReadinessProbeInput | null | undefined;
  /** What ends its process and starts it again where it fails. */
  readonly liveness?: ProbeInput | null | undefined;
  /** What has to succeed once after each start before readiness and liveness are asked: for processes that start slowly. */
  readonly startup?: ProbeInput | null | undefined;
  /** Rolling upgrades: how many instances there may be above `replicas`, 0–100. Not 0 together with `maxUnavailable`. */
  readonly maxSurge?: number | null | undefined;
  /** Rolling upgrades: how many of `replicas` may be missing, 0–100. */
  readonly maxUnavailable?: number | null | undefined;
  /** A rollout that makes no progress for so many seconds has failed, 5–86400: 600 where left out; null: never. */
  readonly progressDeadlineSeconds?: number | null | undefined;
  /** What follows a rollout that has failed. */
  readonly onFailure?: OnRolloutFailure | null | undefined;
  /** How its rollouts replace; ROLLING where left out. */
  readonly rolloutStrategy?: RolloutStrategyInput | null | undefined;
  /** What it asks of the places of its instances; nothing where left out. */
  readonly placement?: PlacementWishesInput | null | undefined;
  /**
   * Never more than `replicas` run at once, wherever, also where a node is cut off: it stops its own before they are replaced. Needs
   * `maxSurge` 0, and stays as it is.
   */
  readonly fenced?: boolean | null | undefined;
};

/** What is left out stays as in the newest release. */
export type UpgradeDeploymentInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deployment to upgrade. */
  readonly deploymentId: string;
  /** Only if the deployment is still at this version. */
  readonly expectedVersion?: number | null | undefined;
  /**
   * `registry/repository@sha256:…`, from a registry that the platform allows. This and the fields of one process below change the
   * main one; the others stay.
   */
  readonly image?: string | null | undefined;
  /** All processes anew, instead of the fields of one. */
  readonly processes?: ReadonlyArray<ProcessInput> | null | undefined;
  /** Overrides the image's command; null goes back to the image's own. */
  readonly command?: ReadonlyArray<string> | null | undefined;
  /** The whole environment of the containers. */
  readonly env?: ReadonlyArray<EnvironmentVariableInput> | null | undefined;
  /** All that the containers serve. */
  readonly ports?: ReadonlyArray<ContainerPortInput> | null | undefined;
  /** Limit and reservation of each instance, in thousandths of a core. */
  readonly cpuMillis?: number | null | undefined;
  /** Limit and reservation of each instance, in MiB. */
  readonly memoryMiB?: number | null | undefined;
  /** When an instance counts as ready; null: as soon as it runs. */
  readonly readiness?: ReadinessProbeInput | null | undefined;
  /** What ends its process and starts it again where it fails; null: nothing does. */
  readonly liveness?: ProbeInput | null | undefined;
  /** What has to succeed once after each start before the others are asked; null: nothing. */
  readonly startup?: ProbeInput | null | undefined;
};

/** A deployment to roll back. */
export type RollbackDeploymentInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deployment to roll back. */
  readonly deploymentId: string;
  /** Only if the deployment is still at this version. */
  readonly expectedVersion?: number | null | undefined;
  /** Number of the release to go back to; where left out, the newest other one whose rollout completed and that neither failed nor was rolled back from since. */
  readonly toRelease?: number | null | undefined;
  /** How it replaces. */
  readonly pace?: RolloutPace | null | undefined;
};

/** A deployment to scale. */
export type ScaleDeploymentInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deployment to scale. */
  readonly deploymentId: string;
  /** Only if the deployment is still at this version. */
  readonly expectedVersion?: number | null | undefined;
  /** 0–1000. */
  readonly replicas: number;
};

/** A deployment to delete. */
export type DeleteDeploymentInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deployment to delete. */
  readonly deploymentId: string;
  /** Only if the deployment is still at this version. */
  readonly expectedVersion?: number | null | undefined;
};

/** What of an environment is to change; what is left out stays. */
export type ChangeEnvironmentInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The environment to change. */
  readonly environmentId: string;
  /** Another name. */
  readonly name?: string | null | undefined;
  /** Another stage. */
  readonly kind?: EnvironmentKind | null | undefined;
};

/** Where an environment's releases are promoted to. */
export type SetPromotionInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The environment. */
  readonly environmentId: string;
  /** All environments that its releases are promoted to, at most 20; empty for none. */
  readonly promotesTo: ReadonlyArray<string>;
};

/** Which images an environment may run. */
export type SetImageRulesInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The environment. */
  readonly environmentId: string;
  /** Patterns, at most 100, of which an image must match one: see `ImageRules.allowed`. Null for any registry of the platform, empty for none at all. */
  readonly allowed?: ReadonlyArray<string> | null | undefined;
  /** Only images that have run in an environment that promotes to this one. */
  readonly promotedOnly?: boolean | null | undefined;
};

/** Signatures that issuers may use (RFC 7518, RFC 8037): asymmetric ones alone. */
export type IssuerAlgorithm =
  /** RSA, PKCS #1 v1.5, SHA-256. */
  | 'RS256'
  /** RSA, PKCS #1 v1.5, SHA-384. */
  | 'RS384'
  /** RSA, PKCS #1 v1.5, SHA-512. */
  | 'RS512'
  /** RSA, PSS, SHA-256. */
  | 'PS256'
  /** RSA, PSS, SHA-384. */
  | 'PS384'
  /** RSA, PSS, SHA-512. */
  | 'PS512'
  /** ECDSA, P-256, SHA-256. */
  | 'ES256'
  /** ECDSA, P-384, SHA-384. */
  | 'ES384'
  /** ECDSA, P-521, SHA-512. */
  | 'ES512'
  /** Ed25519. */
  | 'EdDSA';

/** Which tokens of an issuer are accepted. */
export type TokenTypes =
  /** Access tokens alone, by their `typ` `at+jwt` (RFC 9068): the safe choice where the issuer makes them. */
  | 'ACCESS_TOKEN'
  /** Also JWTs without that `typ`, where the issuer makes no others; with an audience that nothing else has. */
  | 'ANY_JWT';

/** Whether a service account may act. */
export type ServiceAccountStatus =
  /** It may. */
  | 'ACTIVE'
  /** Its secrets, tokens and keys open nothing, until it is enabled again. */
  | 'DISABLED';

/** What became of an invitation. */
export type InvitationStatus =
  /** Nothing yet. */
  | 'OPEN'
  /** A member. */
  | 'ACCEPTED'
  /** It was taken back. */
  | 'REVOKED';

/** Names of claims. */
export type IssuerClaimsInput = {
  /** Names the person, for good: it must never be given to somebody else. */
  readonly subject?: string;
  /** Their address. */
  readonly email?: string | null | undefined;
  /** What people call them. */
  readonly name?: string | null | undefined;
  /** A list of groups. */
  readonly groups?: string | null | undefined;
};

/** What a group may do. */
export type GroupRoleInput = {
  /** A value of the groups claim. */
  readonly group: string;
  /** The role; OWNER is refused. */
  readonly role: TenantRole;
};

/** An issuer to accept tokens of. */
export type RegisterIssuerInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** Lower-case letters, digits and hyphens, at most 63. */
  readonly name: string;
  /** The `iss` of its tokens, to the letter. */
  readonly url: string;
  /** What must be in the `aud` of its tokens: what the issuer calls this platform. */
  readonly audience: string;
  /** What it may sign with. */
  readonly algorithms?: ReadonlyArray<IssuerAlgorithm>;
  /** Which of its tokens are accepted. */
  readonly tokenTypes?: TokenTypes;
  /** Which claims say what; without it, `sub` names the person. */
  readonly claims?: IssuerClaimsInput | null | undefined;
  /** Roles that groups give to those who are no members; the first that fits. At most 50. */
  readonly groupRoles?: ReadonlyArray<GroupRoleInput> | null | undefined;
};

/** An issuer to change; what is null stays as it is. */
export type ChangeIssuerInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The issuer to change. */
  readonly issuerId: string;
  /** Only if the issuer is still at this version. */
  readonly expectedVersion?: number | null | undefined;
  /** Another name. */
  readonly name?: string | null | undefined;
  /** Another audience. */
  readonly audience?: string | null | undefined;
  /** Other algorithms. */
  readonly algorithms?: ReadonlyArray<IssuerAlgorithm> | null | undefined;
  /** Other tokens. */
  readonly tokenTypes?: TokenTypes | null | undefined;
  /** Other claims, all of them. */
  readonly claims?: IssuerClaimsInput | null | undefined;
  /** Other roles of groups, all of them. */
  readonly groupRoles?: ReadonlyArray<GroupRoleInput> | null | undefined;
};

/** An issuer to remove. */
export type RemoveIssuerInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The issuer to remove. */
  readonly issuerId: string;
};

/** An API key to create. */
export type CreateApiKeyInput = {
  /** Repeat a request with its key to get the first answer again, the secret included; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** Lower-case letters, digits and hyphens, at most 63. */
  readonly name: string;
  /** The service account that the key is for; null: yourself. */
  readonly serviceAccountId?: string | null | undefined;
  /** Permissions that it is restricted to, e.g. `deployment:read`; null: all that its owner has, now and later. */
  readonly scopes?: ReadonlyArray<string> | null | undefined;
  /** When it ends by itself; null: never. */
  readonly expiresAt?: string | null | undefined;
};

/** An API key to revoke. */
export type RevokeApiKeyInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The key to revoke; others than your own ask for the permission `apiKey:manage`. */
  readonly apiKeyId: string;
};

/** A service account that gets another secret. */
export type RotateServiceAccountSecretInput = {
  /** Repeat a request with its key to get the first answer again, the secret included; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The service account. */
  readonly serviceAccountId: string;
  /** How long the secret from before stays good: 0 to 2592000 seconds (30 days). */
  readonly overlapSeconds?: number;
};

/** A service account to disable. */
export type DisableServiceAccountInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The service account. */
  readonly serviceAccountId: string;
};

/** A service account to enable. */
export type EnableServiceAccountInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The service account. */
  readonly serviceAccountId: string;
};

/** A service account to delete. */
export type DeleteServiceAccountInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The service account. */
  readonly serviceAccountId: string;
};

/** Somebody to invite. */
export type InviteMemberInput = {
  /** Repeat a request with its key to get the first answer again, the secret included; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The role that they get; no higher one than your own. */
  readonly role: TenantRole;
  /** What you call it, at most 200 characters, e.g. the team; no personal data. */
  readonly label?: string | null | undefined;
  /** Whom it is for: told to nobody but readers of invitations, kept encrypted, and erased when the invitation ends. */
  readonly email?: string | null | undefined;
  /** How long it can be accepted: 60 to 2592000 seconds (30 days). */
  readonly validSeconds?: number;
};

/** An invitation to take back. */
export type RevokeInvitationInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The invitation to take back. */
  readonly invitationId: string;
};

/** An invitation to accept. */
export type AcceptInvitationInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The token of the invitation, `ati_…`. */
  readonly token: string;
};

/** Which labels an environment has. */
export type SetEnvironmentLabelsInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The environment. */
  readonly environmentId: string;
  /** All of its labels, at most 32; empty for none. */
  readonly labels: ReadonlyArray<LabelInput>;
};

/** Which labels a namespace has. */
export type SetNamespaceLabelsInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The namespace. */
  readonly namespaceId: string;
  /** All of its labels, at most 32; empty for none. */
  readonly labels: ReadonlyArray<LabelInput>;
  /** Only if the namespace is still at this version. */
  readonly expectedVersion?: number | null | undefined;
};

/** Which labels a deployment has. */
export type SetDeploymentLabelsInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deployment. */
  readonly deploymentId: string;
  /** All of its labels, at most 31; empty for none. */
  readonly labels: ReadonlyArray<LabelInput>;
  /** Only if the deployment is still at this version. */
  readonly expectedVersion?: number | null | undefined;
};

/** Which labels an isolation policy has. */
export type SetIsolationPolicyLabelsInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The isolation policy. */
  readonly policyId: string;
  /** All of its labels, at most 32; empty for none. */
  readonly labels: ReadonlyArray<LabelInput>;
  /** Only if the isolation policy is still at this version. */
  readonly expectedVersion?: number | null | undefined;
};

/** Which labels a service has. */
export type SetServiceLabelsInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The service. */
  readonly serviceId: string;
  /** All of its labels, at most 32; empty for none. */
  readonly labels: ReadonlyArray<LabelInput>;
  /** Only if the service is still at this version. */
  readonly expectedVersion?: number | null | undefined;
};

/** Which labels a tenant has. */
export type SetTenantLabelsInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** All of its labels, at most 32; empty for none. */
  readonly labels: ReadonlyArray<LabelInput>;
};

/** Which labels a service account has. */
export type SetServiceAccountLabelsInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The service account. */
  readonly serviceAccountId: string;
  /** All of its labels, at most 32; empty for none. */
  readonly labels: ReadonlyArray<LabelInput>;
};

/** Where a process writes to. */
export type LogStream =
  /** Its standard output. */
  | 'STDOUT'
  /** Its standard error. */
  | 'STDERR';

/** A place in the log of one instance. */
export type LogPlaceInput = {
  /** Global id of the instance. */
  readonly instanceId: string;
  /** A cursor of its lines, or of a part of its log. */
  readonly cursor: string;
};

/** A transport protocol. */
export type Protocol =
  /** Transmission Control Protocol. */
  | 'TCP'
  /** User Datagram Protocol. */
  | 'UDP';

/** What becomes of the connections that a policy decides about. */
export type PolicyAction =
  /** They are let through. */
  | 'ALLOW'
  /** They are dropped; established ones are cut. */
  | 'DENY';

/** What a side of a policy names. */
export type PolicyPeerKind =
  /** Instances of one namespace, by their labels. */
  | 'INSTANCES'
  /** Instances of all namespaces of an environment, by their labels. */
  | 'ENVIRONMENT'
  /** The instances behind a service. */
  | 'SERVICE'
  /** Addresses outside of the platform. */
  | 'CIDR';

/** What connections speak. */
export type TrafficProtocol =
  /** Transmission Control Protocol. */
  | 'TCP'
  /** User Datagram Protocol. */
  | 'UDP'
  /** ICMP in IPv4 and ICMPv6 in IPv6. */
  | 'ICMP';

/** A message of ICMP. */
export type IcmpType =
  /** What `ping` sends. */
  | 'ECHO_REQUEST';

/** A day of the week. */
export type WeekDay =
  /** Monday. */
  | 'MONDAY'
  /** Tuesday. */
  | 'TUESDAY'
  /** Wednesday. */
  | 'WEDNESDAY'
  /** Thursday. */
  | 'THURSDAY'
  /** Friday. */
  | 'FRIDAY'
  /** Saturday. */
  | 'SATURDAY'
  /** Sunday. */
  | 'SUNDAY';

/**
 * CONNECTED: it answered · REFUSED: it was reached and nobody listens · TIMED_OUT: no answer, as when dropped ·
 * UNREACHABLE: no way there · NOT_RUNNING: the instance isn't there to ask from.
 */
export type ProbeOutcome =
  /** It answered. */
  | 'CONNECTED'
  /** It was reached, and nobody listens. */
  | 'REFUSED'
  /** No answer, as when dropped. */
  | 'TIMED_OUT'
  /** No way there. */
  | 'UNREACHABLE'
  /** The instance isn't there to ask from. */
  | 'NOT_RUNNING';

/** What a probe speaks. */
export type ProbeProtocol =
  /** Connects only. */
  | 'TCP'
  /** Connects and asks for a path. */
  | 'HTTP';

/** Ports to open. */
export type PortRangeInput = {
  /** Transport protocol. */
  readonly protocol?: Protocol | null | undefined;
  /** First port, 1–65535. */
  readonly from: number;
  /** Last port; the same as the first where left out. */
  readonly to?: number | null | undefined;
};

/** Where connections may come from. */
export type PolicyPeerInput = {
  /** Instances of this namespace of yours; the policy's own where left out. */
  readonly namespaceId?: string | null | undefined;
  /** With all of these labels; all instances where empty. */
  readonly labels?: ReadonlyArray<LabelInput> | null | undefined;
};

/** Instances of one namespace. */
export type InstancesPeerInput = {
  /** Their namespace; the policy's own where left out. */
  readonly namespaceId?: string | null | undefined;
  /** They carry all of these; all instances where empty. */
  readonly labels?: ReadonlyArray<LabelInput> | null | undefined;
};

/** Instances of all namespaces of an environment, also of later ones. */
export type EnvironmentPeerInput = {
  /** The environment. */
  readonly environmentId: string;
  /** They carry all of these; all instances where empty. */
  readonly labels?: ReadonlyArray<LabelInput> | null | undefined;
};

/** The instances behind a service. */
export type ServicePeerInput = {
  /** The service. */
  readonly serviceId: string;
};

/** Addresses outside of the platform. */
export type CidrPeerInput = {
  /** A range of IPv4 or IPv6 without bits behind its prefix, e.g. `203.0.113.0/24` or `2001:db8::/32`; `0.0.0.0/0` and `::/0` for all. */
  readonly cidr: string;
  /** Ranges within it that are left out, at most 16. */
  readonly except?: ReadonlyArray<string> | null | undefined;
};

/** One of what a side of a policy names: give exactly one of its fields. */
export type PolicySideInput = {
  /** Instances of one namespace. */
  readonly instances?: InstancesPeerInput | null | undefined;
  /** Instances of an environment. */
  readonly environment?: EnvironmentPeerInput | null | undefined;
  /** The instances behind a service. */
  readonly service?: ServicePeerInput | null | undefined;
  /** Addresses outside of the platform. */
  readonly cidr?: CidrPeerInput | null | undefined;
};

/** Some of the traffic between two sides. */
export type PolicyTrafficInput = {
  /** What it speaks. */
  readonly protocol?: TrafficProtocol | null | undefined;
  /** TCP, UDP: first port, 1–65535. */
  readonly from?: number | null | undefined;
  /** TCP, UDP: last port; the same as the first where left out. */
  readonly to?: number | null | undefined;
  /** ICMP: this message alone; all where left out. */
  readonly icmpType?: IcmpType | null | undefined;
};

/** Part of a week. */
export type WeeklyWindowInput = {
  /** Days on which it begins. */
  readonly days: ReadonlyArray<WeekDay>;
  /** When it begins, `HH:MM`. */
  readonly from: string;
  /** When it ends, `HH:MM`; where that isn't after `from`, on the next day. */
  readonly to: string;
};

/** When a policy decides. */
export type PolicyScheduleInput = {
  /** Not before; from now on where left out. */
  readonly startsAt?: string | null | undefined;
  /** No longer from then on; without end where left out. */
  readonly endsAt?: string | null | undefined;
  /** Within these only, at most 16; at any time where there is none. */
  readonly windows?: ReadonlyArray<WeeklyWindowInput> | null | undefined;
  /** Of the windows: a name of the IANA database, e.g. `Europe/Berlin`. */
  readonly timeZone?: string | null | undefined;
};

/** What reaches what in a namespace without a policy. */
export type IsolationLevel =
  /** Its instances reach each other. */
  | 'NAMESPACE'
  /** Its instances reach those of the same subnet. */
  | 'SUBNET'
  /** Nothing that no policy opens. */
  | 'RULE'
  /** As RULE, and its instances run on nodes that run no other tenant's. */
  | 'HOST';

/** What is to reach what in a namespace without a policy. */
export type SetNamespaceIsolationInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The namespace. */
  readonly namespaceId: string;
  /** Its isolation level from now on. */
  readonly level: IsolationLevel;
};

/** A further subnet for a namespace. */
export type CreateSubnetInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The namespace to give it to. */
  readonly namespaceId: string;
  /** A CIDR of the platform's address pool, /16 to /29, e.g. `10.64.9.0/24`; the next free one where left out. */
  readonly ipv4?: string | null | undefined;
  /** A CIDR of the platform's address pool, /56 to /112, e.g. `fd61:746f:6c6c:9::/64`; the next free one where left out. */
  readonly ipv6?: string | null | undefined;
  /** How large the next free IPv4 range shall be, 16–29; a /24 where left out. */
  readonly ipv4PrefixLength?: number | null | undefined;
  /** How large the next free IPv6 range shall be, 56–112; a /64 where left out. */
  readonly ipv6PrefixLength?: number | null | undefined;
};

/** What of a policy may not be what was meant. */
export type PolicyWarningCode =
  /** Nothing has these labels now. */
  | 'SELECTS_NOTHING'
  /** It decides nothing: another policy of its namespace, or several together, decide before it about all that it is about. */
  | 'SHADOWED';

/** An isolation policy to create. */
export type CreateIsolationPolicyInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The namespace that it protects. */
  readonly namespaceId: string;
  /** Unique in the namespace. */
  readonly name: string;
  /** What becomes of the connections. */
  readonly action?: PolicyAction | null | undefined;
  /** 0–1000: of the policies that match a connection the one with the lowest decides. */
  readonly priority?: number | null | undefined;
  /** Where connections come from: any of these, at most 16. */
  readonly sources?: ReadonlyArray<PolicySideInput> | null | undefined;
  /** Where they go to: any of these, at most 16. */
  readonly destinations?: ReadonlyArray<PolicySideInput> | null | undefined;
  /** Of which traffic, at most 32; everything where empty. */
  readonly traffic?: ReadonlyArray<PolicyTrafficInput> | null | undefined;
  /** Whether new connections that it decides about are logged: `connectionLog` reads them. */
  readonly log?: boolean | null | undefined;
  /** When it decides; always where left out. */
  readonly schedule?: PolicyScheduleInput | null | undefined;
  /** Short for `sources` with instances of one namespace. */
  readonly from?: PolicyPeerInput | null | undefined;
  /** Short for `destinations` with instances of the policy's own namespace: those with all of these labels, all where empty. */
  readonly toLabels?: ReadonlyArray<LabelInput> | null | undefined;
  /** Short for `traffic` of TCP and UDP, 1–32 ranges. */
  readonly ports?: ReadonlyArray<PortRangeInput> | null | undefined;
};

/** What an isolation policy shall decide from now on: all of it is replaced. */
export type UpdateIsolationPolicyInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The policy to change. */
  readonly policyId: string;
  /** Only if the policy is still at this version. */
  readonly expectedVersion?: number | null | undefined;
  /** What becomes of the connections. */
  readonly action?: PolicyAction | null | undefined;
  /** 0–1000: of the policies that match a connection the one with the lowest decides. */
  readonly priority?: number | null | undefined;
  /** Where connections come from: any of these, at most 16. */
  readonly sources?: ReadonlyArray<PolicySideInput> | null | undefined;
  /** Where they go to: any of these, at most 16. */
  readonly destinations?: ReadonlyArray<PolicySideInput> | null | undefined;
  /** Of which traffic, at most 32; everything where empty. */
  readonly traffic?: ReadonlyArray<PolicyTrafficInput> | null | undefined;
  /** Whether new connections that it decides about are logged: `connectionLog` reads them. */
  readonly log?: boolean | null | undefined;
  /** When it decides; always where left out. */
  readonly schedule?: PolicyScheduleInput | null | undefined;
  /** Short for `sources` with instances of one namespace. */
  readonly from?: PolicyPeerInput | null | undefined;
  /** Short for `destinations` with instances of the policy's own namespace: those with all of these labels, all where empty. */
  readonly toLabels?: ReadonlyArray<LabelInput> | null | undefined;
  /** Short for `traffic` of TCP and UDP, 1–32 ranges. */
  readonly ports?: ReadonlyArray<PortRangeInput> | null | undefined;
};

/** An isolation policy to delete. */
export type DeleteIsolationPolicyInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The policy to delete. */
  readonly policyId: string;
  /** Only if the policy is still at this version. */
  readonly expectedVersion?: number | null | undefined;
};

/** How close. */
export type Distance =
  /** On the same node. */
  | 'NODE'
  /** In the same zone. */
  | 'ZONE';

/** A deployment to be close to. */
export type NearRuleInput = {
  /** Name of the deployment, in the same namespace. */
  readonly deployment: string;
  /** How close. */
  readonly within?: Distance | null | undefined;
  /** Place nothing elsewhere; else elsewhere is only worse. */
  readonly required?: boolean | null | undefined;
};

/** What a deployment asks of the places of its instances. */
export type PlacementWishesInput = {
  /** Class of service at least; null for any that the plan gives. */
  readonly slaClass?: SlaClass | null | undefined;
  /** Labels that the node, or its pool, must have, all of them. */
  readonly nodeLabels?: ReadonlyArray<LabelInput> | null | undefined;
  /** Only in these zones, at most 20; in any where it is empty. */
  readonly zones?: ReadonlyArray<string> | null | undefined;
  /** 1–1000: a zone has at most so many instances more than the one with the fewest, of the zones where a node may be used; null for any number. */
  readonly zoneSkew?: number | null | undefined;
  /** 1–1000: instances of the deployment on one node at most; null for any number. In an upgrade old and new ones count together. */
  readonly maxPerNode?: number | null | undefined;
  /** Deployments that it should be close to, at most 8. */
  readonly near?: ReadonlyArray<NearRuleInput> | null | undefined;
  /** Groups, at most 8: deployments of the namespace that name the same group never share a node. */
  readonly apart?: ReadonlyArray<string> | null | undefined;
};

/** What a deployment shall ask from now on; all of it is replaced. */
export type SetDeploymentPlacementInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deployment. */
  readonly deploymentId: string;
  /** Only if the deployment is still at this version. */
  readonly expectedVersion?: number | null | undefined;
  /** All that it asks; nothing where left out. */
  readonly placement?: PlacementWishesInput | null | undefined;
};

/** How surely instances keep what they were given. */
export type SlaClass =
  /** Takes what is left over. */
  | 'BEST_EFFORT'
  /** What most run as. */
  | 'STANDARD'
  /** Has its resources to itself. */
  | 'GUARANTEED';

/** OFFERED · RETIRED: its tenants keep it, and no other gets it. */
export type PlanStatus =
  /** Tenants can be given it. */
  | 'OFFERED'
  /** No tenant can be given it any more. */
  | 'RETIRED';

/** Limits to set; what is left out stays as it is, or is the default. */
export type PlanLimitsInput = {
  /** Namespaces. */
  readonly namespaces?: number | null | undefined;
  /** Instances, over all deployments. */
  readonly instances?: number | null | undefined;
  /** Processor time reserved, in thousandths of a core. */
  readonly cpuMillis?: number | null | undefined;
  /** Memory reserved, in MiB. */
  readonly memoryMiB?: number | null | undefined;
  /** Storage of all volumes, in MiB. */
  readonly storageMiB?: number | null | undefined;
  /** Subnets. */
  readonly subnets?: number | null | undefined;
  /** Public addresses. */
  readonly publicIps?: number | null | undefined;
  /** Public ports. */
  readonly ports?: number | null | undefined;
};

/** A plan to create. What is left out is as in a new platform's default plan. */
export type CreatePlanInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** Lower-case letters, digits and hyphens, at most 63; unique on the platform. */
  readonly name: string;
  /** Limits; what is left out stays, of a new plan it is the default. */
  readonly limits?: PlanLimitsInput | null | undefined;
  /** Capabilities, all of them; see the page on plans. */
  readonly capabilities?: ReadonlyArray<string> | null | undefined;
  /** What requests to the API may cost per minute, in points. */
  readonly pointsPerMinute?: number | null | undefined;
  /** Names of pools, all of them; empty for any. */
  readonly pools?: ReadonlyArray<string> | null | undefined;
  /** Classes of service, all of them. */
  readonly slaClasses?: ReadonlyArray<SlaClass> | null | undefined;
};

/** What of a plan is to change; what is left out stays. */
export type ChangePlanInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The plan to change. */
  readonly planId: string;
  /** Another name. */
  readonly name?: string | null | undefined;
  /** Limits; what is left out stays, of a new plan it is the default. */
  readonly limits?: PlanLimitsInput | null | undefined;
  /** Capabilities, all of them; see the page on plans. */
  readonly capabilities?: ReadonlyArray<string> | null | undefined;
  /** What requests to the API may cost per minute, in points. */
  readonly pointsPerMinute?: number | null | undefined;
  /** Names of pools, all of them; empty for any. */
  readonly pools?: ReadonlyArray<string> | null | undefined;
  /** Classes of service, all of them. */
  readonly slaClasses?: ReadonlyArray<SlaClass> | null | undefined;
  /** Take away what is in use and go below what is held, too: what is there stays, and nothing new is admitted. */
  readonly despiteUse?: boolean | null | undefined;
  /** Only if the plan is still at this version. */
  readonly expectedVersion?: number | null | undefined;
};

/** A plan that no tenant is to be given any more. */
export type RetirePlanInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The plan to retire. */
  readonly planId: string;
};

/** A plan for a tenant. */
export type SetTenantPlanInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The tenant. */
  readonly tenantId: string;
  /** The plan that it gets. */
  readonly planId: string;
  /** Take away what is in use and go below what is held, too: what is there stays, and nothing new is admitted. */
  readonly despiteUse?: boolean | null | undefined;
};

/** All of a tenant's overrides: what is left out is the plan's again. */
export type OverrideEntitlementsInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The tenant. */
  readonly tenantId: string;
  /** Limits in place of the plan's. */
  readonly limits?: PlanLimitsInput | null | undefined;
  /** Capabilities beyond those of the plan. */
  readonly grant?: ReadonlyArray<string> | null | undefined;
  /** Capabilities of the plan that it has not. */
  readonly deny?: ReadonlyArray<string> | null | undefined;
  /** What requests may cost per minute, in place of the plan's. */
  readonly pointsPerMinute?: number | null | undefined;
  /** Names of pools, in place of the plan's. */
  readonly pools?: ReadonlyArray<string> | null | undefined;
  /** Classes of service, in place of the plan's. */
  readonly slaClasses?: ReadonlyArray<SlaClass> | null | undefined;
  /** Take away what is in use and go below what is held, too: what is there stays, and nothing new is admitted. */
  readonly despiteUse?: boolean | null | undefined;
};

/** What a side of a policy of the platform names. */
export type PlatformPeerKind =
  /** All instances of all tenants. */
  | 'ALL'
  /** All instances of one tenant. */
  | 'TENANT'
  /** Addresses outside of the platform. */
  | 'CIDR';

/** One of what a side of a policy of the platform names: give exactly one of its fields. */
export type PlatformSideInput = {
  /** True: all instances of all tenants. */
  readonly all?: boolean | null | undefined;
  /** All instances of this tenant. */
  readonly tenantId?: string | null | undefined;
  /** Addresses outside of the platform. */
  readonly cidr?: CidrPeerInput | null | undefined;
};

/** A policy of the platform to create. */
export type CreatePlatformPolicyInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** Unique on the platform. */
  readonly name: string;
  /** What becomes of the connections. */
  readonly action: PolicyAction;
  /** 0–1000: of the policies of the platform that match a connection the one with the lowest decides. */
  readonly priority?: number | null | undefined;
  /** Where connections come from: any of these, 1–16. */
  readonly sources: ReadonlyArray<PlatformSideInput>;
  /** Where they go to: any of these, 1–16. */
  readonly destinations: ReadonlyArray<PlatformSideInput>;
  /** Of which traffic, at most 32; everything where empty. */
  readonly traffic: ReadonlyArray<PolicyTrafficInput>;
  /** Whether new connections that it decides about are logged on the nodes. */
  readonly log?: boolean | null | undefined;
};

/** What a policy of the platform shall decide from now on: all of it is replaced. */
export type UpdatePlatformPolicyInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The policy to change. */
  readonly platformPolicyId: string;
  /** Only if it is still at this revision. */
  readonly expectedVersion?: number | null | undefined;
  /** Its name from now on. */
  readonly name: string;
  /** What becomes of the connections. */
  readonly action: PolicyAction;
  /** 0–1000: of the policies of the platform that match a connection the one with the lowest decides. */
  readonly priority?: number | null | undefined;
  /** Where connections come from: any of these, 1–16. */
  readonly sources: ReadonlyArray<PlatformSideInput>;
  /** Where they go to: any of these, 1–16. */
  readonly destinations: ReadonlyArray<PlatformSideInput>;
  /** Of which traffic, at most 32; everything where empty. */
  readonly traffic: ReadonlyArray<PolicyTrafficInput>;
  /** Whether new connections that it decides about are logged on the nodes. */
  readonly log?: boolean | null | undefined;
};

/** A policy of the platform to delete. */
export type DeletePlatformPolicyInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The policy to delete. */
  readonly platformPolicyId: string;
  /** Only if it is still at this revision. */
  readonly expectedVersion?: number | null | undefined;
};

/** How much each strategy of placement counts, 0–100; not all 0. */
export type PlacementWeightsInput = {
  /** Away from instances of the same deployment, then to where most is free. */
  readonly spread?: number | null | undefined;
  /** To where little is free, so that other nodes stay empty. */
  readonly pack?: number | null | undefined;
  /** Close to the deployments that it should be near. */
  readonly locality?: number | null | undefined;
  /** To pools of the very class that is asked for; of STANDARD where none is. */
  readonly slaClass?: number | null | undefined;
  /** To cheap pools. */
  readonly cost?: number | null | undefined;
};

/** Whether instances may come to a node. */
export type NodeScheduling =
  /** They may. */
  | 'OPEN'
  /** None may; what runs there goes on. */
  | 'CORDONED'
  /** None may, and what runs there is moved elsewhere. */
  | 'DRAINING'
  /** None may, and nothing is left of what ran there. */
  | 'DRAINED';

/** A pool to create. */
export type CreatePoolInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** Unique on the platform. */
  readonly name: string;
  /** Class of service that its nodes give, STANDARD where left out. */
  readonly slaClass?: SlaClass | null | undefined;
  /** Labels that each of its nodes has, all of them. */
  readonly labels?: ReadonlyArray<LabelInput> | null | undefined;
  /** 10–1000, 100 where left out: how much of the processor time of a node may be given away; above 100 more than there is. */
  readonly cpuPercent?: number | null | undefined;
  /** 10–1000, 100 where left out: how much of the memory of a node may be given away. */
  readonly memoryPercent?: number | null | undefined;
  /** 0 or more, 0 where left out: what a node costs in an hour, in a unit of your choice. */
  readonly costPerHour?: number | null | undefined;
  /** How much each strategy counts when a place is looked for on its nodes; all of it. */
  readonly weights?: PlacementWeightsInput | null | undefined;
};

/** What a pool shall be from now on; what is left out stays. */
export type ChangePoolInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** Only if it is still at this revision. */
  readonly expectedVersion?: number | null | undefined;
  /** The pool to change. */
  readonly poolId: string;
  /** Its name from now on. Plans name it by its name: they are not changed with it. */
  readonly name?: string | null | undefined;
  /** Class of service that its nodes give. */
  readonly slaClass?: SlaClass | null | undefined;
  /** Labels that each of its nodes has, all of them. */
  readonly labels?: ReadonlyArray<LabelInput> | null | undefined;
  /** 10–1000: how much of the processor time of a node may be given away; above 100 more than there is. */
  readonly cpuPercent?: number | null | undefined;
  /** 10–1000: how much of the memory of a node may be given away. */
  readonly memoryPercent?: number | null | undefined;
  /** 0 or more: what a node costs in an hour, in a unit of your choice. */
  readonly costPerHour?: number | null | undefined;
  /** How much each strategy counts when a place is looked for on its nodes; all of it. */
  readonly weights?: PlacementWeightsInput | null | undefined;
};

/** A pool to delete. */
export type DeletePoolInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** Only if it is still at this revision. */
  readonly expectedVersion?: number | null | undefined;
  /** The pool to delete. */
  readonly poolId: string;
};

/** Where a node is; what is left out stays. */
export type AssignNodeInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The node. */
  readonly nodeId: string;
  /** The pool that it is in from now on. */
  readonly poolId?: string | null | undefined;
  /** What fails together with it; null for none. */
  readonly zone?: string | null | undefined;
  /** Labels of its own, all of them. */
  readonly labels?: ReadonlyArray<LabelInput> | null | undefined;
};

/** A node. */
export type NodeInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The node. */
  readonly nodeId: string;
};

/** A node, and why. */
export type NotedNodeInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The node. */
  readonly nodeId: string;
  /** Why, for people; at most 500 characters. */
  readonly note?: string | null | undefined;
};

/** Weights that hold for what one tenant places. */
export type SetPlacementWeightsInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The tenant. */
  readonly tenantId: string;
  /** In place of the pools' own; null where these shall hold. */
  readonly weights?: PlacementWeightsInput | null | undefined;
};

/** What a quota counts. */
export type QuotaMeasure =
  /** Processor time, in thousandths of a core. */
  | 'CPU_MILLIS'
  /** Memory, in MiB. */
  | 'MEMORY_MIB'
  /** Storage, in MiB. */
  | 'STORAGE_MIB'
  /** Instances, those of a running rollout included. */
  | 'INSTANCES'
  /** Namespaces, those that are being deleted included. Of tenants and environments. */
  | 'NAMESPACES'
  /** Subnets. */
  | 'SUBNETS'
  /** Addresses that can be reached from outside. */
  | 'PUBLIC_IPS'
  /** Ports of public addresses. */
  | 'PORTS';

/** What holds something. */
export type QuotaHolderKind =
  /** A deployment. */
  | 'DEPLOYMENT'
  /** A subnet. */
  | 'SUBNET'
  /** A namespace. */
  | 'NAMESPACE'
  /** A public address. */
  | 'PUBLIC_ADDRESS'
  /** A port mapping. */
  | 'PORT_MAPPING';

/** A limit of one measure. */
export type QuotaLimitInput = {
  /** What is limited. */
  readonly measure: QuotaMeasure;
  /** How much there may be, from 0; null takes the limit back. */
  readonly limit?: number | null | undefined;
};

/** Limits to set for an environment or for a namespace, below those of the tenant, which the operator sets. */
export type SetQuotaInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The environment that is to be limited; give it or a namespace. */
  readonly environmentId?: string | null | undefined;
  /** The namespace that is to be limited; give it or an environment. */
  readonly namespaceId?: string | null | undefined;
  /** The limits to set; measures that aren't named stay as they are. */
  readonly limits: ReadonlyArray<QuotaLimitInput>;
};

/** What is asked about. */
export type ReachabilityProtocol =
  /** Transmission Control Protocol: a port is needed. */
  | 'TCP'
  /** User Datagram Protocol: a port is needed. */
  | 'UDP'
  /** An echo request (ping) of ICMP in IPv4 and of ICMPv6 in IPv6: without a port. */
  | 'ICMP';

/** Where to: either `id` or `address`. */
export type ReachabilityTargetInput = {
  /** Global id of an instance or of a service of yours. */
  readonly id?: string | null | undefined;
  /** IPv4 or IPv6 address: of an instance or a service of yours, or outside of the platform. */
  readonly address?: string | null | undefined;
};

/** An internet protocol family. */
export type AddressFamily =
  /** Internet Protocol version 4. */
  | 'IPV4'
  /** Internet Protocol version 6. */
  | 'IPV6';

/** What the destination is. */
export type ReachabilityDestination =
  /** An instance of yours. */
  | 'INSTANCE'
  /** The instance itself: what it says to itself doesn't leave it, and no rule is asked. */
  | 'ITSELF'
  /** A service of yours: the answer is about the instances that it sends connections to now. */
  | 'SERVICE'
  /**
   * A public address of yours: out of the platform, and in again as its port is mapped, under the address of the source's node. No
   * policy lets a node in, and a node leads nobody of its own to an address that it answers for: connect to a service instead.
   */
  | 'PUBLIC_ADDRESS'
  /** Outside of the platform: only the source's rules have a say. */
  | 'OUTSIDE'
  /** An address of the platform at which nothing of yours is. Whether something of somebody else's is there isn't told. */
  | 'UNKNOWN';

/** Who wrote a rule. The first rule that matches decides, in this order. */
export type RuleTier =
  /** The platform, for all tenants. */
  | 'PLATFORM'
  /** The tenant: an isolation policy. */
  | 'TENANT'
  /** The isolation level of a namespace. */
  | 'ISOLATION_LEVEL';

/** ALLOW lets a connection begin, DENY doesn't. */
export type RuleAction =
  /** It may begin, as far as this end is concerned. */
  | 'ALLOW'
  /** It may not. */
  | 'DENY';

/** How a packet gets to the destination. */
export type ReachabilityVia =
  /** Within one node, through the rules of both ends. */
  | 'LOCAL'
  /** From node to node. */
  | 'OVERLAY'
  /** Out of the platform. */
  | 'OUTSIDE';

/** How the rules in force on a node stand to those that are wanted. */
export type RulesStanding =
  /** What is wanted is in force. */
  | 'CURRENT'
  /** Something newer is on its way to the node. What was in force before still is. */
  | 'BEHIND'
  /** The node says that it can't apply what is wanted. What was in force before still is. */
  | 'FAILING';

/** How far a policy is in force. */
export type EnforcementState =
  /** As it should be, on every node that needs it. Also where none does: it is about no instance now. */
  | 'ENFORCED'
  /** On no node yet. */
  | 'PENDING'
  /** On some of the nodes that need it. */
  | 'PARTIAL'
  /** A node says that it can't apply it; what was in force there before still is. The operator is told why. */
  | 'FAILED';

/** Which end of a connection a rule is for. */
export type RuleDirection =
  /** The destination. */
  | 'INGRESS'
  /** The source. */
  | 'EGRESS';

/** How much of the connections between two groups may begin. */
export type ReachabilityState =
  /** All. */
  | 'ALLOWED'
  /** Some: it depends on which address outside. */
  | 'PARTLY'
  /** None. */
  | 'DENIED';

/** How a rollout replaces. */
export type RolloutPace =
  /** Within `maxSurge` and `maxUnavailable`. */
  | 'GRADUAL'
  /** Instances of a release that is known to be bad stop at once, though fewer than the minimum may be left meanwhile. */
  | 'FAST';

/** What follows a rollout that has failed. */
export type OnRolloutFailure =
  /** It stays as it is, for people to decide: resume it, roll back, or upgrade. */
  | 'FREEZE'
  /** It is rolled back to the last known good release, within `maxSurge` and `maxUnavailable`. */
  | 'GRADUAL'
  /** It is rolled back to the last known good release; what is bad stops at once. */
  | 'FAST';

/** A deployment whose rollout is to stand still. */
export type SuspendRolloutInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deployment. */
  readonly deploymentId: string;
  /** Only if the deployment is still at this version. */
  readonly expectedVersion?: number | null | undefined;
};

/** A deployment whose rollout is to go on. */
export type ResumeRolloutInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deployment. */
  readonly deploymentId: string;
  /** Only if the deployment is still at this version. */
  readonly expectedVersion?: number | null | undefined;
};

/** What is to become of rollouts of a deployment that don't get on. What is left out stays. */
export type SetRolloutPolicyInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deployment. */
  readonly deploymentId: string;
  /** Only if the deployment is still at this version. */
  readonly expectedVersion?: number | null | undefined;
  /** 5–86400; null: no rollout fails for want of progress. */
  readonly progressDeadlineSeconds?: number | null | undefined;
  /** What follows a rollout that has failed. */
  readonly onFailure?: OnRolloutFailure | null | undefined;
};

/** What a service does as it was told, and perhaps not as it was meant. */
export type ServiceWarningCode =
  /** No instance has all of the labels now. */
  | 'SELECTS_NOTHING';

/** A port of a service. */
export type ServicePortInput = {
  /** Unique in the service, a DNS label; `tcp-80` for TCP and port 80 where left out. */
  readonly name?: string | null | undefined;
  /** Transport protocol. */
  readonly protocol?: Protocol | null | undefined;
  /** Where clients connect to, 1–65535. */
  readonly port: number;
  /** The port of the instances; the same where left out. */
  readonly targetPort?: number | null | undefined;
};

/** A service to create. */
export type CreateServiceInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The namespace whose instances it leads to. */
  readonly namespaceId: string;
  /** Unique in the namespace, a DNS label. */
  readonly name: string;
  /** Instances of the namespace with all of these labels; all where empty. */
  readonly selector: ReadonlyArray<LabelInput>;
  /** Where it can be connected to, 1–32 ports. */
  readonly ports: ReadonlyArray<ServicePortInput>;
  /**
   * A client stays with its instance until it has opened no connection for so many seconds, 1–86400; null or left out: each
   * connection is balanced by itself.
   */
  readonly affinitySeconds?: number | null | undefined;
};

/** Where a service shall lead from now on. Its name and addresses stay. */
export type UpdateServiceInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The service to change. */
  readonly serviceId: string;
  /** Only if the service is still at this version. */
  readonly expectedVersion?: number | null | undefined;
  /** Instances of the namespace with all of these labels; all where empty. */
  readonly selector: ReadonlyArray<LabelInput>;
  /** Where it can be connected to, 1–32 ports. */
  readonly ports: ReadonlyArray<ServicePortInput>;
  /**
   * A client stays with its instance until it has opened no connection for so many seconds, 1–86400; null or left out: each
   * connection is balanced by itself.
   */
  readonly affinitySeconds?: number | null | undefined;
};

/** A service to delete. */
export type DeleteServiceInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The service to delete. */
  readonly serviceId: string;
  /** Only if the service is still at this version. */
  readonly expectedVersion?: number | null | undefined;
};

/** How what is there is replaced. */
export type RolloutStrategyKind =
  /** Instance by instance, within `maxSurge` and `maxUnavailable`. */
  | 'ROLLING'
  /** All others are gone before the first new one is placed: never two releases at a time, and nothing serves in between. */
  | 'RECREATE'
  /** Step by step, with pauses: some new ones beside the others, then more, then all. */
  | 'CANARY'
  /** All new ones beside the others, which go on serving alone; then a switch, at once; later the others stop. */
  | 'BLUE_GREEN';

/** A step of a canary: either `count` or `weightPercent`, and the same one in all steps; each more than the one before. */
export type CanaryStepInput = {
  /** So many instances of the new release, 1–1000; all replicas at most. */
  readonly count?: number | null | undefined;
  /** So much of the replicas, 1–99, rounded up. */
  readonly weightPercent?: number | null | undefined;
  /** Wait so long once all of them are ready, 0–86400; null or left out: until it is promoted. */
  readonly pauseSeconds?: number | null | undefined;
};

/** How to replace what is there. What belongs to another kind must be left out. */
export type RolloutStrategyInput = {
  /** In which way. */
  readonly kind: RolloutStrategyKind;
  /** For CANARY, 1–20, rising. */
  readonly steps?: ReadonlyArray<CanaryStepInput> | null | undefined;
  /** For BLUE_GREEN: all new ones ready, switch after so long, 0–86400; null or left out: once it is promoted. */
  readonly autoPromoteSeconds?: number | null | undefined;
  /** For BLUE_GREEN: so long after the switch the others stop, 0–86400; 30 where left out. */
  readonly scaleDownDelaySeconds?: number | null | undefined;
};

/** A deployment whose rollouts are to replace in another way. */
export type SetRolloutStrategyInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deployment. */
  readonly deploymentId: string;
  /** Only if the deployment is still at this version. */
  readonly expectedVersion?: number | null | undefined;
  /** Of rollouts that begin from now on; one that is under way goes on as it began. */
  readonly strategy: RolloutStrategyInput;
};

/** A deployment whose rollout is to go on from the step at which it waits. */
export type PromoteRolloutInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deployment. */
  readonly deploymentId: string;
  /** Only if the deployment is still at this version. */
  readonly expectedVersion?: number | null | undefined;
  /** Past all steps that are left. */
  readonly full?: boolean | null | undefined;
};

/** A deployment whose rollout is to be undone. */
export type AbortRolloutInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The deployment. */
  readonly deploymentId: string;
  /** Only if the deployment is still at this version. */
  readonly expectedVersion?: number | null | undefined;
  /** How the way back replaces. */
  readonly pace?: RolloutPace | null | undefined;
};

/** ACTIVE · SUSPENDED: its people read and change nothing, its instances go on and reach nobody · DELETING: the same, before it is destroyed. */
export type TenantStatus =
  /** Reads and changes. */
  | 'ACTIVE'
  /** Reads, and changes nothing; no connection between its instances is allowed. */
  | 'SUSPENDED'
  /** Closed as if it were suspended, and to be deleted: see `deletion`. */
  | 'DELETING';

/** The stages that a release goes through. */
export type EnvironmentKind =
  /** Where it is made. */
  | 'DEVELOPMENT'
  /** Where it is tested. */
  | 'TEST'
  /** Where it is tried as in production. */
  | 'STAGING'
  /** Where it serves. */
  | 'PRODUCTION'
  /** A stage of the tenant's own making: its name says what it is for. */
  | 'OTHER';

/** PENDING: waits for its subnet · ACTIVE · DELETING: admits nothing new, goes when it is empty. */
export type NamespaceStatus =
  /** Waits for its subnet. */
  | 'PENDING'
  /** Takes deployments and policies. */
  | 'ACTIVE'
  /** Admits nothing new; goes when it is empty. */
  | 'DELETING';

/** The roles that every tenant has, from the most to the least. What each may do is told by the query `permissions`. */
export type TenantRole =
  /** Reads and changes everything of the tenant, and says who else is an owner. */
  | 'OWNER'
  /** Reads and changes everything of the tenant. */
  | 'ADMIN'
  /** Reads everything of the tenant but its people, and changes deployments and isolation policies. */
  | 'DEVELOPER'
  /** Reads everything of the tenant but its people. */
  | 'VIEWER';

/** Limits to set; what is left out gets the plan's. */
export type TenantLimitsInput = {
  /** Namespaces. */
  readonly namespaces?: number | null | undefined;
  /** Instances, over all deployments. */
  readonly instances?: number | null | undefined;
  /** Processor time reserved, in thousandths of a core. */
  readonly cpuMillis?: number | null | undefined;
  /** Memory reserved, in MiB. */
  readonly memoryMiB?: number | null | undefined;
};

/** A tenant to create. */
export type CreateTenantInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** Lower-case letters, digits and hyphens, at most 63; unique on the platform. */
  readonly name: string;
  /** The plan that it gets; the default plan where it is left out. */
  readonly planId?: string | null | undefined;
  /** What it may hold at most, where it isn't what the plan says. */
  readonly limits?: TenantLimitsInput | null | undefined;
  /** `sub` of the people who become its owners. */
  readonly owners?: ReadonlyArray<string> | null | undefined;
  /** `sub` of the people who become its admins. */
  readonly admins?: ReadonlyArray<string> | null | undefined;
  /** `sub` of the people who become its viewers. */
  readonly viewers?: ReadonlyArray<string> | null | undefined;
};

/** A tenant to suspend. */
export type SuspendTenantInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The tenant to suspend. */
  readonly tenantId: string;
  /** Why, in words for the tenant: 1–500 characters. */
  readonly reason: string;
};

/** A tenant whose suspension is over. */
export type ResumeTenantInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The tenant to resume. */
  readonly tenantId: string;
};

/** A member to add. */
export type AddMemberInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says to which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The `sub` of the person's tokens: an identifier of their issuer's own making. An e-mail address is refused: it would stand on everything that the person does, and couldn't be erased there. */
  readonly subject: string;
  /** What the person may do in the whole tenant. Left out: nothing, until a role is bound for a part of it. */
  readonly role?: TenantRole | null | undefined;
  /** What people call them, at most 200 characters. Personal data: kept encrypted, until it is erased. */
  readonly displayName?: string | null | undefined;
  /** Where they can be reached. Personal data: kept encrypted, until it is erased. */
  readonly email?: string | null | undefined;
};

/** Whose personal data is to be erased. */
export type ErasePersonalDataInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says in which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** The member's `sub`. */
  readonly subject: string;
};

/** A service account to create. */
export type CreateServiceAccountInput = {
  /** Repeat a request with its key to get the first answer again, the secret included; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The operator says for which tenant; others leave it out. */
  readonly tenantId?: string | null | undefined;
  /** Unique in the tenant. */
  readonly name: string;
  /** What it may do in the whole tenant. Left out: nothing, until a role is bound for a part of it. */
  readonly role?: TenantRole | null | undefined;
};

/** An environment to create. */
export type CreateEnvironmentInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** Lower-case letters, digits and hyphens, at most 63; unique in the tenant. */
  readonly name: string;
  /** The stage. */
  readonly kind: EnvironmentKind;
};

/** A namespace to create. */
export type CreateNamespaceInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The environment to create it in. */
  readonly environmentId: string;
  /** Lower-case letters, digits and hyphens, at most 63; unique in the environment. */
  readonly name: string;
  /** At most 32. */
  readonly labels?: ReadonlyArray<LabelInput> | null | undefined;
};

/** A namespace to delete. */
export type DeleteNamespaceInput = {
  /** Repeat a request with its key to get the first answer again; null makes every call a new one. */
  readonly idempotencyKey?: string | null | undefined;
  /** The namespace to delete. */
  readonly namespaceId: string;
  /** Only if the namespace is still at this version. */
  readonly expectedVersion?: number | null | undefined;
};

export type ViewerFragment = { readonly subject: string, readonly role: string, readonly permissions: ReadonlyArray<string>, readonly tenantId: string | null, readonly grants: ReadonlyArray<ViewerGrantFragment> };

export type ViewerGrantFragment = { readonly role: string, readonly bindingId: string | null, readonly level: ScopeLevel, readonly environmentId: string | null, readonly namespaceId: string | null, readonly permissions: ReadonlyArray<string> };

export type RoleFragment = { readonly id: string, readonly name: string, readonly description: string, readonly permissions: ReadonlyArray<string>, readonly createdAt: string };

export type RoleBindingFragment = { readonly id: string, readonly subjectId: string, readonly role: TenantRole | null, readonly level: ScopeLevel, readonly environmentId: string | null, readonly namespaceId: string | null, readonly boundBy: string, readonly createdAt: string, readonly ownRole: { readonly id: string, readonly name: string } | null };

export type PermissionInfoFragment = { readonly name: string, readonly doc: string, readonly level: ScopeLevel | null, readonly roles: ReadonlyArray<TenantRole> };

export type AccessReportFragment = { readonly permission: string, readonly level: ScopeLevel, readonly environmentId: string | null, readonly namespaceId: string | null, readonly subjects: ReadonlyArray<AccessSubjectFragment> };

export type AccessSubjectFragment = { readonly id: string, readonly kind: SubjectKind, readonly name: string, readonly because: ReadonlyArray<AccessReasonFragment> };

export type AccessReasonFragment = { readonly role: string, readonly roleId: string | null, readonly bindingId: string | null, readonly level: ScopeLevel, readonly environmentId: string | null, readonly namespaceId: string | null };

export type AccessDecisionFragment = { readonly permission: string, readonly allowed: boolean, readonly level: ScopeLevel, readonly environmentId: string | null, readonly namespaceId: string | null, readonly because: ReadonlyArray<AccessReasonFragment> };

export type AddressRangeFragment = { readonly id: string, readonly purpose: RangePurpose, readonly cidr: string, readonly createdAt: string, readonly supply: AddressSupply, readonly within: { readonly id: string } | null };

export type PublicAddressFragment = { readonly id: string, readonly name: string, readonly address: string, readonly createdAt: string, readonly namespace: { readonly id: string, readonly name: string } };

export type PortMappingFragment = { readonly id: string, readonly protocol: Protocol, readonly port: number, readonly address: string, readonly targetPort: number, readonly sourcePreserved: boolean, readonly createdAt: string, readonly publicAddress: { readonly id: string, readonly name: string } | null, readonly deployment: { readonly id: string, readonly name: string } | null, readonly service: { readonly id: string, readonly name: string } | null, readonly namespace: { readonly id: string, readonly name: string } };

export type AuditRecordFragment = { readonly cursor: string, readonly id: string, readonly type: string, readonly resourceId: string, readonly time: string, readonly actor: string, readonly cause: string | null, readonly correlation: string, readonly data: unknown, readonly hash: string, readonly changes: ReadonlyArray<ResourceChangeFragment> };

export type ResourceChangeFragment = { readonly kind: string, readonly id: string, readonly before: unknown, readonly after: unknown };

export type LogHeadFragment = { readonly cursor: string, readonly hash: string, readonly signed: string };

export type TimelineEntryFragment = { readonly change: number, readonly kind: string, readonly time: string, readonly type: string, readonly eventId: string, readonly actor: string, readonly cause: string | null, readonly correlation: string, readonly before: unknown, readonly after: unknown };

export type PastResourceFragment = { readonly id: string, readonly kind: string, readonly change: number, readonly time: string, readonly deleted: boolean, readonly state: unknown };

export type BatchPreviewFragment = { readonly count: number, readonly confirm: string | null, readonly confirmationRequired: boolean, readonly changed: number, readonly unchanged: number, readonly refused: number, readonly refusal: BatchRefusalFragment | null, readonly deployments: ReadonlyArray<BatchPreviewItemFragment> };

export type BatchRefusalFragment = { readonly code: string, readonly message: string };

export type BatchPreviewItemFragment = { readonly deploymentId: string, readonly name: string, readonly namespaceId: string, readonly verdict: BatchVerdict, readonly fromRelease: number | null, readonly toRelease: number | null, readonly fromReplicas: number, readonly toReplicas: number, readonly code: string | null, readonly message: string | null };

export type BatchFragment = { readonly id: string, readonly environmentId: string, readonly namespaceId: string | null, readonly status: BatchStatus, readonly statusMessage: string | null, readonly size: number, readonly waiting: number, readonly running: number, readonly succeeded: number, readonly unchanged: number, readonly failed: number, readonly skipped: number, readonly waveSize: number, readonly pauseSeconds: number, readonly nextWaveAt: string | null, readonly maxFailures: number, readonly startedAt: string, readonly startedBy: string, readonly endedAt: string | null, readonly selector: ReadonlyArray<LabelFragment>, readonly operation: BatchOperationFragment, readonly waves: ReadonlyArray<BatchWaveFragment> };

export type LabelFragment = { readonly key: string, readonly value: string };

export type BatchOperationFragment = { readonly kind: BatchOperationKind, readonly image: string | null, readonly cpuMillis: number | null, readonly memoryMiB: number | null, readonly replicas: number | null, readonly pace: RolloutPace | null };

export type BatchWaveFragment = { readonly number: number, readonly status: BatchWaveStatus, readonly size: number, readonly waiting: number, readonly running: number, readonly succeeded: number, readonly unchanged: number, readonly failed: number, readonly skipped: number };

export type ConnectionLogFragment = { readonly more: boolean, readonly leftOut: number, readonly missing: ReadonlyArray<string>, readonly connections: ReadonlyArray<LoggedConnectionFragment> };

export type LoggedConnectionFragment = { readonly at: string, readonly policyId: string, readonly policyName: string | null, readonly action: RuleAction, readonly direction: RuleDirection, readonly family: AddressFamily, readonly protocol: LoggedProtocol, readonly source: string, readonly sourcePort: number | null, readonly destination: string, readonly destinationPort: number | null, readonly sourceInstanceId: string | null, readonly destinationInstanceId: string | null, readonly nodeId: string, readonly packets: number };

export type DeletionPlanFragment = { readonly id: string, readonly name: string | null, readonly confirm: string, readonly steps: ReadonlyArray<DeletionPlanStepFragment>, readonly blockers: ReadonlyArray<DeletionFindingFragment>, readonly warnings: ReadonlyArray<DeletionFindingFragment> };

export type DeletionPlanStepFragment = { readonly name: DeletionStepName, readonly service: string, readonly waitsFor: string, readonly counts: ReadonlyArray<DeletionCountFragment> };

export type DeletionCountFragment = { readonly kind: string, readonly count: number };

export type DeletionFindingFragment = { readonly code: DeletionFindingCode, readonly message: string, readonly resourceId: string };

export type DeletionFragment = { readonly id: string, readonly target: DeletionTarget, readonly targetId: string, readonly name: string, readonly status: DeletionStatus, readonly requestedAt: string, readonly requestedBy: string, readonly purgeAt: string, readonly endedAt: string | null, readonly steps: ReadonlyArray<DeletionStepFragment>, readonly proof: ReadonlyArray<DeletionProofFragment> | null };

export type DeletionStepFragment = { readonly name: DeletionStepName, readonly status: DeletionStepStatus, readonly done: number, readonly total: number, readonly waitingFor: string | null };

export type DeletionProofFragment = { readonly service: string, readonly position: number | null, readonly counts: ReadonlyArray<DeletionCountFragment> };

export type DeploymentFragment = { readonly id: string, readonly name: string, readonly status: DeploymentStatus, readonly statusMessage: string | null, readonly replicas: number, readonly readyReplicas: number, readonly maxSurge: number, readonly maxUnavailable: number, readonly version: number, readonly createdAt: string, readonly fenced: boolean, readonly progressDeadlineSeconds: number | null, readonly onFailure: OnRolloutFailure, readonly labels: ReadonlyArray<LabelFragment>, readonly namespace: { readonly id: string, readonly name: string }, readonly currentRelease: { readonly id: string, readonly number: number } | null, readonly placement: PlacementWishesFragment | null, readonly rolloutStrategy: RolloutStrategyFragment };

export type PlacementWishesFragment = { readonly slaClass: SlaClass | null, readonly zones: ReadonlyArray<string>, readonly zoneSkew: number | null, readonly maxPerNode: number | null, readonly apart: ReadonlyArray<string>, readonly nodeLabels: ReadonlyArray<LabelFragment>, readonly near: ReadonlyArray<NearRuleFragment> };

export type NearRuleFragment = { readonly deployment: string, readonly within: Distance, readonly required: boolean };

export type RolloutStrategyFragment = { readonly kind: RolloutStrategyKind, readonly autoPromoteSeconds: number | null, readonly scaleDownDelaySeconds: number | null, readonly steps: ReadonlyArray<CanaryStepFragment> };

export type CanaryStepFragment = { readonly count: number | null, readonly weightPercent: number | null, readonly pauseSeconds: number | null };

export type InstanceFragment = { readonly id: string, readonly status: InstanceStatus, readonly statusReason: string | null, readonly statusMessage: string | null, readonly ipv4: string | null, readonly ipv6: string | null, readonly nodeId: string, readonly createdAt: string, readonly securedAt: string | null, readonly readyAt: string | null, readonly labels: ReadonlyArray<LabelFragment>, readonly deployment: { readonly id: string, readonly name: string }, readonly release: { readonly id: string, readonly number: number }, readonly placement: PlacementDecisionFragment };

export type PlacementDecisionFragment = { readonly nodes: number | null, readonly rejected: ReadonlyArray<RejectedNodesFragment> | null, readonly filtered: ReadonlyArray<FilteredNodeFragment>, readonly scores: ReadonlyArray<NodeScoreFragment>, readonly weights: PlacementWeightsFragment | null };

export type RejectedNodesFragment = { readonly code: string, readonly count: number };

export type FilteredNodeFragment = { readonly nodeId: string, readonly code: string | null, readonly reason: string };

export type NodeScoreFragment = { readonly nodeId: string, readonly score: number, readonly parts: ScorePartsFragment | null };

export type ScorePartsFragment = { readonly spread: number, readonly pack: number, readonly locality: number, readonly slaClass: number, readonly cost: number };

export type PlacementWeightsFragment = { readonly spread: number, readonly pack: number, readonly locality: number, readonly slaClass: number, readonly cost: number };

export type ComputeNodeFragment = { readonly id: string, readonly name: string, readonly status: ComputeNodeStatus, readonly statusMessage: string | null, readonly statusSince: string | null, readonly runtime: Runtime, readonly cpuMillis: number, readonly memoryMiB: number, readonly maxInstances: number, readonly createdAt: string, readonly zone: string | null, readonly scheduling: NodeScheduling, readonly schedulingNote: string, readonly instances: number, readonly drainedFrom: number | null, readonly pool: { readonly id: string, readonly name: string } | null, readonly labels: ReadonlyArray<LabelFragment> };

export type ImageRuleViolationFragment = { readonly deploymentId: string, readonly deploymentName: string, readonly namespaceId: string, readonly image: string, readonly code: string, readonly message: string };

export type EventFragment = { readonly cursor: string, readonly id: string, readonly type: string, readonly resourceId: string, readonly time: string, readonly actor: string, readonly cause: string | null, readonly correlation: string, readonly data: unknown };

export type IssuerFragment = { readonly id: string, readonly name: string, readonly url: string, readonly audience: string, readonly algorithms: ReadonlyArray<IssuerAlgorithm>, readonly tokenTypes: TokenTypes, readonly createdAt: string, readonly version: number, readonly claims: IssuerClaimsFragment, readonly groupRoles: ReadonlyArray<GroupRoleFragment> };

export type IssuerClaimsFragment = { readonly subject: string, readonly email: string | null, readonly name: string | null, readonly groups: string | null };

export type GroupRoleFragment = { readonly group: string, readonly role: TenantRole };

export type ServiceAccountFragment = { readonly id: string, readonly name: string, readonly role: TenantRole | null, readonly status: ServiceAccountStatus, readonly createdAt: string, readonly lastUse: CredentialUseFragment | null, readonly labels: ReadonlyArray<LabelFragment> };

export type CredentialUseFragment = { readonly lastUsedAt: string };

export type ApiKeyFragment = { readonly id: string, readonly name: string, readonly subject: string, readonly prefix: string, readonly scopes: ReadonlyArray<string> | null, readonly createdAt: string, readonly expiresAt: string | null, readonly revokedAt: string | null, readonly lastUse: CredentialUseFragment | null };

export type InvitationFragment = { readonly id: string, readonly role: TenantRole, readonly label: string | null, readonly email: string | null, readonly status: InvitationStatus, readonly invitedBy: string, readonly createdAt: string, readonly expiresAt: string, readonly endedAt: string | null, readonly memberId: string | null };

export type LogChunkFragment = { readonly instanceId: string, readonly cursor: string | null, readonly gap: boolean, readonly more: boolean, readonly ended: boolean, readonly lines: ReadonlyArray<LogLineFragment>, readonly problem: LogProblemFragment | null };

export type LogLineFragment = { readonly at: string, readonly stream: LogStream, readonly text: string, readonly truncated: boolean, readonly cursor: string };

export type LogProblemFragment = { readonly nodeId: string, readonly since: string | null, readonly message: string };

export type SubnetFragment = { readonly id: string, readonly ipv4: string, readonly ipv6: string, readonly deleting: boolean, readonly createdAt: string, readonly namespace: { readonly id: string, readonly name: string } };

export type IsolationPolicyFragment = { readonly id: string, readonly name: string, readonly revision: number, readonly version: number, readonly action: PolicyAction, readonly priority: number, readonly log: boolean, readonly active: boolean, readonly nextChangeAt: string | null, readonly createdAt: string, readonly sources: ReadonlyArray<PolicyPeerFragment>, readonly destinations: ReadonlyArray<PolicyPeerFragment>, readonly traffic: ReadonlyArray<PolicyTrafficFragment>, readonly schedule: PolicyScheduleFragment | null, readonly fromNamespace: { readonly id: string, readonly name: string } | null, readonly fromLabels: ReadonlyArray<LabelFragment>, readonly toLabels: ReadonlyArray<LabelFragment>, readonly ports: ReadonlyArray<PortRangeFragment>, readonly namespace: { readonly id: string, readonly name: string }, readonly labels: ReadonlyArray<LabelFragment> };

export type PolicyPeerFragment = { readonly kind: PolicyPeerKind, readonly namespaceId: string | null, readonly environmentId: string | null, readonly serviceId: string | null, readonly cidr: string | null, readonly except: ReadonlyArray<string>, readonly labels: ReadonlyArray<LabelFragment> };

export type PolicyTrafficFragment = { readonly protocol: TrafficProtocol, readonly from: number | null, readonly to: number | null, readonly icmpType: IcmpType | null };

export type PolicyScheduleFragment = { readonly startsAt: string | null, readonly endsAt: string | null, readonly timeZone: string, readonly windows: ReadonlyArray<WeeklyWindowFragment> };

export type WeeklyWindowFragment = { readonly days: ReadonlyArray<WeekDay>, readonly from: string, readonly to: string };

export type PortRangeFragment = { readonly protocol: Protocol, readonly from: number, readonly to: number };

export type ProbeResultFragment = { readonly outcome: ProbeOutcome, readonly millis: number, readonly httpStatus: number | null, readonly httpBody: string | null, readonly simulated: boolean };

export type PlacementPreviewFragment = { readonly fit: number, readonly refusal: string | null, readonly places: ReadonlyArray<PreviewedPlaceFragment>, readonly unplaced: PlacementDecisionFragment | null };

export type PreviewedPlaceFragment = { readonly nodeId: string, readonly decision: PlacementDecisionFragment };

export type PlanFragment = { readonly id: string, readonly name: string, readonly status: PlanStatus, readonly revision: number, readonly version: number, readonly capabilities: ReadonlyArray<string>, readonly pointsPerMinute: number, readonly pools: ReadonlyArray<string>, readonly slaClasses: ReadonlyArray<SlaClass>, readonly createdAt: string, readonly limits: PlanLimitsFragment };

export type PlanLimitsFragment = { readonly namespaces: number, readonly instances: number, readonly cpuMillis: number, readonly memoryMiB: number, readonly storageMiB: number, readonly subnets: number, readonly publicIps: number, readonly ports: number };

export type PlatformPolicyFragment = { readonly id: string, readonly name: string, readonly revision: number, readonly action: PolicyAction, readonly priority: number, readonly log: boolean, readonly createdAt: string, readonly sources: ReadonlyArray<PlatformPeerFragment>, readonly destinations: ReadonlyArray<PlatformPeerFragment>, readonly traffic: ReadonlyArray<PolicyTrafficFragment> };

export type PlatformPeerFragment = { readonly kind: PlatformPeerKind, readonly tenantId: string | null, readonly cidr: string | null, readonly except: ReadonlyArray<string> };

export type PoolFragment = { readonly id: string, readonly name: string, readonly revision: number, readonly slaClass: SlaClass, readonly cpuPercent: number, readonly memoryPercent: number, readonly costPerHour: number, readonly createdAt: string, readonly labels: ReadonlyArray<LabelFragment>, readonly weights: PlacementWeightsFragment };

export type QuotaDifferenceFragment = { readonly id: string, readonly tenantId: string, readonly namespaceId: string, readonly name: string, readonly foundAt: string, readonly recorded: ReadonlyArray<QuotaAmountFragment>, readonly actual: ReadonlyArray<QuotaAmountFragment> };

export type QuotaAmountFragment = { readonly measure: QuotaMeasure, readonly amount: number };

export type ReachabilityFragment = { readonly allowed: boolean, readonly destination: ReachabilityDestination, readonly omittedFlows: number, readonly inForce: boolean, readonly from: ReachabilityEndFragment, readonly flows: ReadonlyArray<ReachabilityFlowFragment>, readonly nodes: ReadonlyArray<NodeStandingFragment> };

export type ReachabilityEndFragment = { readonly instanceId: string, readonly namespaceId: string, readonly nodeId: string };

export type ReachabilityFlowFragment = { readonly family: AddressFamily, readonly source: string, readonly destination: string, readonly port: number | null, readonly via: ReachabilityVia, readonly allowed: boolean, readonly target: ReachabilityEndFragment | null, readonly egress: ReachabilityVerdictFragment, readonly ingress: ReachabilityVerdictFragment | null };

export type ReachabilityVerdictFragment = { readonly allowed: boolean, readonly message: string, readonly rule: DecidingRuleFragment | null };

export type DecidingRuleFragment = { readonly tier: RuleTier, readonly policyId: string, readonly policyName: string | null, readonly revision: number | null, readonly action: RuleAction, readonly protocol: ReachabilityProtocol | null, readonly fromPort: number | null, readonly toPort: number | null, readonly log: boolean, readonly place: number };

export type NodeStandingFragment = { readonly nodeId: string, readonly standing: RulesStanding, readonly generation: number, readonly appliedGeneration: number | null, readonly since: string | null };

export type ReachabilityMatrixFragment = { readonly groupCount: number, readonly omittedInstances: number, readonly inForce: boolean, readonly groups: ReadonlyArray<ReachabilityGroupFragment>, readonly cells: ReadonlyArray<ReachabilityCellFragment>, readonly nodes: ReadonlyArray<NodeStandingFragment> };

export type ReachabilityGroupFragment = { readonly index: number, readonly namespaceId: string, readonly count: number, readonly instanceIds: ReadonlyArray<string>, readonly labels: ReadonlyArray<LabelFragment> };

export type ReachabilityCellFragment = { readonly from: number | null, readonly to: number | null, readonly family: AddressFamily | null, readonly state: ReachabilityState, readonly egress: ReachabilityVerdictFragment | null, readonly ingress: ReachabilityVerdictFragment | null, readonly outside: ReadonlyArray<DecidingRuleFragment> };

export type ServiceFragment = { readonly id: string, readonly name: string, readonly dnsName: string, readonly ipv4: string, readonly ipv6: string, readonly affinitySeconds: number | null, readonly version: number, readonly createdAt: string, readonly selector: ReadonlyArray<LabelFragment>, readonly ports: ReadonlyArray<ServicePortFragment>, readonly namespace: { readonly id: string, readonly name: string }, readonly labels: ReadonlyArray<LabelFragment> };

export type ServicePortFragment = { readonly name: string, readonly protocol: Protocol, readonly port: number, readonly targetPort: number };

export type TenantFragment = { readonly id: string, readonly name: string, readonly status: TenantStatus, readonly createdAt: string, readonly deletionProtection: boolean, readonly legalHold: string | null, readonly capabilities: ReadonlyArray<string>, readonly limits: TenantLimitsFragment, readonly suspension: TenantSuspensionFragment | null, readonly deletion: TenantDeletionFragment | null, readonly labels: ReadonlyArray<LabelFragment>, readonly plan: TenantPlanFragment, readonly entitlements: EntitlementsFragment, readonly quota: ReadonlyArray<QuotaUseFragment> };

export type TenantLimitsFragment = { readonly namespaces: number, readonly instances: number, readonly cpuMillis: number, readonly memoryMiB: number };

export type TenantSuspensionFragment = { readonly reason: string, readonly since: string };

export type TenantDeletionFragment = { readonly deletionId: string, readonly since: string, readonly purgeAt: string };

export type TenantPlanFragment = { readonly id: string, readonly name: string, readonly revision: number };

export type EntitlementsFragment = { readonly capabilities: ReadonlyArray<string>, readonly pointsPerMinute: number, readonly pools: ReadonlyArray<string>, readonly slaClasses: ReadonlyArray<SlaClass>, readonly limits: PlanLimitsFragment, readonly overrides: EntitlementOverridesFragment };

export type EntitlementOverridesFragment = { readonly grant: ReadonlyArray<string>, readonly deny: ReadonlyArray<string>, readonly pointsPerMinute: number | null, readonly pools: ReadonlyArray<string> | null, readonly slaClasses: ReadonlyArray<SlaClass> | null, readonly limits: ReadonlyArray<LimitOverrideFragment> };

export type LimitOverrideFragment = { readonly name: string, readonly limit: number };

export type QuotaUseFragment = { readonly measure: QuotaMeasure, readonly limit: number | null, readonly used: number, readonly reserved: number };

export type MemberFragment = { readonly id: string, readonly subject: string, readonly role: TenantRole | null, readonly displayName: string | null, readonly email: string | null, readonly erasedAt: string | null };

export type EnvironmentFragment = { readonly id: string, readonly name: string, readonly kind: EnvironmentKind, readonly createdAt: string, readonly deletionProtection: boolean, readonly deletionId: string | null, readonly promotesTo: ReadonlyArray<string>, readonly imageRules: ImageRulesFragment, readonly labels: ReadonlyArray<LabelFragment>, readonly quota: ReadonlyArray<QuotaUseFragment> };

export type ImageRulesFragment = { readonly allowed: ReadonlyArray<string> | null, readonly promotedOnly: boolean };

export type NamespaceFragment = { readonly id: string, readonly name: string, readonly status: NamespaceStatus, readonly createdAt: string, readonly version: number, readonly subnetGrowth: boolean, readonly addressSupply: AddressSupply, readonly isolationLevel: IsolationLevel, readonly deletionProtection: boolean, readonly labels: ReadonlyArray<LabelFragment>, readonly environment: { readonly id: string, readonly name: string }, readonly quota: ReadonlyArray<QuotaUseFragment> };

export type UserErrorFragment = { readonly code: string, readonly message: string, readonly field: ReadonlyArray<string> | null };

export type ReleaseFragment = { readonly id: string, readonly number: number, readonly image: string, readonly command: ReadonlyArray<string> | null, readonly cpuMillis: number, readonly memoryMiB: number, readonly createdAt: string, readonly ports: ReadonlyArray<ContainerPortFragment>, readonly readiness: ReadinessProbeFragment | null, readonly liveness: ProbeFragment | null, readonly startup: ProbeFragment | null, readonly processes: ReadonlyArray<ProcessFragment>, readonly deployment: { readonly id: string, readonly name: string } };

export type ContainerPortFragment = { readonly port: number, readonly protocol: Protocol };

export type ReadinessProbeFragment = { readonly kind: ProbeKind, readonly port: number | null, readonly path: string | null, readonly command: ReadonlyArray<string> | null, readonly initialDelaySeconds: number, readonly periodSeconds: number, readonly timeoutSeconds: number, readonly failureThreshold: number, readonly successThreshold: number };

export type ProbeFragment = { readonly kind: ProbeKind, readonly port: number | null, readonly path: string | null, readonly command: ReadonlyArray<string> | null, readonly initialDelaySeconds: number, readonly periodSeconds: number, readonly timeoutSeconds: number, readonly failureThreshold: number };

export type ProcessFragment = { readonly name: string, readonly kind: ProcessKind, readonly image: string, readonly command: ReadonlyArray<string> | null, readonly cpuMillis: number, readonly memoryMiB: number, readonly ports: ReadonlyArray<ContainerPortFragment>, readonly dependsOn: ReadonlyArray<ProcessDependencyFragment>, readonly readiness: ReadinessProbeFragment | null, readonly liveness: ProbeFragment | null, readonly startup: ProbeFragment | null };

export type ProcessDependencyFragment = { readonly process: string, readonly condition: DependencyCondition };

export type PolicyWarningFragment = { readonly code: PolicyWarningCode, readonly message: string };

export type RolloutFragment = { readonly id: string, readonly kind: RolloutKind, readonly status: RolloutStatus, readonly createdAt: string, readonly endedAt: string | null, readonly pace: RolloutPace, readonly automatic: boolean, readonly deadlineAt: string | null, readonly statusMessage: string | null, readonly step: number, readonly steps: number, readonly pausedUntil: string | null, readonly release: { readonly id: string, readonly number: number }, readonly strategy: RolloutStrategyFragment };

export type ServiceWarningFragment = { readonly code: ServiceWarningCode, readonly message: string };

export type BatchItemFragment = { readonly number: number, readonly wave: number, readonly deploymentId: string, readonly name: string, readonly status: BatchItemStatus, readonly code: string | null, readonly message: string | null, readonly beganAt: string | null, readonly endedAt: string | null, readonly deployment: { readonly id: string, readonly name: string } | null, readonly rollout: { readonly id: string } | null };

export type DeploymentUsageFragment = { readonly instances: number, readonly missing: number, readonly cpuMillis: number, readonly memoryBytes: number, readonly receivedBytesPerSecond: number, readonly sentBytesPerSecond: number };

export type ProcessStateFragment = { readonly name: string, readonly kind: ProcessKind, readonly state: ProcessStatus, readonly reason: string | null, readonly message: string, readonly restarts: number, readonly exitCode: number | null, readonly startedAt: string | null };

export type UsageFragment = { readonly at: string, readonly seconds: number, readonly cpuMillis: number, readonly cpuThrottled: number, readonly cpuLimitMillis: number | null, readonly memoryBytes: number, readonly memoryLimitBytes: number | null, readonly receivedBytes: number, readonly receivedPackets: number, readonly sentBytes: number, readonly sentPackets: number };

export type PolicyReceiptFragment = { readonly revision: number, readonly nodeId: string, readonly generation: number, readonly hash: string, readonly enforcedAt: string };

export type PolicyEnforcementFragment = { readonly policyId: string, readonly state: EnforcementState, readonly firstEnforcedAt: string | null, readonly nodes: ReadonlyArray<NodeEnforcementFragment> };

export type NodeEnforcementFragment = { readonly nodeId: string, readonly state: EnforcementState, readonly revision: number | null, readonly hash: string | null, readonly appliedRevision: number | null, readonly generation: number, readonly appliedGeneration: number | null, readonly missingSince: string | null, readonly enforcedAt: string | null };

export type PolicyFlowsFragment = { readonly missing: ReadonlyArray<string>, readonly rules: ReadonlyArray<RuleFlowFragment> };

export type RuleFlowFragment = { readonly nodeId: string, readonly direction: RuleDirection, readonly action: RuleAction, readonly protocol: ReachabilityProtocol | null, readonly fromPort: number | null, readonly toPort: number | null, readonly packets: number, readonly bytes: number, readonly since: string, readonly at: string };

export type PlatformPolicyEnforcementFragment = { readonly state: EnforcementState, readonly firstEnforcedAt: string | null, readonly nodes: ReadonlyArray<PlatformNodeEnforcementFragment> };

export type PlatformNodeEnforcementFragment = { readonly nodeId: string, readonly state: EnforcementState, readonly revision: number | null, readonly hash: string | null, readonly appliedRevision: number | null, readonly generation: number, readonly appliedGeneration: number | null, readonly missingSince: string | null, readonly enforcedAt: string | null };

export type ServiceEndpointFragment = { readonly instanceId: string, readonly ipv4: string, readonly ipv6: string, readonly ready: boolean, readonly instance: { readonly id: string } | null };

export type QuotaHolderFragment = { readonly id: string, readonly kind: QuotaHolderKind, readonly name: string, readonly environmentId: string, readonly namespaceId: string | null, readonly amounts: ReadonlyArray<QuotaShareFragment> };

export type QuotaShareFragment = { readonly measure: QuotaMeasure, readonly used: number, readonly reserved: number };

export type AddressUseFragment = { readonly size: number, readonly used: number, readonly free: number, readonly cooling: number, readonly exhaustedAt: string | null };

export type NamespaceEnforcementFragment = { readonly state: EnforcementState, readonly policies: number, readonly lagging: ReadonlyArray<PolicyEnforcementFragment> };

export type ViewerQueryVariables = Exact<{ [key: string]: never; }>;


export type ViewerQuery = { readonly viewer: ViewerFragment };

export type NodeQueryVariables = Exact<{
  id: string;
}>;


export type NodeQuery = { readonly node:
    | { readonly __typename: 'Role', readonly id: string }
    | { readonly __typename: 'RoleBinding', readonly id: string }
    | { readonly __typename: 'Member', readonly id: string }
    | { readonly __typename: 'AddressRange', readonly id: string }
    | { readonly __typename: 'PublicAddress', readonly id: string }
    | { readonly __typename: 'PortMapping', readonly id: string }
    | { readonly __typename: 'Batch', readonly id: string }
    | { readonly __typename: 'Deletion', readonly id: string }
    | { readonly __typename: 'Tenant', readonly id: string }
    | { readonly __typename: 'Environment', readonly id: string }
    | { readonly __typename: 'Namespace', readonly id: string }
    | { readonly __typename: 'Deployment', readonly id: string }
    | { readonly __typename: 'Release', readonly id: string }
    | { readonly __typename: 'Rollout', readonly id: string }
    | { readonly __typename: 'Instance', readonly id: string }
    | { readonly __typename: 'ComputeNode', readonly id: string }
    | { readonly __typename: 'Issuer', readonly id: string }
    | { readonly __typename: 'ServiceAccount', readonly id: string }
    | { readonly __typename: 'ApiKey', readonly id: string }
    | { readonly __typename: 'Invitation', readonly id: string }
    | { readonly __typename: 'IsolationPolicy', readonly id: string }
    | { readonly __typename: 'Service', readonly id: string }
    | { readonly __typename: 'Subnet', readonly id: string }
    | { readonly __typename: 'Plan', readonly id: string }
    | { readonly __typename: 'PlatformPolicy', readonly id: string }
    | { readonly __typename: 'Pool', readonly id: string }
   | null };

export type RolesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type RolesQuery = { readonly roles: { readonly nodes: ReadonlyArray<RoleFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type RoleQueryVariables = Exact<{
  id: string;
}>;


export type RoleQuery = { readonly role: RoleFragment | null };

export type RoleBindingsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type RoleBindingsQuery = { readonly roleBindings: { readonly nodes: ReadonlyArray<RoleBindingFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type PermissionsQueryVariables = Exact<{ [key: string]: never; }>;


export type PermissionsQuery = { readonly permissions: ReadonlyArray<PermissionInfoFragment> };

export type AccessQueryVariables = Exact<{
  permission: string;
  resourceId?: string | null | undefined;
}>;


export type AccessQuery = { readonly access: AccessReportFragment };

export type CanIQueryVariables = Exact<{
  permission: string;
  resourceId?: string | null | undefined;
}>;


export type CanIQuery = { readonly canI: AccessDecisionFragment };

export type AddressRangesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type AddressRangesQuery = { readonly addressRanges: { readonly nodes: ReadonlyArray<AddressRangeFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type PublicAddressesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type PublicAddressesQuery = { readonly publicAddresses: { readonly nodes: ReadonlyArray<PublicAddressFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type PublicAddressQueryVariables = Exact<{
  id: string;
}>;


export type PublicAddressQuery = { readonly publicAddress: PublicAddressFragment | null };

export type PortMappingsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type PortMappingsQuery = { readonly portMappings: { readonly nodes: ReadonlyArray<PortMappingFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type AuditLogQueryVariables = Exact<{
  filter?: AuditFilter | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type AuditLogQuery = { readonly auditLog: { readonly nodes: ReadonlyArray<AuditRecordFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type LogHeadQueryVariables = Exact<{ [key: string]: never; }>;


export type LogHeadQuery = { readonly logHead: LogHeadFragment };

export type TimelineQueryVariables = Exact<{
  resourceId: string;
  kind?: string | null | undefined;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type TimelineQuery = { readonly timeline: { readonly nodes: ReadonlyArray<TimelineEntryFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type AsOfQueryVariables = Exact<{
  resourceId: string;
  kind?: string | null | undefined;
  time?: string | null | undefined;
  change?: number | null | undefined;
}>;


export type AsOfQuery = { readonly asOf: PastResourceFragment | null };

export type BatchPreviewQueryVariables = Exact<{
  scopeId: string;
  labels: ReadonlyArray<LabelInput> | LabelInput;
  operation: BatchOperationInput;
}>;


export type BatchPreviewQuery = { readonly batchPreview: BatchPreviewFragment };

export type BatchQueryVariables = Exact<{
  id: string;
}>;


export type BatchQuery = { readonly batch: BatchFragment | null };

export type BatchesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type BatchesQuery = { readonly batches: { readonly nodes: ReadonlyArray<BatchFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ConnectionLogQueryVariables = Exact<{
  namespaceId: string;
  policyId?: string | null | undefined;
  since?: string | null | undefined;
  first?: number | null | undefined;
}>;


export type ConnectionLogQuery = { readonly connectionLog: ConnectionLogFragment };

export type DeletionPlanQueryVariables = Exact<{
  id: string;
}>;


export type DeletionPlanQuery = { readonly deletionPlan: DeletionPlanFragment | null };

export type DeletionQueryVariables = Exact<{
  id: string;
}>;


export type DeletionQuery = { readonly deletion: DeletionFragment | null };

export type DeletionsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type DeletionsQuery = { readonly deletions: { readonly nodes: ReadonlyArray<DeletionFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type DeploymentsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  labels?: ReadonlyArray<LabelInput> | LabelInput | null | undefined;
}>;


export type DeploymentsQuery = { readonly deployments: { readonly nodes: ReadonlyArray<DeploymentFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type DeploymentQueryVariables = Exact<{
  id: string;
}>;


export type DeploymentQuery = { readonly deployment: DeploymentFragment | null };

export type InstanceQueryVariables = Exact<{
  id: string;
}>;


export type InstanceQuery = { readonly instance: InstanceFragment | null };

export type ComputeNodesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  labels?: ReadonlyArray<LabelInput> | LabelInput | null | undefined;
}>;


export type ComputeNodesQuery = { readonly computeNodes: { readonly nodes: ReadonlyArray<ComputeNodeFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ImageRuleViolationsQueryVariables = Exact<{
  environmentId: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ImageRuleViolationsQuery = { readonly imageRuleViolations: { readonly nodes: ReadonlyArray<ImageRuleViolationFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type EventCursorQueryVariables = Exact<{ [key: string]: never; }>;


export type EventCursorQuery = { readonly eventCursor: string };

export type EventsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type EventsQuery = { readonly events: { readonly nodes: ReadonlyArray<EventFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type IssuersQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type IssuersQuery = { readonly issuers: { readonly nodes: ReadonlyArray<IssuerFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ServiceAccountsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  labels?: ReadonlyArray<LabelInput> | LabelInput | null | undefined;
}>;


export type ServiceAccountsQuery = { readonly serviceAccounts: { readonly nodes: ReadonlyArray<ServiceAccountFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ApiKeysQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ApiKeysQuery = { readonly apiKeys: { readonly nodes: ReadonlyArray<ApiKeyFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type InvitationsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type InvitationsQuery = { readonly invitations: { readonly nodes: ReadonlyArray<InvitationFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type InstanceLogsQueryVariables = Exact<{
  instanceId: string;
  process?: string | null | undefined;
  tail?: number | null | undefined;
  after?: string | null | undefined;
  since?: string | null | undefined;
  stream?: LogStream | null | undefined;
  previous?: boolean | null | undefined;
}>;


export type InstanceLogsQuery = { readonly instanceLogs: LogChunkFragment };

export type DeploymentLogsQueryVariables = Exact<{
  deploymentId: string;
  tail?: number | null | undefined;
  since?: string | null | undefined;
  stream?: LogStream | null | undefined;
  previous?: boolean | null | undefined;
  ended?: boolean | null | undefined;
}>;


export type DeploymentLogsQuery = { readonly deploymentLogs: ReadonlyArray<LogChunkFragment> };

export type SubnetsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type SubnetsQuery = { readonly subnets: { readonly nodes: ReadonlyArray<SubnetFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type IsolationPolicyQueryVariables = Exact<{
  id: string;
}>;


export type IsolationPolicyQuery = { readonly isolationPolicy: IsolationPolicyFragment | null };

export type ProbeQueryVariables = Exact<{
  from: string;
  address: string;
  port: number;
  protocol?: ProbeProtocol | null | undefined;
  path?: string | null | undefined;
  timeoutMs?: number | null | undefined;
}>;


export type ProbeQuery = { readonly probe: ProbeResultFragment };

export type PlacementPreviewQueryVariables = Exact<{
  namespaceId: string;
  replicas?: number | null | undefined;
  cpuMillis?: number | null | undefined;
  memoryMiB?: number | null | undefined;
  placement?: PlacementWishesInput | null | undefined;
}>;


export type PlacementPreviewQuery = { readonly placementPreview: PlacementPreviewFragment };

export type PlansQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type PlansQuery = { readonly plans: { readonly nodes: ReadonlyArray<PlanFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type PlanQueryVariables = Exact<{
  id: string;
}>;


export type PlanQuery = { readonly plan: PlanFragment | null };

export type PlatformPoliciesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type PlatformPoliciesQuery = { readonly platformPolicies: { readonly nodes: ReadonlyArray<PlatformPolicyFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type PlatformPolicyQueryVariables = Exact<{
  id: string;
}>;


export type PlatformPolicyQuery = { readonly platformPolicy: PlatformPolicyFragment | null };

export type PlatformConnectionLogQueryVariables = Exact<{
  platformPolicyId?: string | null | undefined;
  since?: string | null | undefined;
  first?: number | null | undefined;
}>;


export type PlatformConnectionLogQuery = { readonly platformConnectionLog: ConnectionLogFragment };

export type PoolsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  labels?: ReadonlyArray<LabelInput> | LabelInput | null | undefined;
}>;


export type PoolsQuery = { readonly pools: { readonly nodes: ReadonlyArray<PoolFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type PoolQueryVariables = Exact<{
  id: string;
}>;


export type PoolQuery = { readonly pool: PoolFragment | null };

export type QuotaDifferencesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type QuotaDifferencesQuery = { readonly quotaDifferences: { readonly nodes: ReadonlyArray<QuotaDifferenceFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type ReachabilityQueryVariables = Exact<{
  from: string;
  to: ReachabilityTargetInput;
  protocol?: ReachabilityProtocol | null | undefined;
  port?: number | null | undefined;
}>;


export type ReachabilityQuery = { readonly reachability: ReachabilityFragment };

export type ReachabilityMatrixQueryVariables = Exact<{
  namespaceId: string;
  protocol?: ReachabilityProtocol | null | undefined;
  port?: number | null | undefined;
  otherNamespaceIds?: ReadonlyArray<string> | string | null | undefined;
  fromGroup?: number | null | undefined;
  toGroup?: number | null | undefined;
}>;


export type ReachabilityMatrixQuery = { readonly reachabilityMatrix: ReachabilityMatrixFragment };

export type ServiceQueryVariables = Exact<{
  id: string;
}>;


export type ServiceQuery = { readonly service: ServiceFragment | null };

export type TenantQueryVariables = Exact<{ [key: string]: never; }>;


export type TenantQuery = { readonly tenant: TenantFragment };

export type TenantsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  labels?: ReadonlyArray<LabelInput> | LabelInput | null | undefined;
}>;


export type TenantsQuery = { readonly tenants: { readonly nodes: ReadonlyArray<TenantFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type MembersQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type MembersQuery = { readonly members: { readonly nodes: ReadonlyArray<MemberFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type EnvironmentsQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  labels?: ReadonlyArray<LabelInput> | LabelInput | null | undefined;
}>;


export type EnvironmentsQuery = { readonly environments: { readonly nodes: ReadonlyArray<EnvironmentFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type EnvironmentQueryVariables = Exact<{
  id: string;
}>;


export type EnvironmentQuery = { readonly environment: EnvironmentFragment | null };

export type NamespacesQueryVariables = Exact<{
  first?: number | null | undefined;
  after?: string | null | undefined;
  labels?: ReadonlyArray<LabelInput> | LabelInput | null | undefined;
}>;


export type NamespacesQuery = { readonly namespaces: { readonly nodes: ReadonlyArray<NamespaceFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } };

export type NamespaceQueryVariables = Exact<{
  id: string;
}>;


export type NamespaceQuery = { readonly namespace: NamespaceFragment | null };

export type CreateRoleMutationVariables = Exact<{
  input: CreateRoleInput;
}>;


export type CreateRoleMutation = { readonly createRole: { readonly position: string | null, readonly role: RoleFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type ChangeRoleMutationVariables = Exact<{
  input: ChangeRoleInput;
}>;


export type ChangeRoleMutation = { readonly changeRole: { readonly position: string | null, readonly role: RoleFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DeleteRoleMutationVariables = Exact<{
  input: DeleteRoleInput;
}>;


export type DeleteRoleMutation = { readonly deleteRole: { readonly deletedId: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type BindRoleMutationVariables = Exact<{
  input: BindRoleInput;
}>;


export type BindRoleMutation = { readonly bindRole: { readonly position: string | null, readonly roleBinding: RoleBindingFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type UnbindRoleMutationVariables = Exact<{
  input: UnbindRoleInput;
}>;


export type UnbindRoleMutation = { readonly unbindRole: { readonly deletedId: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type ChangeMemberRoleMutationVariables = Exact<{
  input: ChangeMemberRoleInput;
}>;


export type ChangeMemberRoleMutation = { readonly changeMemberRole: { readonly position: string | null, readonly member: MemberFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type RemoveMemberMutationVariables = Exact<{
  input: RemoveMemberInput;
}>;


export type RemoveMemberMutation = { readonly removeMember: { readonly deletedId: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type LeaveTenantMutationVariables = Exact<{
  input: LeaveTenantInput;
}>;


export type LeaveTenantMutation = { readonly leaveTenant: { readonly deletedId: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type AddAddressRangeMutationVariables = Exact<{
  input: AddAddressRangeInput;
}>;


export type AddAddressRangeMutation = { readonly addAddressRange: { readonly position: string | null, readonly addressRange: AddressRangeFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type WithdrawAddressRangeMutationVariables = Exact<{
  input: WithdrawAddressRangeInput;
}>;


export type WithdrawAddressRangeMutation = { readonly withdrawAddressRange: { readonly deletedId: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DeleteSubnetMutationVariables = Exact<{
  input: DeleteSubnetInput;
}>;


export type DeleteSubnetMutation = { readonly deleteSubnet: { readonly position: string | null, readonly subnet: SubnetFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetSubnetGrowthMutationVariables = Exact<{
  input: SetSubnetGrowthInput;
}>;


export type SetSubnetGrowthMutation = { readonly setSubnetGrowth: { readonly position: string | null, readonly namespace: NamespaceFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type AllocatePublicAddressMutationVariables = Exact<{
  input: AllocatePublicAddressInput;
}>;


export type AllocatePublicAddressMutation = { readonly allocatePublicAddress: { readonly position: string | null, readonly publicAddress: PublicAddressFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type ReleasePublicAddressMutationVariables = Exact<{
  input: ReleasePublicAddressInput;
}>;


export type ReleasePublicAddressMutation = { readonly releasePublicAddress: { readonly deletedId: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreatePortMappingMutationVariables = Exact<{
  input: CreatePortMappingInput;
}>;


export type CreatePortMappingMutation = { readonly createPortMapping: { readonly position: string | null, readonly portMapping: PortMappingFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DeletePortMappingMutationVariables = Exact<{
  input: DeletePortMappingInput;
}>;


export type DeletePortMappingMutation = { readonly deletePortMapping: { readonly deletedId: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type StartBatchMutationVariables = Exact<{
  input: StartBatchInput;
}>;


export type StartBatchMutation = { readonly startBatch: { readonly position: string | null, readonly batch: BatchFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type PauseBatchMutationVariables = Exact<{
  input: PauseBatchInput;
}>;


export type PauseBatchMutation = { readonly pauseBatch: { readonly position: string | null, readonly batch: BatchFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type ResumeBatchMutationVariables = Exact<{
  input: ResumeBatchInput;
}>;


export type ResumeBatchMutation = { readonly resumeBatch: { readonly position: string | null, readonly batch: BatchFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CancelBatchMutationVariables = Exact<{
  input: CancelBatchInput;
}>;


export type CancelBatchMutation = { readonly cancelBatch: { readonly position: string | null, readonly batch: BatchFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DeleteEnvironmentMutationVariables = Exact<{
  input: DeleteEnvironmentInput;
}>;


export type DeleteEnvironmentMutation = { readonly deleteEnvironment: { readonly position: string | null, readonly deletion: DeletionFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DeleteTenantMutationVariables = Exact<{
  input: DeleteTenantInput;
}>;


export type DeleteTenantMutation = { readonly deleteTenant: { readonly position: string | null, readonly deletion: DeletionFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type UndeleteTenantMutationVariables = Exact<{
  input: UndeleteTenantInput;
}>;


export type UndeleteTenantMutation = { readonly undeleteTenant: { readonly position: string | null, readonly tenant: TenantFragment | null, readonly deletion: DeletionFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CancelDeletionMutationVariables = Exact<{
  input: CancelDeletionInput;
}>;


export type CancelDeletionMutation = { readonly cancelDeletion: { readonly position: string | null, readonly deletion: DeletionFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetDeletionProtectionMutationVariables = Exact<{
  input: SetDeletionProtectionInput;
}>;


export type SetDeletionProtectionMutation = { readonly setDeletionProtection: { readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetLegalHoldMutationVariables = Exact<{
  input: SetLegalHoldInput;
}>;


export type SetLegalHoldMutation = { readonly setLegalHold: { readonly position: string | null, readonly tenant: TenantFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreateDeploymentMutationVariables = Exact<{
  input: CreateDeploymentInput;
}>;


export type CreateDeploymentMutation = { readonly createDeployment: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type UpgradeDeploymentMutationVariables = Exact<{
  input: UpgradeDeploymentInput;
}>;


export type UpgradeDeploymentMutation = { readonly upgradeDeployment: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly release: ReleaseFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type RollbackDeploymentMutationVariables = Exact<{
  input: RollbackDeploymentInput;
}>;


export type RollbackDeploymentMutation = { readonly rollbackDeployment: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly release: ReleaseFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type ScaleDeploymentMutationVariables = Exact<{
  input: ScaleDeploymentInput;
}>;


export type ScaleDeploymentMutation = { readonly scaleDeployment: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DeleteDeploymentMutationVariables = Exact<{
  input: DeleteDeploymentInput;
}>;


export type DeleteDeploymentMutation = { readonly deleteDeployment: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type ChangeEnvironmentMutationVariables = Exact<{
  input: ChangeEnvironmentInput;
}>;


export type ChangeEnvironmentMutation = { readonly changeEnvironment: { readonly position: string | null, readonly environment: EnvironmentFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetPromotionMutationVariables = Exact<{
  input: SetPromotionInput;
}>;


export type SetPromotionMutation = { readonly setPromotion: { readonly position: string | null, readonly environment: EnvironmentFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetImageRulesMutationVariables = Exact<{
  input: SetImageRulesInput;
}>;


export type SetImageRulesMutation = { readonly setImageRules: { readonly position: string | null, readonly environment: EnvironmentFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type RegisterIssuerMutationVariables = Exact<{
  input: RegisterIssuerInput;
}>;


export type RegisterIssuerMutation = { readonly registerIssuer: { readonly position: string | null, readonly issuer: IssuerFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type ChangeIssuerMutationVariables = Exact<{
  input: ChangeIssuerInput;
}>;


export type ChangeIssuerMutation = { readonly changeIssuer: { readonly position: string | null, readonly issuer: IssuerFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type RemoveIssuerMutationVariables = Exact<{
  input: RemoveIssuerInput;
}>;


export type RemoveIssuerMutation = { readonly removeIssuer: { readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreateApiKeyMutationVariables = Exact<{
  input: CreateApiKeyInput;
}>;


export type CreateApiKeyMutation = { readonly createApiKey: { readonly key: string | null, readonly position: string | null, readonly apiKey: ApiKeyFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type RevokeApiKeyMutationVariables = Exact<{
  input: RevokeApiKeyInput;
}>;


export type RevokeApiKeyMutation = { readonly revokeApiKey: { readonly position: string | null, readonly apiKey: ApiKeyFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type RotateServiceAccountSecretMutationVariables = Exact<{
  input: RotateServiceAccountSecretInput;
}>;


export type RotateServiceAccountSecretMutation = { readonly rotateServiceAccountSecret: { readonly clientId: string | null, readonly clientSecret: string | null, readonly tokenUrl: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DisableServiceAccountMutationVariables = Exact<{
  input: DisableServiceAccountInput;
}>;


export type DisableServiceAccountMutation = { readonly disableServiceAccount: { readonly position: string | null, readonly serviceAccount: ServiceAccountFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type EnableServiceAccountMutationVariables = Exact<{
  input: EnableServiceAccountInput;
}>;


export type EnableServiceAccountMutation = { readonly enableServiceAccount: { readonly position: string | null, readonly serviceAccount: ServiceAccountFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DeleteServiceAccountMutationVariables = Exact<{
  input: DeleteServiceAccountInput;
}>;


export type DeleteServiceAccountMutation = { readonly deleteServiceAccount: { readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type InviteMemberMutationVariables = Exact<{
  input: InviteMemberInput;
}>;


export type InviteMemberMutation = { readonly inviteMember: { readonly token: string | null, readonly position: string | null, readonly invitation: InvitationFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type RevokeInvitationMutationVariables = Exact<{
  input: RevokeInvitationInput;
}>;


export type RevokeInvitationMutation = { readonly revokeInvitation: { readonly position: string | null, readonly invitation: InvitationFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type AcceptInvitationMutationVariables = Exact<{
  input: AcceptInvitationInput;
}>;


export type AcceptInvitationMutation = { readonly acceptInvitation: { readonly tenantId: string | null, readonly memberId: string | null, readonly role: TenantRole | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetTenantLabelsMutationVariables = Exact<{
  input: SetTenantLabelsInput;
}>;


export type SetTenantLabelsMutation = { readonly setTenantLabels: { readonly position: string | null, readonly tenant: TenantFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetServiceAccountLabelsMutationVariables = Exact<{
  input: SetServiceAccountLabelsInput;
}>;


export type SetServiceAccountLabelsMutation = { readonly setServiceAccountLabels: { readonly position: string | null, readonly serviceAccount: ServiceAccountFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetEnvironmentLabelsMutationVariables = Exact<{
  input: SetEnvironmentLabelsInput;
}>;


export type SetEnvironmentLabelsMutation = { readonly setEnvironmentLabels: { readonly position: string | null, readonly environment: EnvironmentFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetNamespaceLabelsMutationVariables = Exact<{
  input: SetNamespaceLabelsInput;
}>;


export type SetNamespaceLabelsMutation = { readonly setNamespaceLabels: { readonly position: string | null, readonly namespace: NamespaceFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetDeploymentLabelsMutationVariables = Exact<{
  input: SetDeploymentLabelsInput;
}>;


export type SetDeploymentLabelsMutation = { readonly setDeploymentLabels: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetIsolationPolicyLabelsMutationVariables = Exact<{
  input: SetIsolationPolicyLabelsInput;
}>;


export type SetIsolationPolicyLabelsMutation = { readonly setIsolationPolicyLabels: { readonly position: string | null, readonly isolationPolicy: IsolationPolicyFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetServiceLabelsMutationVariables = Exact<{
  input: SetServiceLabelsInput;
}>;


export type SetServiceLabelsMutation = { readonly setServiceLabels: { readonly position: string | null, readonly service: ServiceFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreateSubnetMutationVariables = Exact<{
  input: CreateSubnetInput;
}>;


export type CreateSubnetMutation = { readonly createSubnet: { readonly position: string | null, readonly subnet: SubnetFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreateIsolationPolicyMutationVariables = Exact<{
  input: CreateIsolationPolicyInput;
}>;


export type CreateIsolationPolicyMutation = { readonly createIsolationPolicy: { readonly position: string | null, readonly isolationPolicy: IsolationPolicyFragment | null, readonly warnings: ReadonlyArray<PolicyWarningFragment>, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type UpdateIsolationPolicyMutationVariables = Exact<{
  input: UpdateIsolationPolicyInput;
}>;


export type UpdateIsolationPolicyMutation = { readonly updateIsolationPolicy: { readonly position: string | null, readonly isolationPolicy: IsolationPolicyFragment | null, readonly warnings: ReadonlyArray<PolicyWarningFragment>, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DeleteIsolationPolicyMutationVariables = Exact<{
  input: DeleteIsolationPolicyInput;
}>;


export type DeleteIsolationPolicyMutation = { readonly deleteIsolationPolicy: { readonly deletedId: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetNamespaceIsolationMutationVariables = Exact<{
  input: SetNamespaceIsolationInput;
}>;


export type SetNamespaceIsolationMutation = { readonly setNamespaceIsolation: { readonly position: string | null, readonly namespace: NamespaceFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetDeploymentPlacementMutationVariables = Exact<{
  input: SetDeploymentPlacementInput;
}>;


export type SetDeploymentPlacementMutation = { readonly setDeploymentPlacement: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreatePlanMutationVariables = Exact<{
  input: CreatePlanInput;
}>;


export type CreatePlanMutation = { readonly createPlan: { readonly position: string | null, readonly plan: PlanFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type ChangePlanMutationVariables = Exact<{
  input: ChangePlanInput;
}>;


export type ChangePlanMutation = { readonly changePlan: { readonly position: string | null, readonly plan: PlanFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type RetirePlanMutationVariables = Exact<{
  input: RetirePlanInput;
}>;


export type RetirePlanMutation = { readonly retirePlan: { readonly position: string | null, readonly plan: PlanFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetTenantPlanMutationVariables = Exact<{
  input: SetTenantPlanInput;
}>;


export type SetTenantPlanMutation = { readonly setTenantPlan: { readonly position: string | null, readonly tenant: TenantFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type OverrideEntitlementsMutationVariables = Exact<{
  input: OverrideEntitlementsInput;
}>;


export type OverrideEntitlementsMutation = { readonly overrideEntitlements: { readonly position: string | null, readonly tenant: TenantFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreatePlatformPolicyMutationVariables = Exact<{
  input: CreatePlatformPolicyInput;
}>;


export type CreatePlatformPolicyMutation = { readonly createPlatformPolicy: { readonly position: string | null, readonly platformPolicy: PlatformPolicyFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type UpdatePlatformPolicyMutationVariables = Exact<{
  input: UpdatePlatformPolicyInput;
}>;


export type UpdatePlatformPolicyMutation = { readonly updatePlatformPolicy: { readonly position: string | null, readonly platformPolicy: PlatformPolicyFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DeletePlatformPolicyMutationVariables = Exact<{
  input: DeletePlatformPolicyInput;
}>;


export type DeletePlatformPolicyMutation = { readonly deletePlatformPolicy: { readonly deletedId: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreatePoolMutationVariables = Exact<{
  input: CreatePoolInput;
}>;


export type CreatePoolMutation = { readonly createPool: { readonly position: string | null, readonly pool: PoolFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type ChangePoolMutationVariables = Exact<{
  input: ChangePoolInput;
}>;


export type ChangePoolMutation = { readonly changePool: { readonly position: string | null, readonly pool: PoolFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DeletePoolMutationVariables = Exact<{
  input: DeletePoolInput;
}>;


export type DeletePoolMutation = { readonly deletePool: { readonly deletedId: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type AssignNodeMutationVariables = Exact<{
  input: AssignNodeInput;
}>;


export type AssignNodeMutation = { readonly assignNode: { readonly position: string | null, readonly computeNode: ComputeNodeFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CordonNodeMutationVariables = Exact<{
  input: NotedNodeInput;
}>;


export type CordonNodeMutation = { readonly cordonNode: { readonly position: string | null, readonly computeNode: ComputeNodeFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type UncordonNodeMutationVariables = Exact<{
  input: NodeInput;
}>;


export type UncordonNodeMutation = { readonly uncordonNode: { readonly position: string | null, readonly computeNode: ComputeNodeFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DrainNodeMutationVariables = Exact<{
  input: NotedNodeInput;
}>;


export type DrainNodeMutation = { readonly drainNode: { readonly position: string | null, readonly computeNode: ComputeNodeFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CancelDrainMutationVariables = Exact<{
  input: NodeInput;
}>;


export type CancelDrainMutation = { readonly cancelDrain: { readonly position: string | null, readonly computeNode: ComputeNodeFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetPlacementWeightsMutationVariables = Exact<{
  input: SetPlacementWeightsInput;
}>;


export type SetPlacementWeightsMutation = { readonly setPlacementWeights: { readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetQuotaMutationVariables = Exact<{
  input: SetQuotaInput;
}>;


export type SetQuotaMutation = { readonly setQuota: { readonly position: string | null, readonly environment: EnvironmentFragment | null, readonly namespace: NamespaceFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SuspendRolloutMutationVariables = Exact<{
  input: SuspendRolloutInput;
}>;


export type SuspendRolloutMutation = { readonly suspendRollout: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly rollout: RolloutFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type ResumeRolloutMutationVariables = Exact<{
  input: ResumeRolloutInput;
}>;


export type ResumeRolloutMutation = { readonly resumeRollout: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly rollout: RolloutFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetRolloutPolicyMutationVariables = Exact<{
  input: SetRolloutPolicyInput;
}>;


export type SetRolloutPolicyMutation = { readonly setRolloutPolicy: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreateServiceMutationVariables = Exact<{
  input: CreateServiceInput;
}>;


export type CreateServiceMutation = { readonly createService: { readonly position: string | null, readonly service: ServiceFragment | null, readonly warnings: ReadonlyArray<ServiceWarningFragment> | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type UpdateServiceMutationVariables = Exact<{
  input: UpdateServiceInput;
}>;


export type UpdateServiceMutation = { readonly updateService: { readonly position: string | null, readonly service: ServiceFragment | null, readonly warnings: ReadonlyArray<ServiceWarningFragment> | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DeleteServiceMutationVariables = Exact<{
  input: DeleteServiceInput;
}>;


export type DeleteServiceMutation = { readonly deleteService: { readonly deletedId: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SetRolloutStrategyMutationVariables = Exact<{
  input: SetRolloutStrategyInput;
}>;


export type SetRolloutStrategyMutation = { readonly setRolloutStrategy: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type PromoteRolloutMutationVariables = Exact<{
  input: PromoteRolloutInput;
}>;


export type PromoteRolloutMutation = { readonly promoteRollout: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly rollout: RolloutFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type AbortRolloutMutationVariables = Exact<{
  input: AbortRolloutInput;
}>;


export type AbortRolloutMutation = { readonly abortRollout: { readonly position: string | null, readonly deployment: DeploymentFragment | null, readonly rollout: RolloutFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreateTenantMutationVariables = Exact<{
  input: CreateTenantInput;
}>;


export type CreateTenantMutation = { readonly createTenant: { readonly position: string | null, readonly tenant: TenantFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type SuspendTenantMutationVariables = Exact<{
  input: SuspendTenantInput;
}>;


export type SuspendTenantMutation = { readonly suspendTenant: { readonly position: string | null, readonly tenant: TenantFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type ResumeTenantMutationVariables = Exact<{
  input: ResumeTenantInput;
}>;


export type ResumeTenantMutation = { readonly resumeTenant: { readonly position: string | null, readonly tenant: TenantFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type AddMemberMutationVariables = Exact<{
  input: AddMemberInput;
}>;


export type AddMemberMutation = { readonly addMember: { readonly position: string | null, readonly member: MemberFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type ErasePersonalDataMutationVariables = Exact<{
  input: ErasePersonalDataInput;
}>;


export type ErasePersonalDataMutation = { readonly erasePersonalData: { readonly position: string | null, readonly member: MemberFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreateServiceAccountMutationVariables = Exact<{
  input: CreateServiceAccountInput;
}>;


export type CreateServiceAccountMutation = { readonly createServiceAccount: { readonly clientId: string | null, readonly clientSecret: string | null, readonly tokenUrl: string | null, readonly position: string | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreateEnvironmentMutationVariables = Exact<{
  input: CreateEnvironmentInput;
}>;


export type CreateEnvironmentMutation = { readonly createEnvironment: { readonly position: string | null, readonly environment: EnvironmentFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type CreateNamespaceMutationVariables = Exact<{
  input: CreateNamespaceInput;
}>;


export type CreateNamespaceMutation = { readonly createNamespace: { readonly position: string | null, readonly namespace: NamespaceFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type DeleteNamespaceMutationVariables = Exact<{
  input: DeleteNamespaceInput;
}>;


export type DeleteNamespaceMutation = { readonly deleteNamespace: { readonly position: string | null, readonly namespace: NamespaceFragment | null, readonly userErrors: ReadonlyArray<UserErrorFragment> } };

export type OnEventsSubscriptionVariables = Exact<{
  after?: string | null | undefined;
}>;


export type OnEventsSubscription = { readonly events: EventFragment };

export type OnLogsSubscriptionVariables = Exact<{
  instanceId?: string | null | undefined;
  deploymentId?: string | null | undefined;
  after?: ReadonlyArray<LogPlaceInput> | LogPlaceInput | null | undefined;
  tail?: number | null | undefined;
  stream?: LogStream | null | undefined;
}>;


export type OnLogsSubscription = { readonly logs: LogChunkFragment };

export type RoleHoldersQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type RoleHoldersQuery = { readonly role: { readonly holders: { readonly nodes: ReadonlyArray<RoleBindingFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type PublicAddressMappingsQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type PublicAddressMappingsQuery = { readonly publicAddress: { readonly mappings: { readonly nodes: ReadonlyArray<PortMappingFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type BatchItemsQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type BatchItemsQuery = { readonly batch: { readonly items: { readonly nodes: ReadonlyArray<BatchItemFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type DeploymentReleasesQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type DeploymentReleasesQuery = { readonly deployment: { readonly releases: { readonly nodes: ReadonlyArray<ReleaseFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type DeploymentRolloutsQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type DeploymentRolloutsQuery = { readonly deployment: { readonly rollouts: { readonly nodes: ReadonlyArray<RolloutFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type DeploymentInstancesQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  labels?: ReadonlyArray<LabelInput> | LabelInput | null | undefined;
}>;


export type DeploymentInstancesQuery = { readonly deployment: { readonly instances: { readonly nodes: ReadonlyArray<InstanceFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type DeploymentUsageQueryVariables = Exact<{
  id: string;
}>;


export type DeploymentUsageQuery = { readonly deployment: { readonly usage: DeploymentUsageFragment } | null };

export type InstanceProcessesQueryVariables = Exact<{
  id: string;
}>;


export type InstanceProcessesQuery = { readonly instance: { readonly processes: ReadonlyArray<ProcessStateFragment> | null } | null };

export type InstanceUsageQueryVariables = Exact<{
  id: string;
}>;


export type InstanceUsageQuery = { readonly instance: { readonly usage: UsageFragment | null } | null };

export type InstanceUsageHistoryQueryVariables = Exact<{
  id: string;
  since?: string | null | undefined;
}>;


export type InstanceUsageHistoryQuery = { readonly instance: { readonly usageHistory: ReadonlyArray<UsageFragment> } | null };

export type IsolationPolicyReceiptsQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type IsolationPolicyReceiptsQuery = { readonly isolationPolicy: { readonly receipts: { readonly nodes: ReadonlyArray<PolicyReceiptFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type IsolationPolicyWarningsQueryVariables = Exact<{
  id: string;
}>;


export type IsolationPolicyWarningsQuery = { readonly isolationPolicy: { readonly warnings: ReadonlyArray<PolicyWarningFragment> | null } | null };

export type IsolationPolicyEnforcementQueryVariables = Exact<{
  id: string;
}>;


export type IsolationPolicyEnforcementQuery = { readonly isolationPolicy: { readonly enforcement: PolicyEnforcementFragment | null } | null };

export type IsolationPolicyFlowsQueryVariables = Exact<{
  id: string;
}>;


export type IsolationPolicyFlowsQuery = { readonly isolationPolicy: { readonly flows: PolicyFlowsFragment | null } | null };

export type PlatformPolicyEnforcementQueryVariables = Exact<{
  id: string;
}>;


export type PlatformPolicyEnforcementQuery = { readonly platformPolicy: { readonly enforcement: PlatformPolicyEnforcementFragment | null } | null };

export type PlatformPolicyFlowsQueryVariables = Exact<{
  id: string;
}>;


export type PlatformPolicyFlowsQuery = { readonly platformPolicy: { readonly flows: PolicyFlowsFragment | null } | null };

export type ServiceEndpointsQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type ServiceEndpointsQuery = { readonly service: { readonly endpoints: { readonly nodes: ReadonlyArray<ServiceEndpointFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type EnvironmentNamespacesQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  labels?: ReadonlyArray<LabelInput> | LabelInput | null | undefined;
}>;


export type EnvironmentNamespacesQuery = { readonly environment: { readonly namespaces: { readonly nodes: ReadonlyArray<NamespaceFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type EnvironmentQuotaHoldersQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type EnvironmentQuotaHoldersQuery = { readonly environment: { readonly quotaHolders: { readonly nodes: ReadonlyArray<QuotaHolderFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type NamespaceAddressUseQueryVariables = Exact<{
  id: string;
}>;


export type NamespaceAddressUseQuery = { readonly namespace: { readonly addressUse: AddressUseFragment } | null };

export type NamespacePublicAddressesQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type NamespacePublicAddressesQuery = { readonly namespace: { readonly publicAddresses: { readonly nodes: ReadonlyArray<PublicAddressFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type NamespaceSubnetsQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type NamespaceSubnetsQuery = { readonly namespace: { readonly subnets: { readonly nodes: ReadonlyArray<SubnetFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type NamespaceDeploymentsQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  labels?: ReadonlyArray<LabelInput> | LabelInput | null | undefined;
}>;


export type NamespaceDeploymentsQuery = { readonly namespace: { readonly deployments: { readonly nodes: ReadonlyArray<DeploymentFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type NamespaceInstancesOnSharedNodesQueryVariables = Exact<{
  id: string;
}>;


export type NamespaceInstancesOnSharedNodesQuery = { readonly namespace: { readonly instancesOnSharedNodes: number | null } | null };

export type NamespaceIsolationPoliciesQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  labels?: ReadonlyArray<LabelInput> | LabelInput | null | undefined;
}>;


export type NamespaceIsolationPoliciesQuery = { readonly namespace: { readonly isolationPolicies: { readonly nodes: ReadonlyArray<IsolationPolicyFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type NamespaceQuotaHoldersQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
}>;


export type NamespaceQuotaHoldersQuery = { readonly namespace: { readonly quotaHolders: { readonly nodes: ReadonlyArray<QuotaHolderFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };

export type NamespaceEnforcementQueryVariables = Exact<{
  id: string;
}>;


export type NamespaceEnforcementQuery = { readonly namespace: { readonly enforcement: NamespaceEnforcementFragment | null } | null };

export type NamespaceServicesQueryVariables = Exact<{
  id: string;
  first?: number | null | undefined;
  after?: string | null | undefined;
  labels?: ReadonlyArray<LabelInput> | LabelInput | null | undefined;
}>;


export type NamespaceServicesQuery = { readonly namespace: { readonly services: { readonly nodes: ReadonlyArray<ServiceFragment>, readonly pageInfo: { readonly hasNextPage: boolean, readonly endCursor: string | null } } } | null };
