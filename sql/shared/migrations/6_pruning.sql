-- Servers share the work of pruning: each takes the project that has waited longest.
alter table projects add column prune_at timestamptz default now() not null;
comment on column projects.prune_at is 'From when on a server may prune the project again.';

create index projects_prune_at_idx on projects (prune_at) where state = 'active';
