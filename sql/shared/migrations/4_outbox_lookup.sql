-- A project looks up its own mail of a user. With the policy on owner_role, an index on the
-- foreign key alone looked as good to the planner, and read all that waits for the project: with 20,000
-- mails in the queue, asking for mail to a known address took six times as long as to an unknown one.

drop index outbox_project_idx;
drop index outbox_user_idx;
create index outbox_project_idx on outbox (project_id, owner_role, user_id);
