import type { Database, Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { AuthError } from "../errors.ts";
import { outsideGrantee } from "./administration.ts";
import { asProjectOwner } from "./registry.ts";

/** What an application's trigger follows. */
export type UserEvent = "signup" | "update" | "delete";

// A sign-in writes its time and perhaps a renewed hash; an application's trigger does not hear it.
const events: Record<UserEvent, string> = {
  signup: "insert",
  update: "update of email, email_confirmed_at, role, app_metadata, user_metadata, banned_until",
  delete: "delete",
};

/** Every event, in the order of a user's life. */
export const userEvents = Object.keys(events) as UserEvent[];

/**
 * Runs an application's trigger function after each row of an event, in the transaction of that
 * event: a profile's row is made with its user or neither is. `raise exception 'message'` in it
 * refuses the event, and reaches the caller as `refused_by_application`. One function an event;
 * another takes its place.
 *
 * The function must be SECURITY DEFINER with a `search_path` of its own, and is not fired when it
 * is no longer so: it would run with the rights of the project's owner.
 *
 * @param name with its schema: `app.make_profile`
 * @throws AuthError project_not_found, validation_failed
 */
export async function setUserTrigger(
  database: Database,
  id: string,
  event: UserEvent,
  name: string,
): Promise<void> {
  await asProjectOwner(database, id, async (tx) => {
    const called = await requireFunction(tx, name);
    await tx.script(`
      create or replace trigger ${triggerName(event)}
      after ${events[event]} on users
      for each row
      when (runs_as_its_owner('${called}()'::regprocedure))
      execute function ${called}()`);
  });
}

/** Takes the trigger of an event away again, when there is one. */
export async function removeUserTrigger(
  database: Database,
  id: string,
  event: UserEvent,
): Promise<void> {
  await asProjectOwner(database, id, (tx) =>
    tx.script(`drop trigger if exists ${triggerName(event)} on users`),
  );
}

function triggerName(event: UserEvent): string {
  return `application_${event}`;
}

async function requireFunction(tx: Transaction, name: string): Promise<string> {
  const [schema, plain, ...rest] = name.replace(/\(\)$/, "").split(".");
  if (!isPlain(schema) || !isPlain(plain) || rest.length > 0) {
    throw refused(`Name the function with its schema, such as app.make_profile: ${name}`);
  }
  const [found] = await tx.query<{
    fires: boolean;
    definer: boolean;
    pinned: boolean;
    enters: boolean;
    executes: boolean;
    grantee: string;
  }>(
    `select p.prorettype = 'trigger'::regtype as fires,
      p.prosecdef as definer,
      exists (select from unnest(p.proconfig) s (setting) where setting like 'search_path=%') as pinned,
      has_schema_privilege(n.oid, 'usage') as enters,
      has_function_privilege(p.oid, 'execute') as executes,
      ${outsideGrantee} as grantee
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = $1 and p.proname = $2 and p.pronargs = 0`,
    [schema, plain],
  );
  const called = `${quoteIdentifier(schema)}.${quoteIdentifier(plain)}`;
  if (!found?.fires) {
    throw refused(`There is no function ${called}() that returns trigger`);
  }
  if (!found.definer || !found.pinned) {
    throw refused(
      `The function would run with the rights of the project's owner. Run: alter function ${called}() security definer set search_path = ${quoteIdentifier(schema)}, pg_temp;`,
    );
  }
  if (!found.enters) {
    throw refused(
      `Run first: grant usage on schema ${quoteIdentifier(schema)} to ${found.grantee};`,
    );
  }
  if (!found.executes) {
    throw refused(`Run first: grant execute on function ${called}() to ${found.grantee};`);
  }
  return called;
}

// Needs no quotes inside the quotes of a literal.
function isPlain(name: string | undefined): name is string {
  return name !== undefined && /^[a-z_][a-z0-9_]{0,62}$/.test(name);
}

function refused(message: string): AuthError {
  return new AuthError("validation_failed", { message });
}
