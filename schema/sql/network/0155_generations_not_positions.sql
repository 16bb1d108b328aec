-- From which generation of nodes' rules on it is so. A generation is the position of an event, or larger: after an event that
-- was put aside, or an upgrade of the compiler. So what nodes have applied is compared with generations only. What is there
-- stays what it was compared with so far.
alter table endpoint rename column serving_position to serving_generation;
alter table service_address rename column released_position to released_generation;
