-- The clinic's own tables, next to the users of proj_clinic. Runs once, as the database's administrator.
-- Two roles: the owner has the tables and is used by nobody; the app connects, owns nothing, and sees
-- what the policies show it.

create role clinic_owner nologin;
create role clinic_app login;
create schema clinic authorization clinic_owner;
-- Not every administrator is a superuser: to act as the owner takes membership.
grant clinic_owner to current_user;
-- Policies name the project's helpers, so who writes one has to see their schema.
grant usage on schema proj_clinic to clinic_owner;

set role clinic_owner;
set search_path = clinic;

create table staff (
  user_id uuid primary key,
  name text not null
);

create table appointments (
  id uuid primary key default gen_random_uuid(),
  patient_id uuid not null,
  patient_name text not null check (length(patient_name) between 1 and 200),
  starts_at timestamptz not null
    constraint appointments_starts_at_key unique
    constraint appointments_starts_on_the_hour check (extract(minute from starts_at) = 0),
  reason text not null check (length(reason) between 1 and 500)
);
create index on appointments (patient_id);

alter table staff enable row level security;
alter table appointments enable row level security;

-- uid() believes the app, which verified the token. Enough for a patient's own rows.
create policy own_appointments on appointments for select to clinic_app
  using (patient_id = (select proj_clinic.uid()));
create policy book_for_oneself on appointments for insert to clinic_app
  with check (patient_id = (select proj_clinic.uid()) and starts_at > now());
create policy cancel_own on appointments for delete to clinic_app
  using (patient_id = (select proj_clinic.uid()) and starts_at > now());

-- Everybody's health data is behind verified_uid(): the database checks the token itself, and no flaw
-- in the app, not even an injected `set jwt.claims.sub`, makes a patient one of the staff.
create policy own_staff_row on staff for select to clinic_app
  using (user_id = (select proj_clinic.verified_uid()));
create policy staff_see_all on appointments for select to clinic_app
  using ((select exists (select from staff where user_id = (select proj_clinic.verified_uid()))));

-- Which hours are gone is no secret; whose they are is. The owner sees all rows, and this gives times.
create function taken_hours() returns setof timestamptz
language sql stable security definer
set search_path = clinic, pg_temp
as $$ select starts_at from appointments where starts_at > now() $$;
revoke execute on function taken_hours() from public;

grant usage on schema clinic to clinic_app;
grant select on staff to clinic_app;
grant select, delete, insert (patient_id, patient_name, starts_at, reason) on appointments to clinic_app;
grant execute on function taken_hours() to clinic_app;

reset role;
reset search_path;
