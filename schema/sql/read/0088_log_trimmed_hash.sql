-- What the first record of a trimmed log is chained to: the hash of the last one that was trimmed; null where none was,
-- and the chain begins with the genesis. Logs from before there was a chain are chained whole, when a gateway starts.
alter table tenant_log_head drop column chain_start;
alter table tenant_log_head rename column chain_start_hash to trimmed_hash;
