import { quoteLiteral } from "./identifiers.ts";
import { makingName, policyHelpers } from "./own_names.ts";

const helper = policyHelpers.join("|");
const definition = new RegExp(`^(create or replace function )(${helper})(?=\\()`, "gm");
const comment = new RegExp(
  `^comment on function (${helper})\\(\\) is\\s+('(?:[^']|'')*');\\n`,
  "gm",
);
const callOfClaims = /\bclaims\(\)(?= ->>)/g;

/** What makes or renews the helpers of policies, around the grants of a schema. */
export interface HelperScripts {
  readonly functions: string;
  /** For after the grants. */
  readonly last: string;
}

/**
 * Scripts for a schema without helpers, from the functions of `sql/`. The helpers are called the same in
 * all schemas, and a statement that names one reads them all; so they are made, commented and called under
 * a name that only this schema has, and get their own in the end. Renaming asks for the one new name alone.
 */
export function newHelpers(functions: string): HelperScripts {
  const made = [...functions.matchAll(definition)].map(([, , name]) => name ?? "");
  return {
    functions: functions
      .replaceAll(definition, (_, create, name) => `${create}${makingName(name)}`)
      .replaceAll(comment, (_, name, text) => commentOn(makingName(name), text))
      .replaceAll(callOfClaims, `${makingName("claims")}()`),
    last: made.map(named).join(""),
  };
}

/**
 * Scripts for a schema that has helpers. What others are granted on them and what stands upon them stays,
 * so they keep their names, but for `claims`, which the others call, and which each of their definitions
 * would look for. A comment that is there already is not made again.
 */
export function renewedHelpers(functions: string): HelperScripts {
  if (functions.match(definition) === null) return { functions, last: "" };
  const comments: string[] = [];
  const renewed = functions
    .replaceAll(/^(create or replace function )claims(?=\()/gm, `$1${makingName("claims")}`)
    .replaceAll(callOfClaims, `${makingName("claims")}()`)
    .replaceAll(comment, (_, name: string, text: string) => {
      if (name === "claims") return commentOn(makingName(name), text);
      comments.push(`(${quoteLiteral(name)}, ${text})`);
      return "";
    });
  return {
    functions: `${claimsAside}${renewed}${commentsThatDiffer(comments)}`,
    last: named("claims"),
  };
}

const claimsAside = `do $$
begin
  if exists (
    select from pg_proc
    where proname = 'claims' and proargtypes = '' and pronamespace = current_schema()::regnamespace
  ) then
    alter function claims() rename to ${makingName("claims")};
  end if;
end
$$;
`;

function commentsThatDiffer(comments: readonly string[]): string {
  return `do $do$
declare
  v_helper record;
begin
  for v_helper in
    select h.name, h.comment
    from (values ${comments.join(", ")}) h (name, comment)
    join pg_proc p on p.proname = h.name and p.proargtypes = ''
      and p.pronamespace = current_schema()::regnamespace
    where obj_description(p.oid, 'pg_proc') is distinct from h.comment
  loop
    execute format('comment on function %I() is %L', v_helper.name, v_helper.comment);
  end loop;
end
$do$;
`;
}

function commentOn(name: string, text: string): string {
  return `comment on function ${name}() is\n  ${text};\n`;
}

function named(name: string): string {
  return `alter function ${makingName(name)}() rename to ${name};\n`;
}
