import type { Database, Transaction } from "../database/database.ts";
import { quoteLiteral } from "../database/identifiers.ts";
import { requireApplicationFunction } from "./application_function.ts";
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
 * The function must be SECURITY DEFINER with a `search_path` of its own: it would run with the rights
 * of the project's owner otherwise. When it fires, a guard looks again, and fails the event when it is
 * no longer so or the function has another owner than now.
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
    const { called, owner } = await requireApplicationFunction(tx, name, {
      takes: "",
      returns: "trigger",
      example: "app.make_profile",
    });
    await tx.script(`
      drop trigger if exists ${formerName(event)} on users;
      ${triggerScript(event, called, owner)}`);
  });
}

/** Takes the trigger of an event away again, when there is one. */
export async function removeUserTrigger(
  database: Database,
  id: string,
  event: UserEvent,
): Promise<void> {
  await asProjectOwner(database, id, (tx) =>
    tx.script(
      [formerName(event), guardName(event), triggerName(event)]
        .map((name) => `drop trigger if exists ${name} on users`)
        .join(";\n"),
    ),
  );
}

/**
 * Puts a guard before functions that an earlier release set with a condition instead; run as the
 * schema's owner, in the schema. Who owns such a function now is taken for the one that was meant.
 */
export async function upgradeUserTriggers(tx: Transaction): Promise<void> {
  const former = await tx.query<{ name: string; called: string; owner: string }>(
    `select t.tgname::text as name, format('%I.%I', n.nspname, p.proname) as called,
       pg_get_userbyid(p.proowner)::text as owner
     from pg_trigger t join pg_proc p on p.oid = t.tgfoid join pg_namespace n on n.oid = p.pronamespace
     where t.tgrelid = 'users'::regclass and not t.tgisinternal`,
  );
  for (const event of userEvents) {
    const found = former.find(({ name }) => name === formerName(event));
    if (!found) continue;
    await tx.script(`
      drop trigger ${formerName(event)} on users;
      ${triggerScript(event, found.called, found.owner)}`);
  }
  await tx.script("drop function if exists runs_as_its_owner(regprocedure)");
}

// Triggers of one event fire for a row in the order of their names, and nothing of the application's
// is between these two: it has no TRIGGER right on users.
function triggerScript(event: UserEvent, called: string, owner: string): string {
  return `
    create or replace trigger ${guardName(event)}
    after ${events[event]} on users
    for each row
    execute function guard_application_trigger(${quoteLiteral(triggerName(event))}, ${quoteLiteral(owner)});
    create or replace trigger ${triggerName(event)}
    after ${events[event]} on users
    for each row
    execute function ${called}()`;
}

function guardName(event: UserEvent): string {
  return `application_${event}_1_guard`;
}

function triggerName(event: UserEvent): string {
  return `application_${event}_2_function`;
}

function formerName(event: UserEvent): string {
  return `application_${event}`;
}
