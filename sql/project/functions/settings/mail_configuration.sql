-- What whoever delivers must know of a project. Called by the runtime. The transport is sealed under
-- MIOSA_AUTH_KEY and useless without it.

create or replace function mail_configuration() returns jsonb
language sql stable security definer
set search_path from current
set plan_cache_mode = force_generic_plan
as $$
  select jsonb_build_object(
    'name', s.name,
    'site_url', s.site_url,
    'language', s.language,
    'page_color', s.page_color,
    'pages_enabled', s.pages_enabled,
    'code_lifetime', s.code_lifetime,
    'link_lifetime', s.link_lifetime,
    'transport', (select encode(t.sealed, 'hex') from mail_transport t),
    'templates', (
      select coalesce(jsonb_agg(to_jsonb(t) order by t.purpose, t.language), '[]') from mail_templates t
    )
  )
  from settings s
$$;

comment on function mail_configuration() is
  'How this project''s mail is worded and sent: settings, the sealed transport or null, and templates of its own.';
