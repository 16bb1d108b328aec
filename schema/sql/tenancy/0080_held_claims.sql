-- What a tenant or an environment holds is found by its id: as a key, as the beginning of one, and as an owner.
create index claim_unique_under on claim_unique (key collate "C");
create index claim_unique_owner on claim_unique (owner);
create index claim_amount_under on claim_amount (key collate "C");
create index claim_amount_owner on claim_amount (owner);
