-- Nodes that are lost, and leases of what must never run twice.

-- Counted as lost since it was heard of last.
alter table node add column lost boolean not null default false;
-- Its nodes need a lease for it.
alter table deployment add column fenced boolean not null default false;

alter table node_hearing
  -- What the newest report was answered with; null: no lease.
  add column lease_ms integer,
  -- Set where it is counted as lost, under the lock that each report takes; back once what it ran is written down as lost.
  add column lost boolean not null default false;
