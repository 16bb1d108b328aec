-- How processes of a release are asked how they fare; null where they aren't.
alter table release
  add column readiness json,
  add column liveness json,
  add column startup json;
