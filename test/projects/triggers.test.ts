import { beforeEach, describe, expect, it } from "vitest";
import { deleteProject } from "../../src/projects/delete_project.ts";
import { removeUserTrigger, setUserTrigger } from "../../src/projects/triggers.ts";
import { upgradeProject } from "../../src/projects/upgrade_project.ts";
import { type AppRole, createAppRole } from "../support/app_role.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

let project: TestProject;
let owner: AppRole;

/** An application's function: its own profile rows, and a refusal for those who are named so. */
async function makeFunction(refusal: string, attributes = pinned()): Promise<string> {
  await owner.transaction((query) =>
    query(`
      create or replace function follow() returns trigger language plpgsql ${attributes} as $$
      begin
        if new.user_metadata ? 'refuse' then ${refusal}; end if;
        insert into profiles (user_id, email, ran_as) values (new.id, new.email, current_user)
        on conflict (user_id) do update set email = new.email || ' again';
        return null;
      end $$`),
  );
  return `${owner.schema}.follow`;
}
const pinned = () => `security definer set search_path = ${owner.schema}, pg_temp`;
const profiles = () => project.sql(`select user_id, ran_as from ${owner.schema}.profiles`);
const users = async () => (await project.sql("select id from users")).map(({ id }) => id);
const signUp = (email: string, data: object = {}) =>
  project.post("/signup", { email, password: goodPassword, data });
const set = (event: Parameters<typeof setUserTrigger>[2], name: string) =>
  setUserTrigger(project.service.admin, project.id, event, name);

beforeEach(async () => {
  project = await createTestProject();
  owner = await createAppRole(project, { helpers: false });
  await project.sql(
    `create table ${owner.schema}.profiles (user_id uuid primary key, email text, ran_as text)`,
  );
  await project.sql(`alter table ${owner.schema}.profiles owner to ${owner.name}`);
  await project.sql(`grant usage on schema ${owner.schema} to miosa_auth_project`);
});

describe("an application's function after a sign-up", () => {
  it("makes a profile in the sign-up's own transaction, with its owner's rights", async () => {
    await set("signup", await makeFunction("return null"));
    const { user } = await project.signUp();
    expect(await profiles()).toEqual([{ user_id: user.id, ran_as: owner.name }]);
    const again = await project.post("/token", { email: user.email, password: goodPassword });
    expect(again.status).toBe(200);
  });

  it("refuses with its own message, as a 422 that wrote nothing and can be tried again", async () => {
    await set("signup", await makeFunction("raise exception 'Ask your dentist for an invitation'"));
    const email = freshEmail();
    const reply = await signUp(email, { refuse: true });
    expect(reply).toMatchObject({
      status: 422,
      body: { error_code: "refused_by_application", msg: "Ask your dentist for an invitation" },
    });
    expect([await users(), await profiles()]).toEqual([[], []]);
    expect((await signUp(email)).status).toBe(200);
  });

  it("is cut to 200 characters, and has the table's sentence without a message", async () => {
    await set("signup", await makeFunction("raise exception '%', repeat('😀', 300)"));
    expect((await signUp(freshEmail(), { refuse: true })).body.msg).toBe("😀".repeat(200));
    await makeFunction("raise exception ''");
    expect((await signUp(freshEmail(), { refuse: true })).body).toMatchObject({
      error_code: "refused_by_application",
      msg: "The application refuses this",
    });
  });

  it.each([
    "raise exception 'secret detail' using errcode = 'ZZ123'",
    "raise unique_violation using message = 'secret detail'",
    "perform 'secret detail'::int",
  ])("that fails otherwise is a fault without a detail: %s (case 144)", async (failure) => {
    await set("signup", await makeFunction(failure));
    const reply = await signUp(freshEmail(), { refuse: true });
    expect(reply).toMatchObject({ status: 500, body: { error_code: "unexpected_failure" } });
    expect(JSON.stringify(reply.body)).not.toContain("secret detail");
    expect([await users(), await profiles()]).toEqual([[], []]);
  });

  it("is not run when it would have the rights of the project's owner", async () => {
    const name = await makeFunction("return null");
    await set("signup", name);
    await owner.transaction((query) => query("alter function follow() security invoker"));
    expect((await signUp(freshEmail())).status).toBe(500);
    expect([await users(), await profiles()]).toEqual([[], []]);
  });
});

describe("an application's function after other events", () => {
  it("follows and refuses changes and deletions, and does not hear a sign-in", async () => {
    const { user, access_token: token } = await project.signUp();
    const name = await makeFunction("raise exception 'There are open invoices'");
    await set("update", name);
    const change = (data: object) =>
      project.request("/user", { method: "PATCH", token, body: { data } });
    expect((await change({ refuse: true })).body).toMatchObject({
      error_code: "refused_by_application",
      msg: "There are open invoices",
    });
    await project.post("/token", { email: user.email, password: goodPassword });
    expect(await profiles()).toEqual([]);
    expect((await change({ name: "Ada" })).status).toBe(200);
    expect(await profiles()).toHaveLength(1);

    await owner.transaction((query) =>
      query(`create function keep() returns trigger language plpgsql ${pinned()} as $$
        begin raise exception 'There are open invoices'; end $$`),
    );
    await set("delete", `${owner.schema}.keep`);
    const leave = () => project.request("/user", { method: "DELETE", token });
    expect((await leave()).status).toBe(422);
    expect(await users()).toEqual([user.id]);
    await removeUserTrigger(project.service.admin, project.id, "delete");
    expect((await leave()).status).toBe(204);
  });

  it("stays through an upgrade, and goes with the project", async () => {
    const { admin, engine } = project.service;
    await set("signup", await makeFunction("return null"));
    await engine.query("update miosa_auth.projects set release = 'older' where id = $1", [
      project.id,
    ]);
    expect(await upgradeProject(admin, project.id)).toBe(true);
    await project.signUp();
    expect(await profiles()).toHaveLength(1);
    await deleteProject(admin, project.id);
    await owner.transaction((query) => query("drop function follow()"));
  });
});

describe("a function that cannot follow a project's users", () => {
  it("is refused with what to do", async () => {
    const refusals = async (name: string) => {
      const failure = await set("signup", name).catch((error) => error);
      expect(failure.code).toBe("validation_failed");
      return failure.message;
    };
    for (const name of ["follow", "a.b.c", 'x."y"', "x.y'; drop table users; --"]) {
      expect(await refusals(name)).toMatch("with its schema");
    }
    expect(await refusals(`${owner.schema}.nothing`)).toMatch("no function");
    expect(await refusals("pg_catalog.now")).toMatch("no function");
    const name = await makeFunction("return null", "security definer");
    expect(await refusals(name)).toMatch("search_path");
    await makeFunction("return null", `set search_path = ${owner.schema}`);
    expect(await refusals(name)).toMatch("security definer");
    await makeFunction("return null");
    await project.sql(`revoke execute on function ${name}() from public`);
    expect(await refusals(name)).toMatch(/grant execute on .* to miosa_auth_project/);
    await project.sql(`revoke usage on schema ${owner.schema} from miosa_auth_project`);
    expect(await refusals(name)).toMatch(/grant usage on .* to miosa_auth_project/);
    expect((await signUp(freshEmail())).status).toBe(200);
    expect(await profiles()).toEqual([]);
  });
});
