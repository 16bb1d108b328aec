-- What is gone from rules is forgotten some time after, oldest first.
create index set_member_old on set_member (changed_at) where gone;
create index node_part_old on node_part (changed_at) where gone;
