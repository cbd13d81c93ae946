import { beforeAll, describe, expect, it } from "vitest";
import { ageBudgets } from "../support/age.ts";
import { openCountingService } from "../support/counting.ts";
import {
  askFor,
  mailed,
  mailingProject,
  newPassword,
  otpExpired,
  redeemCode,
  redeemLink,
  reset,
  resetByCode,
  signsIn,
  wrongCode,
} from "../support/mailed.ts";
import { newestMail } from "../support/outbox.ts";
import { freshEmail, type Reply, type TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await mailingProject();
});

function visible({ status, headers, body }: Reply<unknown>): string {
  const names = [...headers].filter(([name]) => !["x-request-id", "retry-after"].includes(name));
  return JSON.stringify([status, names, body]);
}

const tooMany = { status: 429, body: { error_code: "over_request_rate_limit" } };

describe("guesses at a typed code (case 66)", () => {
  it("are 20 a day for an account from 20 addresses, however many codes are asked for in between, and as many for nobody's", async () => {
    const account = await mailed(project, "recovery");
    const nobody = { ...account, email: freshEmail() };
    const seen: Record<string, string[]> = {};
    for (const [network, { email, code }] of [account, nobody].entries()) {
      const answers: string[] = [];
      for (let client = 1; client <= 20; client += 1) {
        const address = `192.0.${network}.${client}`;
        await askFor(project, "/reset", { email });
        for (let n = 1; n <= 50; n += 1) {
          const guess = wrongCode(code, client * 50 + n);
          const options = { address };
          const typed = { type: "recovery", email, code: guess };
          const reply =
            n % 2
              ? await redeemCode(project, typed, options)
              : await resetByCode(project, typed, options);
          answers.push(visible(reply));
        }
      }
      seen[email] = answers;
    }
    const statuses = seen[account.email]?.map((answer) => answer.slice(1, 4));
    expect(statuses?.filter((status) => status === "403")).toHaveLength(20);
    expect(statuses?.filter((status) => status === "429")).toHaveLength(980);
    expect(seen[nobody.email]?.join()).toBe(seen[account.email]?.join());
    expect(await signsIn(project, account.email, newPassword)).toBe(false);
  });

  it("are 5 for a code: the sixth is refused even when it is right, and the link is not", async () => {
    const mail = await mailed(project, "magiclink");
    for (let n = 1; n <= 5; n += 1) {
      const typed = { ...mail, code: wrongCode(mail.code, n) };
      expect(await redeemCode(project, typed)).toMatchObject(otpExpired);
    }
    expect(await redeemCode(project, mail)).toMatchObject(otpExpired);
    expect((await redeemLink(project, mail)).status).toBe(200);

    const other = await mailed(project, "recovery");
    for (let n = 1; n <= 4; n += 1) {
      await resetByCode(project, { ...other, code: wrongCode(other.code, n) });
    }
    expect((await resetByCode(project, { email: other.email, code: other.code })).status).toBe(200);
  });

  it("are out of one budget for every kind of code and every way to bring it", async () => {
    const account = await mailed(project, "signup");
    const { email } = account;
    await askFor(project, "/magiclink", { email });
    const codes = ["signup", "magiclink", "email", "recovery", "invite", "email_change"];
    for (let n = 1; n <= 20; n += 1) {
      const type = codes[n % codes.length] ?? "";
      const code = wrongCode(account.code, n);
      const reply =
        type === "recovery"
          ? await resetByCode(project, { email, code })
          : await redeemCode(project, { type, email, code });
      expect(reply).toMatchObject(otpExpired);
    }
    for (const type of codes) {
      const code = account.code;
      expect(await redeemCode(project, { type, email, code })).toMatchObject(tooMany);
    }
    expect(await resetByCode(project, { email, code: account.code })).toMatchObject(tooMany);
  });

  it("are not given back by a new code, a new account, or a change of address; but by the next day", async () => {
    const open = await mailingProject();
    const { email, session, code } = await mailed(open, "recovery");
    for (let n = 1; n <= 20; n += 1) {
      await redeemCode(open, { type: "recovery", email, code: wrongCode(code, n) });
    }
    const guess = async () => {
      await askFor(open, "/reset", { email });
      const mail = await newestMail(open, email);
      return redeemCode(open, { type: "recovery", email, code: mail.code });
    };
    const waiting = await guess();
    expect(waiting).toMatchObject(tooMany);
    expect(Number(waiting.headers.get("Retry-After"))).toBeGreaterThan(86_400 - 300);

    const bearer = { token: session.access_token };
    expect((await open.request("/user", { method: "DELETE", ...bearer })).status).toBe(204);
    const anew = await open.signUp({ email });
    expect(await guess()).toMatchObject(tooMany);

    const next = freshEmail();
    const token = anew.access_token;
    await open.request("/user", { method: "PATCH", token, body: { email: next } });
    const change = await newestMail(open, next);
    expect((await redeemLink(open, { ...change, type: "email_change" })).status).toBe(200);
    await open.signUp({ email });
    expect(await guess()).toMatchObject(tooMany);

    await ageBudgets(open, "1 day");
    expect((await guess()).status).toBe(200);
  });

  it("that are right cost nothing", async () => {
    const email = freshEmail();
    await project.signUp({ email });
    for (let n = 1; n <= 25; n += 1) {
      await askFor(project, "/magiclink", { email });
      const { code } = await newestMail(project, email);
      expect((await redeemCode(project, { type: "email", email, code })).status).toBe(200);
    }
  });

  it("cost a password hash only when the code is right", async () => {
    const { auth, measure } = await openCountingService();
    const { email, code, token } = await mailed(project, "recovery");
    const wrong = await measure(project, () =>
      resetByCode(project, { email, code: wrongCode(code) }, { auth }),
    );
    const unknown = await measure(project, () =>
      reset(project, { token: "A".repeat(43) }, { auth }),
    );
    const right = await measure(project, () => reset(project, { token }, { auth }));
    await auth.close();
    expect([wrong.hashes, unknown.hashes, right.hashes]).toEqual([[], [], ["$2a$10$"]]);
    expect(right.value.status).toBe(200);
  });
});
