import { beforeAll, describe, expect, it } from "vitest";
import { projectFunctions } from "../../src/database/functions.ts";
import { parseOneTimeToken } from "../../src/mail/one_time_token.ts";
import {
  ageTokens,
  askFor,
  mailed,
  mailingProject,
  otpExpired,
  redeemCode,
  redeemLink,
} from "../support/mailed.ts";
import type { TestProject } from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await mailingProject();
});

/** What delivery asks before a mail leaves: whether its token is still worth sending. */
function leave(token: string): Promise<boolean> {
  const { runtime } = project.service;
  const hash = parseOneTimeToken(token)?.hash ?? Buffer.alloc(32);
  return projectFunctions(runtime, project.id).startTokenLife(hash);
}

describe("a token that waited in the queue", () => {
  it("lives from when its mail leaves, as a code 10 minutes and as a link an hour", async () => {
    for (const redeem of [redeemCode, redeemLink]) {
      const mail = await mailed(project, "magiclink");
      await ageTokens(project, mail.email, "23 hours");
      expect(await redeem(project, mail)).toMatchObject(otpExpired);
      expect(await leave(mail.token)).toBe(true);
      const [left] = await project.sql(
        `select extract(epoch from expires_at - clock_timestamp())::int between 3590 and 3600 as link,
           extract(epoch from code_expires_at - clock_timestamp())::int between 590 and 600 as code
         from one_time_tokens where email = $1 and purpose = 'magiclink'`,
        [mail.email],
      );
      expect(left).toEqual({ link: true, code: true });
      expect((await redeem(project, mail)).status).toBe(200);
    }
  });

  it("is not worth sending once it was used, replaced, or is more than a day old", async () => {
    const used = await mailed(project, "magiclink");
    await redeemLink(project, used);
    const replaced = await mailed(project, "magiclink");
    await askFor(project, "/magiclink", { email: replaced.email });
    const old = await mailed(project, "magiclink");
    await ageTokens(project, old.email, "24 hours 1 minute");
    for (const { token } of [used, replaced, old]) expect(await leave(token)).toBe(false);
    expect(await redeemLink(project, old)).toMatchObject(otpExpired);
  });

  it("is noted with its user when it leaves, and not when it is asked for", async () => {
    const { email, token } = await mailed(project, "recovery");
    const sent = () =>
      project.sql("select recovery_sent_at is null as no from users where email = $1", [email]);
    expect(await sent()).toEqual([{ no: true }]);
    expect(await leave(token)).toBe(true);
    expect(await sent()).toEqual([{ no: false }]);
  });

  it("does not get its guesses back by being sent again", async () => {
    const mail = await mailed(project, "magiclink");
    await project.sql("update one_time_tokens set wrong_guesses = 5 where email = $1", [
      mail.email,
    ]);
    expect(await leave(mail.token)).toBe(true);
    expect(await redeemCode(project, mail)).toMatchObject(otpExpired);
    expect((await redeemLink(project, mail)).status).toBe(200);
  });
});
