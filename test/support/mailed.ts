import type { Settings } from "../../src/projects/settings.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { newestMail } from "./outbox.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type Reply,
  type RequestOptions,
  type TestProject,
} from "./project.ts";

/** A project that mails as often as it is asked. */
export function mailingProject(settings: Partial<Settings> = {}): Promise<TestProject> {
  return createTestProject({
    mail_interval: 0,
    mails_per_recipient_per_day: 1000,
    mails_per_address: 0,
    ...settings,
  });
}

/** A user who was sent a mail of a type, and what it brought. */
export interface Mailed {
  readonly email: string;
  readonly type: string;
  readonly token: string;
  readonly code: string;
  readonly session: SessionReply;
}

const paths = { recovery: "/reset", magiclink: "/magiclink" };

/** Signs a fresh user up and has the mail of a type sent to it. */
export async function mailed(
  project: TestProject,
  type: "signup" | "recovery" | "magiclink",
  body: object = {},
): Promise<Mailed> {
  const email = freshEmail();
  const session = await project.signUp({ email });
  if (type !== "signup") await askFor(project, paths[type], { email, ...body });
  const { token, code } = await newestMail(project, email);
  return { email, type, token, code, session };
}

/** The same of an address that was proved before: the first proof takes everything away, whatever is used. */
export async function mailedProved(
  project: TestProject,
  type: keyof typeof paths,
): Promise<Mailed> {
  const mail = await mailed(project, "signup");
  const { email } = mail;
  await project.sql("update users set email_confirmed_at = now() where email = $1", [email]);
  await askFor(project, paths[type], { email });
  return { ...mail, ...(await newestMail(project, email)), type };
}

/** Asks for a mail. Throws when refused. */
export async function askFor(project: TestProject, path: string, body: object): Promise<void> {
  const reply = await project.post(path, body);
  if (reply.status !== 200) throw new Error(`${path} answered ${JSON.stringify(reply.body)}`);
}

export function redeemLink(
  project: TestProject,
  { type, token }: { readonly type: string; readonly token: string },
  options?: RequestOptions,
): Promise<Reply<SessionReply>> {
  return project.post("/verify", { type, token_hash: token }, options);
}

export function redeemCode(
  project: TestProject,
  { type, email, code }: { readonly type: string; readonly email: string; readonly code: string },
  options?: RequestOptions,
): Promise<Reply<SessionReply>> {
  return project.post("/verify", { type, email, token: code }, options);
}

export const newPassword = "another perfectly fine phrase";

/** Sets {@link newPassword} by a link's token. */
export function reset(
  project: TestProject,
  { token }: { readonly token: string },
  options?: RequestOptions,
): Promise<Reply<SessionReply>> {
  return project.post("/reset", { token, password: newPassword }, options);
}

/** Sets {@link newPassword} by a typed code. */
export function resetByCode(
  project: TestProject,
  { email, code }: { readonly email: string; readonly code: string },
  options?: RequestOptions,
): Promise<Reply<SessionReply>> {
  return project.post("/reset", { email, code, password: newPassword }, options);
}

export async function signsIn(
  project: TestProject,
  email: string,
  password = goodPassword,
): Promise<boolean> {
  return (await project.post("/token", { email, password })).status === 200;
}

/** Whether a session's access token is still taken. */
export async function isLive(
  project: TestProject,
  { access_token: token }: SessionReply,
): Promise<boolean> {
  return (await project.request("/user", { token })).status === 200;
}

/** Makes what was mailed to an address older, as if the time had passed. */
export async function ageTokens(
  project: TestProject,
  email: string,
  interval: string,
): Promise<void> {
  await project.sql(
    `update one_time_tokens set created_at = created_at - $2::interval,
       expires_at = expires_at - $2::interval, code_expires_at = code_expires_at - $2::interval
     where email = $1`,
    [email, interval],
  );
}

/** Another code than the right one; `n` chooses which. */
export function wrongCode(code: string, n = 1): string {
  return ((Number(code) + n) % 1_000_000).toString().padStart(6, "0");
}

export const otpExpired = {
  status: 403,
  body: { code: 403, error_code: "otp_expired", msg: "Token has expired or is invalid" },
};
