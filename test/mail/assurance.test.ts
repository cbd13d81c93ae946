import { expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { claimsOf } from "../support/jwt.ts";
import { askFor, mailingProject, redeemCode, redeemLink } from "../support/mailed.ts";
import { newestMail } from "../support/outbox.ts";
import { freshEmail, type Reply } from "../support/project.ts";

it("stays at aal1 however many mails somebody redeems, one after the other (case 68)", async () => {
  const project = await mailingProject();
  const email = freshEmail();
  let session = await project.signUp({ email });
  const seen: unknown[] = [];
  const note = async ({ status, body }: Reply<SessionReply>) => {
    expect({ status, body }).toMatchObject({ status: 200 });
    const { aal, amr } = claimsOf(body.access_token);
    seen.push([aal, (amr as { method: string }[]).map(({ method }) => method)]);
    session = body;
  };
  for (const [path, type, redeem] of [
    ["/reset", "recovery", redeemCode],
    ["/magiclink", "magiclink", redeemCode],
    ["/magiclink", "magiclink", redeemLink],
  ] as const) {
    await askFor(project, path, { email });
    const { token, code } = await newestMail(project, email);
    await note(await redeem(project, { type, email, token, code }));
  }
  const asked = await project.request("/reauthenticate", { token: session.access_token });
  expect(asked.status).toBe(200);
  const { code: nonce } = await newestMail(project, email);
  const changed = await project.request("/user", {
    method: "PATCH",
    token: session.access_token,
    body: { password: "another fine phrase", nonce },
  });
  expect(changed.status).toBe(200);
  await note(await project.post("/refresh", { refresh_token: session.refresh_token }));
  expect(seen).toEqual([
    ["aal1", ["recovery"]],
    ["aal1", ["otp"]],
    ["aal1", ["otp"]],
    ["aal1", ["otp"]],
  ]);
});
