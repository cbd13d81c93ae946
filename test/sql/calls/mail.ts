import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Database } from "../../../src/database/database.ts";
import type { Caller, ProjectFunctions } from "../../../src/database/functions.ts";
import { outboxFunctions } from "../../../src/database/outbox_functions.ts";
import { freshEmail } from "../../support/project.ts";
import { client, passwordHash } from "./shared.ts";

export async function callMail(
  f: ProjectFunctions,
  email: string,
  caller: Caller,
): Promise<string> {
  const bytes = () => randomBytes(32);
  const offer = () => ({
    token_hash: bytes().toString("hex"),
    code_mac: bytes().toString("hex"),
    payload: "00",
    code_challenge: null,
  });
  const done = { outcome: null };
  const person = { email, emailAsTyped: email, userMetadata: null, client };
  const recovery = offer();
  expect(await f.requestRecovery({ email, mail: recovery, client })).toEqual(done);
  expect(await f.requestRecovery({ email: freshEmail(), mail: offer(), client })).toEqual(done);
  const other = freshEmail();
  const stranger = { ...person, email: other, emailAsTyped: other };
  const signIn = offer();
  expect(await f.requestSignIn({ ...stranger, createsUser: true, mail: signIn })).toEqual(done);
  const waiting = { outcome: "over_email_send_rate_limit" };
  expect(await f.resendMail({ purpose: "signup", email, mail: offer(), client })).toMatchObject(
    waiting,
  );
  expect(await f.requestReauthentication({ caller, mail: offer(), client })).toMatchObject(waiting);
  const third = freshEmail();
  expect(
    await f.inviteUser({ ...stranger, email: third, emailAsTyped: third, mail: offer() }),
  ).toMatchObject({ user: { email: third } });

  const mail = { new: offer(), current: offer() };
  const unchanged = { passwordHash: null, attempt: null, currentProof: null, newProof: null };
  const moved = freshEmail();
  expect(
    await f.updateUser({
      ...person,
      ...unchanged,
      caller,
      email: moved,
      emailAsTyped: moved,
      nonceMacs: null,
      mail,
    }),
  ).toMatchObject({ user: { new_email: moved } });
  expect(
    await f.verifyLink({
      purposes: ["email_change"],
      tokenHash: Buffer.from(mail.new.token_hash, "hex"),
      refreshHash: bytes(),
      codeHash: null,
      client,
    }),
  ).toMatchObject({ user: { email: moved } });

  expect(await f.noteBounce(moved)).toEqual(done);
  const hash = Buffer.from(signIn.token_hash, "hex");
  expect(await f.startTokenLife(hash)).toBe(true);
  expect(await f.mailConfiguration()).toMatchObject({ transport: null, templates: [] });
  const link = { tokenHash: hash, refreshHash: bytes(), codeHash: null, client };
  expect(await f.verifyLink({ ...link, purposes: ["recovery"] })).toEqual({
    outcome: "otp_expired",
  });
  expect(await f.verifyLink({ ...link, purposes: ["magiclink"] })).toMatchObject(done);
  const guess = { email, refreshHash: bytes(), client };
  expect(await f.verifyCode({ ...guess, candidates: { recovery: [] } })).toEqual({
    outcome: "otp_expired",
  });
  expect(await f.linkAccount({ purposes: ["recovery"], tokenHash: hash })).toEqual({
    outcome: "otp_expired",
  });
  expect(await f.checkRecoveryCode({ email, macs: [], client })).toEqual({
    outcome: "otp_expired",
  });
  expect(
    await f.resetPassword({
      tokenHash: hash,
      attempt: null,
      email: null,
      macs: null,
      passwordHash,
      refreshHash: bytes(),
      client,
    }),
  ).toEqual({ outcome: "otp_expired" });
  expect(
    await f.exchangeCode({ codeHash: bytes(), codeChallenge: "", refreshHash: bytes(), client }),
  ).toEqual({ outcome: "flow_state_not_found" });
  expect(
    await f.codeForSession({ refreshHash: bytes(), codeHash: bytes(), codeChallenge: "", client }),
  ).toEqual({ outcome: "session_not_found" });
  return moved;
}

export async function callOutbox(database: Database): Promise<void> {
  const outbox = outboxFunctions(database);
  const [mail] = await outbox.claim(1, 90);
  if (!mail) throw new Error("no mail waits");
  expect(await outbox.defer(mail, "no transport", 0)).toBe(true);
  expect(await outbox.state()).toMatchObject({
    parked: expect.any(Number),
    clock: expect.any(Number),
  });
  const [again] = await outbox.claim(1, 90);
  if (!again) throw new Error("no mail waits");
  expect(await outbox.postpone(mail, "timeout", false)).toBe(null);
  expect(await outbox.release(again)).toBe(true);
  const [last] = await outbox.claim(1, 90);
  if (!last) throw new Error("no mail waits");
  expect(await outbox.bounce(again, "smtp 550")).toBe(null);
  expect(await outbox.settle(last)).toBe(true);
  expect(await outbox.prune(10)).toBe(0);
}
