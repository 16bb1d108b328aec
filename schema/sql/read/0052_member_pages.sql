-- Pages of members over all tenants, for the operator; of one tenant the unique (tenant_id, subject) serves.
create index member_by_subject on member (subject, id);
