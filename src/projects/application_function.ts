import type { Transaction } from "../database/database.ts";
import { quoteIdentifier } from "../database/identifiers.ts";
import { AuthError } from "../errors.ts";
import { outsideGrantee } from "./administration.ts";

/** What a function of an application's must be to be called by a project. */
export interface Signature {
  /** Types, with a comma between: `uuid, jsonb`. */
  readonly takes: string;
  readonly returns: "trigger" | "jsonb";
  /** A name that stands in the advice. */
  readonly example: string;
}

export interface ApplicationFunction {
  /** `app.name`, quoted where it must be. */
  readonly called: string;
  /** With its arguments, as Postgres writes a `regprocedure`. */
  readonly signature: string;
  readonly owner: string;
}

/**
 * Finds a function of an application's by its name, such as `app.make_profile`, and makes sure that a
 * project can call it and that it runs with its owner's rights. Run as the project's owner.
 *
 * @throws AuthError validation_failed with what to do
 */
export async function requireApplicationFunction(
  tx: Transaction,
  name: string,
  { takes, returns, example }: Signature,
): Promise<ApplicationFunction> {
  const [schema, plain, ...rest] = withoutArguments(name, takes).split(".");
  if (!isPlain(schema) || !isPlain(plain) || rest.length > 0) {
    throw refused(`Name the function with its schema, such as ${example}: ${name}`);
  }
  const [found] = await tx.query<{
    fits: boolean;
    definer: boolean;
    pinned: boolean;
    enters: boolean;
    executes: boolean;
    grantee: string;
    signature: string;
    owner: string;
  }>(
    `select p.prorettype = $3::regtype and p.prokind = 'f' and not p.proretset as fits,
      p.prosecdef as definer,
      exists (select from unnest(p.proconfig) s (setting) where setting like 'search_path=%') as pinned,
      has_schema_privilege(n.oid, 'usage') as enters,
      has_function_privilege(p.oid, 'execute') as executes,
      ${outsideGrantee} as grantee,
      p.oid::regprocedure::text as signature,
      pg_get_userbyid(p.proowner)::text as owner
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = $1 and p.proname = $2
      and array_to_string(array(
        select format_type(t, null) from unnest(p.proargtypes) with ordinality a (t, place) order by place
      ), ', ') = $4`,
    [schema, plain, returns, takes],
  );
  const called = `${quoteIdentifier(schema)}.${quoteIdentifier(plain)}`;
  const shown = `${called}(${takes})`;
  if (!found?.fits) throw refused(`There is no function ${shown} that returns ${returns}`);
  if (!found.definer || !found.pinned) {
    throw refused(
      `The function would run with the rights of the project's owner. Run: alter function ${shown} security definer set search_path = ${quoteIdentifier(schema)}, pg_temp;`,
    );
  }
  if (!found.enters) {
    throw refused(
      `Run first: grant usage on schema ${quoteIdentifier(schema)} to ${found.grantee};`,
    );
  }
  if (!found.executes) {
    throw refused(`Run first: grant execute on function ${shown} to ${found.grantee};`);
  }
  return { called, signature: found.signature, owner: found.owner };
}

function withoutArguments(name: string, takes: string): string {
  const written = `(${takes})`;
  return name.endsWith(written) ? name.slice(0, -written.length) : name;
}

// Needs no quotes inside the quotes of a literal.
function isPlain(name: string | undefined): name is string {
  return name !== undefined && /^[a-z_][a-z0-9_]{0,62}$/.test(name);
}

function refused(message: string): AuthError {
  return new AuthError("validation_failed", { message });
}
