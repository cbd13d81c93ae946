import { expect, it } from "vitest";
import { untilWaiting } from "../support/locks.ts";
import { mailingProject, redeemLink } from "../support/mailed.ts";
import { newestMail, queuedMail } from "../support/outbox.ts";
import { freshEmail } from "../support/project.ts";

it.each(["/magiclink", "/otp"])(
  "%s for an address whose user is made in the same moment sends its mail (case 146)",
  async (path) => {
    const project = await mailingProject();
    const email = freshEmail();
    let asked: ReturnType<typeof project.post> | undefined;
    await project.transaction(async (query) => {
      await query("insert into users (email) values ($1)", [email]);
      asked = project.post(path, { email });
      await untilWaiting(project);
    });

    expect(await asked).toMatchObject({ status: 200 });
    expect((await queuedMail(project, email)).map(({ purpose }) => purpose)).toEqual(["magiclink"]);
    const link = { ...(await newestMail(project, email)), type: "magiclink" };
    expect((await redeemLink(project, link)).body.user.email).toBe(email);
    expect(await project.sql("select day_mails from mail_budgets")).toEqual([{ day_mails: 1 }]);
    expect(await project.sql("select from users")).toHaveLength(1);
  },
);
