-- A page of the newest users is read from the index, however many there are.

create index users_created_at_id_idx on users (created_at, id);
