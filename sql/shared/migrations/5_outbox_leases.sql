-- How much of a project's mail is under way is asked at each claim.

create index outbox_lease_idx on outbox (project_id) where lease is not null;
