-- What the local issuer keeps: sessions, grants, codes, refresh tokens. Found by hashes, and sealed: a copy of the table
-- opens nothing.
create table stored (
  model text not null,
  -- SHA-256 of the id, which is the secret itself for most of them.
  id bytea not null,
  uid bytea,
  user_code bytea,
  grant_id bytea,
  -- AES-256-GCM: nonce, tag, text.
  payload bytea not null,
  consumed_at timestamptz,
  expires_at timestamptz,
  primary key (model, id)
);
create index stored_uid on stored (model, uid) where uid is not null;
create index stored_user_code on stored (model, user_code) where user_code is not null;
create index stored_grant on stored (grant_id) where grant_id is not null;
create index stored_expiry on stored (expires_at) where expires_at is not null;
