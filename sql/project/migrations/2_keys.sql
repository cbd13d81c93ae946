-- Two kinds of keys. database_keys are born here and never leave the database: they prove to SQL
-- that a token was issued by it. jwt_keys sign the tokens outside and are stored sealed, so a dump
-- holds none of them in the clear.

create table database_keys (
  purpose text not null constraint database_keys_pkey primary key,
  inner_pad bytea not null,
  outer_pad bytea not null,
  created_at timestamptz default now() not null,
  constraint database_keys_purpose check (purpose in ('db_mac', 'decoy')),
  constraint database_keys_inner_pad check (octet_length(inner_pad) = 64),
  constraint database_keys_outer_pad check (octet_length(outer_pad) = 64)
);
comment on table database_keys is
  'HMAC-SHA256 keys, already XORed with ipad and opad (RFC 2104 section 2) so that a MAC is two calls of sha256().';

-- Three random UUIDs carry 366 random bits; the hash folds them into 256.
insert into database_keys (purpose, inner_pad, outer_pad)
select
  purpose,
  string_agg(set_byte('\x00'::bytea, 0, octet # 54), ''::bytea order by place),
  string_agg(set_byte('\x00'::bytea, 0, octet # 92), ''::bytea order by place)
from (
  select fresh.purpose, place, case when place < 32 then get_byte(fresh.key, place) else 0 end as octet
  from (
    select
      purpose,
      sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) as key
    from unnest(array['db_mac', 'decoy']) as purpose
    offset 0
  ) as fresh
  cross join generate_series(0, 63) as place
) as octets
group by purpose;

create table jwt_keys (
  kid text not null constraint jwt_keys_pkey primary key,
  algorithm text not null,
  state text not null,
  sealed bytea not null,
  public_jwk jsonb,
  created_at timestamptz default now() not null,
  accepted_until timestamptz,
  constraint jwt_keys_kid_grammar check (kid ~ '^[A-Za-z0-9_-]{8,64}$'),
  constraint jwt_keys_algorithm check (algorithm in ('HS256', 'ES256', 'RS256')),
  constraint jwt_keys_state check (state in ('next', 'active', 'retired')),
  constraint jwt_keys_public_jwk check ((public_jwk is null) = (algorithm = 'HS256'))
);
comment on table jwt_keys is
  'Signing keys, sealed with AES-256-GCM under MIOSA_AUTH_KEY. One is active; next and retired ones verify, retired ones until accepted_until.';

create unique index jwt_keys_one_active_key on jwt_keys (state) where state = 'active';

alter table database_keys enable row level security;
alter table jwt_keys enable row level security;
