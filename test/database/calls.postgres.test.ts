import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Argument, Database } from "../../src/database/database.ts";
import { ownName } from "../../src/database/own_names.ts";
import { connectPostgres } from "../../src/database/postgres.ts";
import { calling } from "../support/own_names.ts";
import { openService } from "../support/service.ts";

const schema = 'Calls "of" tests';
const quoted = '"Calls ""of"" tests"';
const missing = { schema, name: "no_such_function", args: [] };
let adminUrl: string;
let admin: Database;

beforeAll(async () => {
  const { engine } = await openService();
  if (engine.kind !== "postgres") throw new Error("this needs a server");
  adminUrl = engine.adminUrl;
  admin = connectPostgres({ url: adminUrl, connections: 1 });
  await admin.transaction((tx) =>
    tx.script(`
      create schema ${quoted};
      create function ${quoted}.${ownName(schema, "echo")}(text, uuid, jsonb, bytea, inet, boolean) returns jsonb
        language sql as $$ select jsonb_build_array($1, $2, $3, encode($4, 'hex'), $5, $6) $$;
      create function ${quoted}.${ownName(schema, "words")}(text) returns text language sql as $$ select $1 $$;
      create function ${quoted}.${ownName(schema, "nothing")}() returns jsonb language sql as $$ select null::jsonb $$;`),
  );
});

afterAll(async () => {
  await admin.transaction((tx) => tx.script(`drop schema ${quoted} cascade`));
  await admin.close();
});

const types = ["text", "uuid", "jsonb", "bytea", "inet", "boolean"] as const;

function echo(database: Database, ...values: Argument["value"][]): Promise<unknown> {
  const args = types.map((type, index) => ({ type, value: values[index] ?? null }));
  return database.call({ schema, name: "echo", args });
}

async function statementsOf(database: Database): Promise<string[]> {
  const rows = await database.transaction((tx) =>
    tx.query<{ statement: string }>(
      "select statement from pg_prepared_statements where not from_sql",
    ),
  );
  return rows.map(({ statement }) => statement);
}

async function backendOf(database: Database): Promise<unknown> {
  return database.transaction((tx) => tx.query("select pg_backend_pid() as backend"));
}

describe.each([true, false])("a call, with prepared statements %s", (preparedStatements) => {
  const database = () => connectPostgres({ url: adminUrl, connections: 1, preparedStatements });

  it("carries each type of argument, and null for each, there and back", async () => {
    const connection = database();
    const id = "0190a1b2-0000-7000-8000-00000000000a";
    const text = 'O\'Brien \\ \u{1f600} "$1"';
    const bytes = new Uint8Array([0, 1, 2, 0xff]).subarray(1);
    expect(
      await echo(connection, text, id, '{"a": [1, "\\u00e9"]}', bytes, "2001:db8::1", false),
    ).toEqual([text, id, { a: [1, "é"] }, "0102ff", "2001:db8::1", false]);
    expect(await echo(connection)).toEqual([null, null, null, null, null, null]);
    expect(await echo(connection, "", null, "null", new Uint8Array())).toEqual([
      "",
      null,
      null,
      "",
      null,
      null,
    ]);
    expect(await connection.call({ schema, name: "nothing", args: [] })).toBe(null);
    await connection.close();
  });

  it("gives what is no jsonb as the value that it is", async () => {
    const connection = database();
    const words = (value: string | null) =>
      connection.call({ schema, name: "words", args: [{ type: "text", value }], isScalar: true });
    expect(await words('a "text" of true')).toBe('a "text" of true');
    expect(await words("")).toBe("");
    expect(await words(null)).toBe(null);
    await connection.close();
  });

  it("leaves its connection good for the next one when the server refuses it", async () => {
    const connection = database();
    const before = await backendOf(connection);
    for (let time = 0; time < 2; time += 1) {
      await expect(connection.call(missing)).rejects.toMatchObject({ sqlstate: "42883" });
      await expect(echo(connection, null, "no uuid")).rejects.toMatchObject({ sqlstate: "22P02" });
      expect(await echo(connection, "next")).toEqual(["next", null, null, null, null, null]);
    }
    expect(await backendOf(connection)).toEqual(before);
    await connection.close();
  });

  it("is prepared once on a connection, or not at all", async () => {
    const connection = database();
    for (let time = 0; time < 3; time += 1) await echo(connection, String(time));
    const kept = (await statementsOf(connection)).filter((text) =>
      text.includes(calling(schema, "echo")),
    );
    expect(kept).toHaveLength(preparedStatements ? 1 : 0);
    await connection.close();
  });
});

describe("a connection", () => {
  const projects = ["calls_one", "calls_two"];

  /** How many backends answer that many functions of two projects, each called once. */
  async function backendsOf(database: Database, functions: number): Promise<number> {
    const backends = new Set<unknown>();
    for (let call = 0; call < functions; call += 1) {
      const schema = projects[call % 2] ?? "";
      const name = `backend_${Math.floor(call / 2)}`;
      backends.add(await database.call({ schema, name, args: [] }));
    }
    return backends.size;
  }

  it("is replaced once it called as many functions as it may, and not for many calls", async () => {
    const functions = projects.flatMap((project) =>
      Array.from(
        { length: 10 },
        (
          _,
          index,
        ) => `create function ${project}.${ownName(project, `backend_${index}`)}() returns jsonb
          language sql as $$ select to_jsonb(pg_backend_pid()) $$;`,
      ),
    );
    const schemas = projects.map((project) => `create schema ${project};`);
    await admin.transaction((tx) => tx.script([...schemas, ...functions].join("\n")));
    const bounded = connectPostgres({ url: adminUrl, connections: 1, functionsPerConnection: 4 });
    for (let time = 0; time < 20; time += 1) expect(await backendsOf(bounded, 2)).toBe(1);
    // A connection ends after 3 or 4 of them.
    const backends = await backendsOf(bounded, 20);
    expect(backends).toBeGreaterThanOrEqual(5);
    expect(backends).toBeLessThanOrEqual(7);
    await bounded.close();

    const unbounded = connectPostgres({ url: adminUrl, connections: 1, functionsPerConnection: 0 });
    expect(await backendsOf(unbounded, 20)).toBe(1);
    await unbounded.close();
    await admin.transaction((tx) => tx.script(`drop schema ${projects.join(", ")} cascade`));
  });
});

describe("calls that find every connection busy", () => {
  it("are refused once as many wait as may, and the waiting ones are answered", async () => {
    const connection = connectPostgres({ url: adminUrl, connections: 1, waiting: 2 });
    await echo(connection);
    const asked = ["a", "b", "c", "d", "e"].map((text) => echo(connection, text));
    expect(connection.load?.()).toEqual({ busy: 0, idle: 1, waiting: 3, capacity: 1 });
    const answers = await Promise.allSettled(asked);
    const answered = answers.flatMap((answer) =>
      answer.status === "fulfilled" ? [(answer.value as unknown[])[0]] : [],
    );
    expect(answered).toEqual(["a", "b", "c"]);
    for (const answer of answers.slice(3)) {
      expect(answer).toMatchObject({ reason: { code: "service_unavailable" } });
    }
    await connection.close();
  });
});
