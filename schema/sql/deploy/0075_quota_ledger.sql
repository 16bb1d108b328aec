-- The quota ledger is tenancy's now. What was claimed of the tenants' limits here, and the replica of these, go; and each
-- deployment is looked at once more, so that it tells the ledger what it takes.
delete from claim_amount where claim_set in ('tenant-cpu', 'tenant-memory', 'tenant-instances');
delete from claim_total where claim_set in ('tenant-cpu', 'tenant-memory', 'tenant-instances');
delete from consumer where name = 'tenancy-limits';
drop table tenant_limits;
update deployment set settled_version = 0;
