/** Every failpoint, by what it stands beside. One list, so that a run over all of them misses none. */
export const failpoints = [
  // A command, in the service that owns the stream.
  'command.after-load',
  'command.before-answer',
  // The commit of a batch of commands.
  'append.before-commit',
  'append.after-commit',
  // The relay: from the store to JetStream.
  'relay.before-resume',
  'relay.before-create',
  'relay.after-create',
  'relay.before-publish',
  'relay.after-publish',
  'relay.before-ack',
  'relay.after-ack',
  // The owner's answer to a consumer that has a gap.
  'fetch.before-answer',
  // A projection: effect and checkpoint in one transaction.
  'project.before-effect',
  'project.before-checkpoint',
  'project.before-commit',
  'project.after-commit',
  // A reaction: command first, checkpoint after.
  'react.before-command',
  'react.after-command',
  'react.before-checkpoint',
  'react.after-checkpoint',
  // An event that is put aside, and tried again.
  'park.before-commit',
  'park.after-commit',
  'retry.before-commit',
  'retry.after-commit',
  // A snapshot of a stream's state.
  'snapshot.before-write',
  'snapshot.after-write',
  // A rebuild beside the live projection.
  'rebuild.after-prepare',
  'rebuild.after-batch',
  'rebuild.before-switch',
  'rebuild.after-switch',
  // A reservation of quota, in the service that reserves, and the ledger's look after it.
  'quota.before-reserve',
  'quota.after-reserve',
  'quota.before-expiry',
  // The agent of a node.
  'agent.before-apply',
  'agent.after-apply',
  'agent.before-rules',
  'agent.after-rules',
  'agent.before-report',
  'agent.after-report',
  // A deletion, before it acts: its time has come; namespaces; environments; access; the tenant itself; the end.
  'deletion.before-purge',
  'deletion.before-namespaces',
  'deletion.before-environments',
  'deletion.before-access',
  'deletion.before-tenant',
  'deletion.before-complete',
  // A batch: it has begun with a deployment, and that is told; the deployment has answered, and the batch isn't told yet.
  'batch.before-command',
  'batch.after-command',
  // The gateway, between the client and the service.
  'gateway.before-command',
  'gateway.after-command',
  'gateway.before-answer',
] as const;
export type Failpoint = (typeof failpoints)[number];
