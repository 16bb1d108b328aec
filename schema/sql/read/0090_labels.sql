-- Labels of what had none until now.

alter table environment add column labels json not null default '[]';
alter table isolation_policy add column labels json not null default '[]';
