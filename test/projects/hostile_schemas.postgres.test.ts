import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "../../src/database/database.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { prepareDatabase } from "../../src/projects/prepare_database.ts";
import type { PostgresDatabase } from "../support/engine.ts";
import { named } from "../support/own_names.ts";
import { openService } from "../support/service.ts";

let database: PostgresDatabase;
let admin: Database;

beforeEach(async () => {
  const { engine } = await openService();
  if (engine.kind !== "postgres") throw new Error("this needs a server");
  database = await engine.createDatabase();
  admin = connectPostgres({ url: database.adminUrl, connections: 2 });
});

afterEach(() => admin.close());

describe("an administrator in a database where others may create", () => {
  it("calls nothing that a stranger put into public to fit better (case 147)", async () => {
    await database.query("create table public.called (what text)");
    await database.query("grant all on schema public to public");
    await database.query("grant all on public.called to public");
    // Each fits its call better than the catalogue's own: an int for a bigint, a name for a text.
    await database.query(`
      create function public.hashtextextended(text, int) returns bigint language sql as
        $$ insert into public.called values ('hashtextextended'); select 1::bigint $$;
      create function public.quote_ident(name) returns text language sql as
        $$ insert into public.called values ('quote_ident'); select $1::text $$;
      create function public.has_database_privilege(name, text) returns boolean language sql as
        $$ insert into public.called values ('has_database_privilege'); select true $$;`);
    // It bites whoever uses the login's own path.
    await database.query("select hashtextextended('x', 0)");
    expect(await database.query("select what from public.called")).toEqual([
      { what: "hashtextextended" },
    ]);
    await database.query("delete from public.called");

    const { keyring } = await openService();
    await prepareDatabase(admin);
    await createProject(admin, { id: "proj_quiet", keyring });
    expect(await database.query("select what from public.called")).toEqual([]);
  });

  it("does not install into a schema miosa_auth of somebody else", async () => {
    await database.query("create schema miosa_auth");
    await expect(prepareDatabase(admin)).rejects.toMatchObject({
      code: "validation_failed",
      message: expect.stringContaining("somebody else owns"),
    });
    const tables =
      "select count(*)::int as n from pg_class where relnamespace = 'miosa_auth'::regnamespace";
    expect(await database.query(tables)).toEqual([{ n: 0 }]);
  });
});

describe("a constraint trigger that an application deferred", () => {
  it("runs before a deletion returns, not at commit with the caller's rights", async () => {
    const { keyring } = await openService();
    await prepareDatabase(admin);
    await createProject(admin, { id: "proj_late", keyring });
    await database.query(`
      create table public.ran_as (who text);
      grant insert on public.ran_as to public;
      insert into proj_late.users (email) values ('ada@example.com');
      create function public.note() returns trigger language plpgsql as
        $$ begin insert into public.ran_as values (current_user); return null; end $$;
      create constraint trigger late after delete on proj_late.users
        deferrable initially deferred for each row execute function public.note();`);
    await database.query(
      named("select proj_late.admin_delete_user('ada@example.com')", "proj_late"),
    );
    const [owner] = await database.query<{ name: string }>(
      "select nspowner::regrole::text as name from pg_namespace where nspname = 'proj_late'",
    );
    expect(await database.query("select who from public.ran_as")).toEqual([{ who: owner?.name }]);
  });
});
