-- Labels of service accounts, which had none until now.

alter table service_account add column labels json not null default '[]';
