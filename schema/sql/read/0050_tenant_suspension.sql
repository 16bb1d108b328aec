-- Whether the tenant may change anything, and if not, why.
alter table tenant add column status text not null default 'ACTIVE';
alter table tenant add column suspension json;
