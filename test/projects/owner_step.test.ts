import { randomBytes } from "node:crypto";
import { beforeEach, describe, expect, it } from "vitest";
import type { Transaction } from "../../src/database/database.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { asProjectOwner } from "../../src/projects/registry.ts";
import { openService, type TestService } from "../support/service.ts";

let service: TestService;
let id: string;

beforeEach(async () => {
  service = await openService();
  id = `proj_step_${randomBytes(5).toString("hex")}`;
  await createProject(service.admin, { id, keyring: service.keyring });
});

function asOwner<T>(work: (owned: Transaction) => Promise<T>): Promise<T> {
  return asProjectOwner(service.admin, id, work);
}

describe("a statement that an administrator runs as a project's owner", () => {
  it("has the owner's rights and the schema's path, and knows who connected", async () => {
    const [row] = await asOwner((owned) =>
      owned.query(`
        select current_user = pg_get_userbyid(nspowner) as owner, current_user <> session_user as lent,
          current_setting('search_path') as path
        from pg_namespace where nspname = current_schema()`),
    );
    expect(row).toEqual({ owner: true, lent: true, path: `${id}, pg_temp` });
  });

  it("is given values of every kind as they are", async () => {
    const text = `'; drop schema ${id}; -- "\\ $1 \u{1f511}`;
    const values = [text, 12, true, null, Buffer.from([0, 1, 255]), ["a", '"b,\\', ""]];
    const [row] = await asOwner((owned) =>
      owned.query(
        `select $1 as text, $2::integer as number, $3::boolean as truth, $4 is null as nothing,
           encode($5::bytea, 'hex') as bytes, $6::text[] as list`,
        values,
      ),
    );
    expect(row).toEqual({
      text,
      number: 12,
      truth: true,
      nothing: true,
      bytes: "0001ff",
      list: ["a", '"b,\\', ""],
    });
  });

  it("answers with as many rows as it has, in their order", async () => {
    const rows = await asOwner(async (owned) => [
      await owned.query("select n from generate_series(1, 3000) n order by n desc"),
      await owned.query("select from pg_class where relname = 'pg_class'"),
      await owned.query("select 1 as one where false"),
    ]);
    expect(rows[0]).toEqual(Array.from({ length: 3_000 }, (_, n) => ({ n: 3_000 - n })));
    expect(rows.slice(1)).toEqual([[{}], []]);
  });

  it("keeps what it did for the next one, and leaves nothing of its own", async () => {
    const found = await asOwner(async (owned) => {
      await owned.script("create table made (n int); insert into made values (1), (2)");
      await owned.query("insert into made values ($1::integer) returning n", [3]);
      return owned.query("select count(*)::int as n from made");
    });
    expect(found).toEqual([{ n: 3 }]);
    const leftovers = await service.engine.query(
      `select nspname::text as name from pg_namespace where nspname like 'owner\\_step%'
       union all select pg_get_userbyid(m.roleid) from pg_auth_members m, pg_namespace n
         where n.nspname = $1 and m.roleid = n.nspowner and pg_get_userbyid(m.member) = 'miosa_auth_admin'
           and not m.admin_option`,
      [id],
    );
    expect(leftovers).toEqual([]);
  });

  it("cannot become anybody else", async () => {
    for (const statement of ["reset role", "set role miosa_auth_admin", "set local role none"]) {
      await expect(asOwner((owned) => owned.script(statement))).rejects.toMatchObject({
        sqlstate: "42501",
      });
    }
  });

  it("tells its failure, and undoes all", async () => {
    await expect(
      asOwner(async (owned) => {
        await owned.script("create table made (n int)");
        await owned.query("select 1 / $1::integer", [0]);
      }),
    ).rejects.toMatchObject({ sqlstate: "22012" });
    const [made] = await service.engine.query("select to_regclass($1) is null as gone", [
      `${id}.made`,
    ]);
    expect(made).toEqual({ gone: true });
  });
});
