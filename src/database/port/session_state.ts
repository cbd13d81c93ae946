import type { PGlite } from "@electric-sql/pglite";

/** What a client has made of its session, kept while another has the one connection. */
export interface SessionState {
  user: string;
  role: string;
  settings: Record<string, string>;
}

// Settings that no extension declared are in no catalogue; these are asked for by name.
const identity = [
  "jwt.token",
  "jwt.claims",
  "request.jwt.claims",
  ...["sub", "role", "email", "session_id", "aal"].map((name) => `jwt.claims.${name}`),
];

const captureState = `
  select session_user::text as user, current_setting('role') as role,
    (select coalesce(json_object_agg(name, setting), '{}') from (
      select name, setting from pg_settings where source = 'session'
      union all
      select name, current_setting(name, true)
      from unnest(string_to_array('${identity.join(" ")}', ' ')) as name
      where current_setting(name, true) <> ''
    ) as changed) as settings`;

export async function capture(pglite: PGlite): Promise<SessionState | undefined> {
  return (await pglite.query<SessionState>(captureState)).rows[0];
}

/** The session as it was when the database was opened: the superuser's, with no setting changed. */
export async function reset(pglite: PGlite): Promise<void> {
  // By name: PGlite has no default for RESET to go back to.
  await pglite.exec("set session authorization postgres; reset role; reset all");
}

/** Gives a client its session back, after a {@link reset}. */
export async function restore(pglite: PGlite, state: SessionState): Promise<void> {
  const settings = Object.entries(state.settings);
  if (settings.length > 0) {
    const calls = settings.map(
      (_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, false)`,
    );
    await pglite.query(`select ${calls.join(", ")}`, settings.flat());
  }
  // The user after the settings, since it may not be allowed to change them; the role after the user.
  if (state.user !== "postgres") {
    await pglite.query("select set_config('session_authorization', $1, false)", [state.user]);
  }
  if (state.role !== "none") {
    await pglite.query("select set_config('role', $1, false)", [state.role]);
  }
}
