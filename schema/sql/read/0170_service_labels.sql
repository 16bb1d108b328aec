-- What the tenant labelled its services with; they select by selector_labels.
alter table service add column labels json not null default '[]';
