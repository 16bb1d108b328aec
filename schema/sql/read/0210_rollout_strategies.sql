-- How rollouts replace, and where they are. What there was before has what every deployment has that says nothing else.
alter table deployment add column rollout_strategy json not null
  default '{"kind": "ROLLING", "steps": [], "autoPromoteSeconds": null, "scaleDownDelaySeconds": null}';
alter table rollout add column strategy json not null
  default '{"kind": "ROLLING", "steps": [], "autoPromoteSeconds": null, "scaleDownDelaySeconds": null}';
alter table rollout add column step integer not null default 1;
alter table rollout add column steps integer not null default 0;
alter table rollout add column paused_until text collate "C";
