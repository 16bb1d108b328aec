-- Labels of tenants, which had none until now.

alter table tenant add column labels json not null default '[]';
