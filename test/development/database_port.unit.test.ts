import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import { openSharedEmbedded, type SharedEmbedded } from "../../src/database/embedded.ts";
import type { DatabasePort } from "../../src/database/port/port.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { grantHelpers } from "../../src/projects/grants.ts";
import { prepareDatabase } from "../../src/projects/prepare_database.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";

const password = "correct horse battery";
const hasPsql = spawnSync("psql", ["--version"]).status === 0;
const clients: pg.Client[] = [];
let database: SharedEmbedded;
let auth: Auth;
let port: DatabasePort;
let account = 0;

beforeAll(async () => {
  const masterKey = generateMasterKey();
  database = await openSharedEmbedded();
  await prepareDatabase(database);
  await createProject(database, { id: "proj_port", keyring: parseKeyring(masterKey) });
  auth = createAuth({ database, masterKey, publicUrl: "http://auth.test" });
  port = await database.listen({ port: 0, maxClients: 8, idleInTransaction: 300 });
  const superuser = await connect();
  await superuser.query(`
    create role shop_app login;
    create role sleeper;
    create table orders (id int primary key, buyer uuid);
    alter table orders enable row level security;
    create policy own on orders to shop_app using (buyer = (select proj_port.uid()));
    grant select on orders to shop_app;
    insert into orders values (1, '11111111-1111-1111-1111-111111111111');`);
  await grantHelpers(database, "proj_port", "shop_app");
}, 60_000);

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.end().catch(() => {})));
});

afterAll(async () => {
  await auth?.close();
  await port?.close();
  await database?.close();
});

async function connect(user = "postgres", more: pg.ClientConfig = {}): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url(user), ...more });
  client.on("error", () => {});
  clients.push(client);
  await client.connect();
  return client;
}

function url(user = "postgres"): string {
  return `postgres://${user}@127.0.0.1:${port.port}/postgres`;
}

async function signUp(): Promise<number> {
  account += 1;
  const reply = await auth.fetch(
    new Request("http://auth.test/proj_port/signup", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email: `user${account}@example.com`, password }),
    }),
  );
  return reply.status;
}

async function count(client: pg.Client, table = "proj_port.users"): Promise<number> {
  return Number((await client.query(`select count(*) from ${table}`)).rows[0].count);
}

describe("the Postgres port of an embedded database", { timeout: 60_000 }, () => {
  it.runIf(hasPsql)("answers psql, its describe commands and a COPY", async () => {
    const script = [
      "create table loaded (a int, b text)",
      "copy loaded from stdin",
      "1\tone\n2\ttwo\n\\.\n\\d loaded\nselect string_agg(b, '+') from loaded",
    ].join(";\n");
    const psql = promisify(execFile)("psql", ["-XAt", "-v", "ON_ERROR_STOP=1", url()]);
    psql.child.stdin?.end(script);
    const { stdout } = await psql;
    expect(stdout).toContain("b|text|");
    expect(stdout).toContain("one+two");
  });

  it("keeps named and unnamed prepared statements of several clients apart", async () => {
    const [one, two] = [await connect(), await connect()];
    for (let round = 0; round < 3; round += 1) {
      const replies = await Promise.all([
        one.query({ name: "same", text: "select 'one:' || $1 as v", values: [round] }),
        two.query({ name: "same", text: "select 'two:' || $1 as v", values: [round] }),
        one.query("select 'plain one' || $1 as v", [round]),
        two.query("select 'plain two' || $1 as v", [round]),
        signUp(),
      ]);
      const values = replies.map((reply) => (typeof reply === "number" ? reply : reply.rows[0].v));
      expect(values).toEqual([
        `one:${round}`,
        `two:${round}`,
        `plain one${round}`,
        `plain two${round}`,
        200,
      ]);
    }
  });

  it("keeps the service out of a client's transaction, and the client out of the service's", async () => {
    const [writer, reader] = [await connect(), await connect()];
    const before = await count(reader);
    await writer.query("begin");
    await writer.query("create table half_done (a int)");
    const [signedUp, seen] = [signUp(), reader.query("select to_regclass('half_done') as t")];
    await writer.query("insert into half_done values (1)");
    await writer.query("rollback");
    expect((await seen).rows[0].t).toBeNull();
    expect(await signedUp).toBe(200);
    expect(await count(reader)).toBe(before + 1);
  });

  it("cuts a client that sits in a transaction while the service waits, and rolls it back", async () => {
    const [sitter, other] = [await connect(), await connect()];
    const cut = new Promise<Error>((resolve) => sitter.on("error", resolve));
    await sitter.query("begin");
    await sitter.query("delete from orders");
    expect(await signUp()).toBe(200);
    expect(await cut).toMatchObject({ code: "25P03" });
    expect(await count(other, "orders")).toBe(1);
  });

  it("lets a client think in its transaction as long as nobody waits", async () => {
    const thinker = await connect();
    await thinker.query("begin");
    await thinker.query("select set_config('search_path', 'proj_port', true)");
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect((await thinker.query("show search_path")).rows[0].search_path).toBe("proj_port");
    await thinker.query("commit");
  });

  it("rolls back what a client had open that was killed, also between two messages", async () => {
    const [victim, other] = [await connect(), await connect()];
    await victim.query("begin");
    await victim.query("delete from orders");
    const unfinished = victim.query("select pg_sleep(0.05)").catch(() => "cut");
    stream(victim).destroy();
    expect(await unfinished).toBe("cut");
    expect(await count(other, "orders")).toBe(1);

    const halfway = await connect();
    // A Parse that fails and no Sync: until one comes, Postgres ignores whatever follows.
    stream(halfway).write(Buffer.from("P\0\0\0\x0f\0selec 1\0\0\0"));
    await new Promise((resolve) => setTimeout(resolve, 50));
    stream(halfway).destroy();
    expect(await count(other, "orders")).toBe(1);
    expect(await signUp()).toBe(200);
  });

  it("gives each client a session of its own, which the service and others do not see", async () => {
    const [one, two] = [await connect(), await connect()];
    await one.query("set search_path = proj_port");
    await one.query("set jwt.claims.sub = '11111111-1111-1111-1111-111111111111'");
    await one.query("select set_config('timezone', 'Asia/Tokyo', false)");
    await one.query("set role shop_app");
    expect(await signUp()).toBe(200);
    const theirs = "select current_user::text as u, current_setting('search_path') as p, ".concat(
      "current_setting('timezone') as z, current_setting('jwt.claims.sub', true) as s",
    );
    expect((await two.query(theirs)).rows[0]).toMatchObject({ u: "postgres", s: "" });
    expect((await two.query(theirs)).rows[0].z).not.toBe("Asia/Tokyo");
    expect((await one.query(theirs)).rows[0]).toEqual({
      u: "shop_app",
      p: "proj_port",
      z: "Asia/Tokyo",
      s: "11111111-1111-1111-1111-111111111111",
    });
    expect(await count(one, "public.orders")).toBe(1);
    await one.query("set jwt.claims.sub = ''");
    expect(await count(one, "public.orders")).toBe(0);
  });

  it("connects a role as itself, so that row level security holds", async () => {
    const app = await connect("shop_app", { options: "-c statement_timeout=4321" });
    expect((await app.query("select session_user::text as u")).rows[0].u).toBe("shop_app");
    expect((await app.query("show statement_timeout")).rows[0].statement_timeout).toBe("4321ms");
    expect(await count(app, "orders")).toBe(0);
    await expect(app.query("select * from proj_port.users")).rejects.toMatchObject({
      code: "42501",
    });
    expect(await signUp()).toBe(200);
  });

  it.each(["nobody_at_all", "sleeper"])("refuses %s, a role that may not log in", async (user) => {
    await expect(connect(user)).rejects.toMatchObject({ code: "28000" });
  });

  it("refuses one client too many, with the code that drivers know", async () => {
    await Promise.all(Array.from({ length: 8 }, () => connect()));
    await expect(connect()).rejects.toMatchObject({ code: "53300" });
  });

  it("survives what would end PGlite: a COPY among statements, and an unknown message", async () => {
    const client = await connect();
    await expect(client.query("begin; copy orders from stdin")).rejects.toMatchObject({
      code: "0A000",
    });
    expect(await count(client, "orders")).toBe(1);
    // This driver has no data to give, and says so.
    await expect(client.query("copy orders from stdin")).rejects.toMatchObject({ code: "57014" });
    expect(await count(client, "orders")).toBe(1);
    stream(client).write(Buffer.from("z\0\0\0\x04"));
    await expect(client.query("select 1")).rejects.toThrow();
    expect(await count(await connect(), "orders")).toBe(1);
  });

  it("stays right with a pool of clients and sign-ups at once", async () => {
    const pool = new pg.Pool({ connectionString: url("shop_app"), max: 4 });
    const before = await count(await connect());
    const work = Array.from({ length: 30 }, async (_, index) => {
      if (index % 6 === 0) return signUp();
      const client = await pool.connect();
      try {
        const buyer = index % 2 ? "11111111-1111-1111-1111-111111111111" : "";
        await client.query("begin");
        await client.query("select set_config('jwt.claims.sub', $1, true)", [buyer]);
        const { rows } = await client.query({ name: "mine", text: "select id from orders" });
        await client.query("commit");
        return rows.length === (buyer ? 1 : 0);
      } finally {
        client.release();
      }
    });
    const results = await Promise.all(work);
    await pool.end();
    expect(results.filter((result) => result === 200)).toHaveLength(5);
    expect(results.filter((result) => result === true)).toHaveLength(25);
    expect(await count(await connect())).toBe(before + 5);
  });
});

function stream(client: pg.Client) {
  return (client as unknown as { connection: { stream: import("node:net").Socket } }).connection
    .stream;
}
