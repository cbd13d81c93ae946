import { createHmac, randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { GrantedClaims } from "../../src/database/functions.ts";
import { hashProof } from "../../src/passwords/proof.ts";
import { claimsOf, forge, identityOf } from "../support/access_tokens.ts";
import { type AppRole, createAppRole, transactionAs } from "../support/app_role.ts";
import { createTestProject, freshEmail, type Query, type TestProject } from "../support/project.ts";

const attackersHash = `$2a$10$${"a".repeat(22)}${"b".repeat(31)}`;
const email = freshEmail();

let project: TestProject;
let app: AppRole;
let runtime: string;
let token: string;
let victim: GrantedClaims;
/** Every table of the project, and the statement that makes a temporary one like it. */
let shadows: { name: string; statement: string }[];

beforeAll(async () => {
  project = await createTestProject();
  app = await createAppRole(project);
  const { engine, runtimeRole } = project.service;
  runtime = engine.kind === "postgres" ? runtimeRole : "miosa_auth_runtime";
  token = (await project.signUp({ email })).access_token;
  victim = claimsOf(token);
  const tables = await project.sql<{ name: string; statement: string }>(
    `select c.relname::text as name, format('create temp table %I (%s) on commit drop', c.relname, string_agg(
       format('%I %s', a.attname, format_type(a.atttypid, a.atttypmod)), ', ' order by a.attnum)) as statement
     from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
     where c.relnamespace = $1::regnamespace and c.relkind = 'r' group by c.relname`,
    [project.id],
  );
  shadows = tables;
});

/** Temporary tables under the names of the project's, open to all and first in the path. */
async function shadowTables(query: Query): Promise<void> {
  expect(shadows.length).toBeGreaterThan(8);
  for (const { name, statement } of shadows) {
    await query(statement);
    await query(`grant all on pg_temp.${name} to public`);
  }
  await query(`set local search_path = pg_temp, ${project.id}, pg_catalog`);
}

/** A proof made with a key that the forger knows, over the message that the project's key signs. */
function macWith(key: Buffer, { sub, session_id, role, aal, exp }: GrantedClaims): string {
  const texts = ["miosa-auth/db_mac/1", project.id, sub, session_id, role, aal];
  const message = `[${texts.map((text) => `"${text}"`).join(", ")}, ${exp}]`;
  return createHmac("sha256", key).update(message).digest("base64url");
}

function padded(key: Buffer, value: number): Buffer {
  return Buffer.concat([key, Buffer.alloc(64 - key.length)]).map(
    (octet) => octet ^ value,
  ) as Buffer;
}

describe("objects of the caller's own do not stand in for the real ones (case 131)", () => {
  it("temporary tables of keys, sessions, users and settings prove no identity", async () => {
    const key = randomBytes(32);
    const claims = { ...victim, aal: "aal2" };
    const forged = forge({ ...claims, db_mac: macWith(key, claims) });
    await app.transaction(async (query) => {
      await shadowTables(query);
      await query(
        "insert into database_keys (purpose, inner_pad, outer_pad) values ('db_mac', $1, $2)",
        [padded(key, 0x36), padded(key, 0x5c)],
      );
      await query("insert into users (id) values ($1)", [victim.sub]);
      await query("insert into sessions (id, user_id) values ($1, $2)", [
        victim.session_id,
        victim.sub,
      ]);
      await query("insert into settings (session_lifetime, session_idle_timeout) values (0, 0)");
      expect(await identityOf(query, project, forged)).toEqual({ verified: null, live: null });
      expect(await identityOf(query, project, token)).toEqual({
        verified: victim.sub,
        live: victim.sub,
      });
    });
  });

  it("a temporary users table with a hash of the attacker's own signs nobody in", async () => {
    await transactionAs(project, runtime, async (query) => {
      await shadowTables(query);
      await query("insert into users (id, email, password_hash) values ($1, $2, $3)", [
        victim.sub,
        email,
        attackersHash,
      ]);
      await query("insert into settings (bcrypt_cost, email_confirmation) values (4, 'off')");
      await query(
        "insert into database_keys (purpose, inner_pad, outer_pad) values ('decoy', '', '')",
      );

      const [salt] = await query<{ value: { attempt: string; salt: string } }>(
        `select ${project.id}.password_salt($1, null) as value`,
        [email],
      );
      expect(salt?.value.salt).toMatch(/^\$2a\$10\$/);
      expect(salt?.value.salt).not.toBe(attackersHash.slice(0, 29));
      const [login] = await query<{ value: object }>(
        `select ${project.id}.login($1, $2, $3, $4, null, null) as value`,
        [salt?.value.attempt, email, hashProof(attackersHash), randomBytes(32)],
      );
      expect(login?.value).toEqual({ outcome: "invalid_credentials" });
      for (const name of ["login_attempts", "guess_budgets", "audit_log", "sessions"]) {
        expect(await query(`select from pg_temp.${name}`), name).toEqual([]);
      }
      throw new RollBack();
    }).catch(ignoreRollBack);
  });

  it("temporary types and sequences are not taken for those that functions name", async () => {
    const types = [
      "uuid",
      "bytea",
      "jsonb",
      "text",
      "bigint",
      "int8",
      "inet",
      "timestamptz",
      "numeric",
    ];
    const shadow = async (query: Query) => {
      for (const type of types) {
        await query(`create domain pg_temp.${type} as pg_catalog.int4 check (false)`);
      }
      await query("create temp sequence audit_log_id_seq");
      await query(`set local search_path = pg_temp, ${project.id}, pg_catalog`);
    };
    await app
      .transaction(async (query) => {
        await shadow(query);
        expect(await identityOf(query, project, token)).toEqual({
          verified: victim.sub,
          live: victim.sub,
        });
        await query("select set_config('jwt.claims', $1, true)", [JSON.stringify(victim)]);
        const [row] = await query(`select ${project.id}.uid(), ${project.id}.claims()`);
        expect(row).toEqual({ uid: victim.sub, claims: victim });
        throw new RollBack();
      })
      .catch(ignoreRollBack);
    await transactionAs(project, runtime, async (query) => {
      await shadow(query);
      const [salt] = await query<{ value: { attempt: string } }>(
        `select ${project.id}.password_salt($1, null) as value`,
        [email],
      );
      const [login] = await query<{ value: object }>(
        `select ${project.id}.login($1, $2, $3, $4, null, null) as value`,
        [salt?.value.attempt, email, randomBytes(32), randomBytes(32)],
      );
      expect(login?.value).toEqual({ outcome: "invalid_credentials" });
      throw new RollBack();
    }).catch(ignoreRollBack);
  });

  it("functions and operators in a schema that is first in the path are not called", async () => {
    const evil = `${app.schema}_evil`;
    await project.sql(`create schema ${evil} authorization ${app.name}`);
    await app.transaction(async (query) => {
      await query(`set local search_path = ${evil}`);
      for (const signature of evilFunctions) {
        await query(
          `create function ${signature} language plpgsql as $$ begin raise exception 'hijacked'; end $$`,
        );
      }
      for (const type of ["bytea", "text", "uuid", "bigint", "jsonb", "timestamptz", "numeric"]) {
        await query(
          `create function yes(${type}, ${type}) returns boolean language sql as 'select true'`,
        );
        for (const operator of ["=", "<>", ">", "<", "<="]) {
          await query(
            `create operator ${operator} (leftarg = ${type}, rightarg = ${type}, function = yes)`,
          );
        }
      }
      await query(`grant usage on schema ${evil} to public`);
    });

    const path = `set local search_path = ${evil}, ${project.id}, pg_catalog`;
    await app.transaction(async (query) => {
      await query(path);
      const wrong = forge({ ...victim, aal: "aal2" });
      expect(await identityOf(query, project, wrong)).toEqual({ verified: null, live: null });
      expect(await identityOf(query, project, token)).toEqual({
        verified: victim.sub,
        live: victim.sub,
      });
      await query("select pg_catalog.set_config('jwt.claims', $1, true)", [JSON.stringify(victim)]);
      const [row] = await query(
        `select ${project.id}.uid(), ${project.id}.role(), ${project.id}.claims()`,
      );
      expect(row).toEqual({ uid: victim.sub, role: "authenticated", claims: victim });
    });
    await transactionAs(project, runtime, async (query) => {
      await query(path);
      const [salt] = await query<{ value: { attempt: string } }>(
        `select ${project.id}.password_salt($1, '203.0.113.5') as value`,
        [email],
      );
      const [login] = await query<{ value: object }>(
        `select ${project.id}.login($1, $2, $3, $4, null, null) as value`,
        [salt?.value.attempt, email, randomBytes(32), randomBytes(32)],
      );
      expect(login?.value).toEqual({ outcome: "invalid_credentials" });
    });
  });
});

const evilFunctions = [
  "current_setting(text, boolean) returns text",
  "sha256(bytea) returns bytea",
  "convert_to(text, text) returns bytea",
  "clock_timestamp() returns timestamptz",
  "statement_timestamp() returns timestamptz",
  "translate(text, text, text) returns text",
  "encode(bytea, text) returns text",
  "decode(text, text) returns bytea",
  "split_part(text, text, int) returns text",
  "length(text) returns int",
];

class RollBack extends Error {}

function ignoreRollBack(error: unknown): void {
  if (!(error instanceof RollBack)) throw error;
}
