import { createHash, createHmac } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { newOneTimeToken } from "../../src/mail/one_time_token.ts";
import { createAppRole, refusal } from "../support/app_role.ts";
import { contentsOf } from "../support/contents.ts";
import {
  askFor,
  mailed,
  mailingProject,
  redeemCode,
  redeemLink,
  reset,
  resetByCode,
} from "../support/mailed.ts";
import { newestMail } from "../support/outbox.ts";
import { freshEmail, type Query, type TestProject } from "../support/project.ts";
import { serviceToken } from "../support/service_token.ts";

let project: TestProject;
beforeAll(async () => {
  project = await mailingProject();
});

/** All that a dump of the database would hold of the project and of its mail. */
async function dumpOf({ id, sql }: TestProject): Promise<string> {
  const outbox = await sql(
    "select to_jsonb(o)::text as row from miosa_auth.outbox o where project_id = $1",
    [id],
  );
  return JSON.stringify([await contentsOf(project), outbox]);
}

interface Reads {
  /** Of a whole table. */
  scans: number;
  /** By an index. */
  lookUps: number;
  /** Those that an index led to. */
  rows: number;
}

/** How some tables are read by `work`, in a transaction of its own. */
function readsOf(
  { transaction }: TestProject,
  tables: string[],
  work: (query: Query) => Promise<void>,
): Promise<Reads> {
  return transaction(async (query) => {
    const read = async () => {
      const [row] = await query<Reads & Record<string, unknown>>(
        `select sum(seq_scan)::int as scans, sum(idx_scan)::int as "lookUps", sum(idx_tup_fetch)::int as rows
         from pg_stat_xact_user_tables
         where schemaname in (current_schema(), 'miosa_auth') and relname = any ($1)`,
        [tables],
      );
      return row ?? { scans: 0, lookUps: 0, rows: 0 };
    };
    // What the connection did before may not have been told yet.
    const before = await read();
    await work(query);
    const after = await read();
    return {
      scans: after.scans - before.scans,
      lookUps: after.lookUps - before.lookUps,
      rows: after.rows - before.rows,
    };
  });
}

/** One mail of every purpose that has a token, and an unknown address. */
async function everyMail() {
  const signup = await mailed(project, "signup");
  const recovery = await mailed(project, "recovery");
  const magiclink = await mailed(project, "magiclink");
  const invited = freshEmail();
  await project.post("/invite", { email: invited }, { token: serviceToken(project) });
  const mover = await mailed(project, "signup");
  await redeemLink(project, mover);
  const next = freshEmail();
  const { access_token: token } = mover.session;
  await project.request("/reauthenticate", { token });
  const nonce = await newestMail(project, mover.email);
  await project.request("/user", { method: "PATCH", token, body: { email: next } });
  await askFor(project, "/reset", { email: freshEmail() });
  const others = await Promise.all(
    [invited, next, mover.email].map((email) => newestMail(project, email)),
  );
  return [signup, recovery, magiclink, nonce, ...others];
}

describe("what is stored of a mailed token (case 59)", () => {
  it("is a SHA-256 of 256 random bits for a link, and a MAC under a key outside the database for a code", async () => {
    const mails = await everyMail();
    expect(mails).toHaveLength(7);
    expect(new Set(mails.map(({ token }) => token)).size).toBe(7);
    const dump = await dumpOf(project);
    const keys = await project.sql<{ inner_pad: Uint8Array; outer_pad: Uint8Array }>(
      "select inner_pad, outer_pad from database_keys",
    );
    for (const { token } of mails) {
      expect(Buffer.from(token, "base64url")).toHaveLength(32);
      const secret = Buffer.from(token, "base64url");
      // Not toContain: its failure would print the whole dump.
      for (const spelling of [token, secret.toString("base64"), secret.toString("hex")]) {
        expect(dump.includes(spelling)).toBe(false);
      }
    }
    const stored = await project.sql<{
      purpose: string;
      email: string;
      user_id: string;
      mac: string;
      hash: string;
    }>(
      "select purpose, email, user_id, encode(code_mac, 'hex') as mac, encode(token_hash, 'hex') as hash from one_time_tokens",
    );
    expect(new Set(stored.map(({ purpose }) => purpose))).toEqual(
      new Set([
        "signup",
        "recovery",
        "magiclink",
        "invite",
        "email_change",
        "email_change_current",
      ]),
    );
    const macs = new Set(stored.map(({ mac }) => mac));
    for (const { mac, hash } of stored) {
      expect([mac.length, hash.length]).toEqual([64, 64]);
    }
    // Whoever has the dump knows all of this, and has a million codes to try.
    const tries = stored.flatMap((row) => mails.map(({ code }) => ({ ...row, code })));
    for (const { purpose, email, user_id, code } of tries) {
      expect(code).toMatch(/^[0-9]{6}$/);
      for (const text of [
        code,
        `${email}${code}`,
        `${user_id}${code}`,
        `${purpose}\0${email}\0${code}`,
        `${purpose}\0${user_id}\0${code}`,
      ]) {
        expect(macs.has(createHash("sha256").update(text).digest("hex"))).toBe(false);
        for (const { inner_pad, outer_pad } of keys) {
          const inner = createHash("sha256").update(inner_pad).update(text).digest();
          const outer = createHash("sha256").update(outer_pad).update(inner).digest("hex");
          expect(macs.has(outer)).toBe(false);
          expect(macs.has(createHmac("sha256", inner_pad).update(text).digest("hex"))).toBe(false);
        }
      }
    }
  });

  it("is bound to its purpose and address: one code has another MAC for another", async () => {
    const { email, code } = await mailed(project, "recovery");
    const taken = await project.sql(
      `insert into one_time_tokens (user_id, purpose, email, token_hash, code_mac, expires_at, code_expires_at)
       select u.id, p, u.email, sha256(convert_to(p, 'UTF8')), t.code_mac, t.expires_at, t.code_expires_at
       from users u join one_time_tokens t on t.user_id = u.id and t.purpose = 'recovery',
         unnest(array['magiclink', 'invite']) p
       where u.email = $1 returning purpose`,
      [email],
    );
    expect(taken).toHaveLength(2);
    for (const type of ["magiclink", "invite", "email"]) {
      expect((await redeemCode(project, { type, email, code })).status).toBe(403);
    }
    expect((await resetByCode(project, { email, code })).status).toBe(200);
  });

  it("is gone when it was used, and the mail with it", async () => {
    for (const type of ["signup", "recovery", "magiclink"] as const) {
      const mail = await mailed(project, type);
      await (type === "recovery" ? reset(project, mail) : redeemLink(project, mail));
      const left = await project.sql("select from one_time_tokens where email = $1", [mail.email]);
      expect(left).toEqual([]);
      const payloads = await project.sql(
        "select from miosa_auth.outbox where recipient = $1 and payload <> ''",
        [mail.email],
      );
      expect(payloads).toEqual([]);
    }
  });
});

describe("how a mailed token is found (case 73)", () => {
  it("is by an index on its hash or its address, never by reading through the table", async () => {
    const mail = await mailed(project, "recovery");
    await project.sql(
      `with made as (
         insert into users (email) select format('crowd%s@example.com', n) from generate_series(1, 3000) n returning id, email
       )
       insert into one_time_tokens (user_id, purpose, email, token_hash, expires_at, code_expires_at)
       select id, p, email, sha256(convert_to(id || p, 'UTF8')), now() + interval '1 hour', now() + interval '1 hour'
       from made, unnest(array['recovery', 'magiclink']) p`,
    );
    for (const table of ["users", "one_time_tokens", "authorization_codes"]) {
      await project.sql(`analyze ${table}`);
    }
    const { hash } = newOneTimeToken();
    const reads = await readsOf(project, ["users", "one_time_tokens"], async (query) => {
      // More often than a session plans anew for each value.
      for (let n = 0; n < 8; n += 1) {
        await query("select verify_link('[\"magiclink\"]', $1, $1, null, null, null)", [hash]);
        await query("select reset_password($1, null, null, null, 'x', $1, null, null)", [hash]);
        await query('select verify_code($1, \'{"email": ["00"]}\', $2, null, null)', [
          mail.email,
          hash,
        ]);
        await query("select check_recovery_code($1, '[\"00\"]', null)", [freshEmail()]);
        await query(
          "select reset_password(null, gen_random_uuid(), $1, '[\"00\"]', 'x', $2, null, null)",
          [mail.email, hash],
        );
        await query("select start_token_life($1)", [hash]);
      }
    });
    expect(reads.scans).toBe(0);
    expect(reads.lookUps).toBeGreaterThan(40);
  });
});

describe("a queue that is full", () => {
  it("is not read through when a mail is asked for, whoever has the address (case 10)", async () => {
    const of = await mailingProject();
    const known = await mailed(of, "signup");
    await of.sql(
      `insert into miosa_auth.outbox (project_id, owner_role, purpose, recipient, payload, user_id)
       select p.id, p.owner_role, 'recovery', format('m%s@example.com', n), '', gen_random_uuid()
       from miosa_auth.projects p, generate_series(1, 5000) n where p.id = current_schema()`,
    );
    const mail = (n: number) =>
      JSON.stringify({
        token_hash: n.toString(16).padStart(64, "0"),
        code_mac: "0".repeat(64),
        payload: "00",
      });
    for (const email of [known.email, freshEmail()]) {
      const reads = await readsOf(of, ["outbox"], async (query) => {
        for (let n = 0; n < 8; n += 1) {
          await query("select request_recovery($1, $2, null)", [email, mail(n)]);
          await query("select verify_link('[\"recovery\"]', $1, $1, null, null, null)", [
            Buffer.from(n.toString(16).padStart(64, "0"), "hex"),
          ]);
        }
      });
      expect(reads.scans).toBe(0);
      expect(reads.rows).toBeLessThan(100);
    }
    await of.sql("delete from miosa_auth.outbox where project_id = current_schema()");
  });
});

describe("a role of the application", () => {
  it("asks for no mail and redeems none by SQL, with the helpers or without", async () => {
    const [helped, bare] = [
      await createAppRole(project),
      await createAppRole(project, { helpers: false }),
    ];
    const { id } = project;
    const { email, token } = await mailed(project, "recovery");
    const before = await dumpOf(project);
    const nulls = (count: number) => Array.from({ length: count }, () => "null").join(", ");
    const statements = [
      `select ${id}.request_recovery('${email}', '{}', null)`,
      `select ${id}.request_sign_in(${nulls(6)})`,
      `select ${id}.resend_mail(${nulls(4)})`,
      `select ${id}.request_reauthentication(${nulls(4)})`,
      `select ${id}.invite_user(${nulls(5)})`,
      `select ${id}.verify_link(${nulls(6)})`,
      `select ${id}.verify_code(${nulls(5)})`,
      `select ${id}.link_account(null, null)`,
      `select ${id}.check_recovery_code(${nulls(3)})`,
      `select ${id}.reset_password(${nulls(8)})`,
      `select ${id}.exchange_code(${nulls(5)})`,
      `select ${id}.start_token_life(null)`,
      `select ${id}.issue_token(${nulls(4)})`,
      `select ${id}.prove_address(${nulls(2)})`,
      `select ${id}.guess_code(${nulls(2)})`,
      `select from ${id}.one_time_tokens`,
      `select from ${id}.authorization_codes`,
      `select from ${id}.mail_budgets`,
      "select from miosa_auth.outbox",
      `insert into miosa_auth.outbox (project_id, purpose, recipient, payload) values ('${id}', 'recovery', 'x@example.com', '')`,
    ];
    for (const role of [helped, bare]) {
      await role.transaction(async (query) => {
        for (const statement of statements) {
          expect([statement, await refusal(query, statement)]).toEqual([statement, "42501"]);
        }
      });
    }
    expect(await dumpOf(project)).toBe(before);
    expect((await reset(project, { token })).status).toBe(200);
  });
});

describe("a sign-up by SQL alone", () => {
  it("makes a user and sends no mail: its token would be where the log can see it", async () => {
    for (const email_confirmation of ["optional", "required"] as const) {
      const of = await mailingProject({ email_confirmation });
      const email = freshEmail();
      // What signup_with_password() calls, which needs an extension that is not on every engine.
      const [row] = await of.sql<{ made: { outcome: string | null } }>(
        `select signup($1, $1, '$2a$04$' || repeat('a', 53), null, sha256('x'), null, null, null) as made`,
        [email],
      );
      expect(row?.made.outcome).toBeNull();
      expect(await of.sql("select email, confirmation_sent_at from users")).toEqual([
        { email, confirmation_sent_at: null },
      ]);
      expect(await of.sql("select from one_time_tokens")).toEqual([]);
      expect(await of.sql("select from miosa_auth.outbox where project_id = $1", [of.id])).toEqual(
        [],
      );
    }
  });
});
