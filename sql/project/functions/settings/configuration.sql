-- What the HTTP layer must know of a project before it can serve it. It is cached there for a few
-- seconds; everything that decides about a user is read by the functions themselves.
-- Called by the runtime. The keys are sealed under MIOSA_AUTH_KEY and useless without it.

create or replace function configuration() returns jsonb
language sql stable security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
  select jsonb_build_object(
    'name', s.name,
    'site_url', s.site_url,
    'redirect_urls', s.redirect_urls,
    'cors_origins', s.cors_origins,
    'signup_enabled', s.signup_enabled,
    'email_confirmation', s.email_confirmation,
    'password_min_length', s.password_min_length,
    'breached_passwords', s.breached_passwords,
    'bcrypt_cost', s.bcrypt_cost,
    'signups_per_address', s.signups_per_address,
    'anonymous_users', s.anonymous_users,
    'manual_linking', s.manual_linking,
    'providers', (
      select coalesce(jsonb_agg(jsonb_build_object('name', p.name, 'kind', p.kind) order by p.created_at, p.name), '[]')
      from providers p
    ),
    'verify_on_get', s.verify_on_get,
    'pages_enabled', s.pages_enabled,
    'page_color', s.page_color,
    'language', s.language,
    'jwt_keys', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'kid', k.kid,
        'algorithm', k.algorithm,
        'state', k.state,
        'sealed', encode(k.sealed, 'hex'),
        'public_jwk', k.public_jwk
      )), '[]')
      from jwt_keys k
      where k.accepted_until is null or k.accepted_until > clock_timestamp()
    )
  )
  from settings s
$$;

comment on function configuration() is
  'Settings that the HTTP layer needs, and the sealed JWT keys that are still accepted.';
