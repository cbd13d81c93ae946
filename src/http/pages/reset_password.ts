import { html } from "hono/html";
import { AuthError } from "../../errors.ts";
import { codeMacs, parseCode, parseOneTimeToken } from "../../mail/one_time_token.ts";
import { accountOfLink } from "../../mail/redeem.ts";
import { resetByCode, resetByLink } from "../../passwords/reset.ts";
import { newRefreshToken } from "../../tokens/refresh_token.ts";
import { checkMailPage } from "./check_mail.ts";
import { donePage } from "./done.ts";
import { codeField, emailField, field, form, newPasswordField, submit, summary } from "./fields.ts";
import { handSessionOver } from "./hand_over.ts";
import { reply } from "./layout.ts";
import type { Form, Page, PageRoute } from "./page.ts";
import { type Problem, problemOf } from "./problem.ts";
import { readEmail } from "./read_email.ts";
import { linkExpiredPage } from "./refused.ts";

/** `/reset-password`: a new password, by the token of a link or by an address and its code. */
export const resetPasswordRoute: PageRoute = {
  show: (page) => codePage(page),
  submit: (page, input) => (input.token ? byLink(page, input, input.token) : byCode(page, input)),
};

/** The form behind a recovery link; judges the link, and consumes nothing. */
export async function newPasswordPage(
  page: Page,
  token: string,
  problem: Problem | null = null,
): Promise<Response> {
  const { resetPassword: own, fields } = page.words;
  const account = await accountOfLink(page.c.get("project").functions, token, "recovery");
  if (account === null) return linkExpiredPage(page, "recovery");
  const { email, code_challenge: challenge } = account;
  // The client that asked for the mail is to get a code, not tokens, in the end.
  const pkce = challenge ? { code_challenge: challenge, code_challenge_method: "s256" } : {};
  const asked = { ...page, state: { ...page.state, ...pkce } };
  const body = html`${field({ ...emailField(page, email), isReadOnly: true }, null)}
${field(newPasswordField(page, fields.newPassword), problem)}
${submit(own.submit)}`;
  return reply(page, {
    title: own.title,
    isRefusal: problem !== null,
    status: problem?.status ?? 200,
    body: html`${summary(problem)}
${form(asked, "/reset-password", body, { token })}`,
  });
}

async function byLink(page: Page, input: Form, text: string): Promise<Response> {
  const token = parseOneTimeToken(text);
  if (!token) return linkExpiredPage(page, "recovery");
  if (!input.password) return newPasswordPage(page, text, noPassword(page));
  const { c } = page;
  const { functions, hasher, passwordPolicy } = c.get("project");
  const refreshToken = newRefreshToken();
  const reset = {
    password: input.password,
    refreshHash: refreshToken.hash,
    client: c.get("client"),
  };
  try {
    const grant = await resetByLink(functions, hasher, passwordPolicy, token.hash, reset);
    return await finish(page, grant, refreshToken);
  } catch (error) {
    if (error instanceof AuthError && error.code === "otp_expired")
      return linkExpiredPage(page, "recovery");
    return newPasswordPage(page, text, problemOf(page, error, input));
  }
}

async function byCode(page: Page, input: Form): Promise<Response> {
  const { c, words } = page;
  const { functions, hasher, box, passwordPolicy } = c.get("project");
  const address = readEmail(input);
  const { errors } = words;
  if (!address) return codePage(page, input, { field: "email", text: errors.email, status: 400 });
  const { email } = address;
  const again = (problem: Problem) =>
    input.from === "/forgot-password"
      ? checkMailPage(page, { email, type: "recovery", from: input.from }, problem)
      : codePage(page, input, problem);
  const code = parseCode(input.code ?? "");
  if (!code) return again({ field: "code", text: errors.code, status: 403 });
  if (!input.password) return again(noPassword(page));
  const refreshToken = newRefreshToken();
  try {
    const macs = codeMacs(box, { purpose: "recovery", subject: email }, code);
    const grant = await resetByCode(
      functions,
      hasher,
      passwordPolicy,
      { email, macs },
      { password: input.password, refreshHash: refreshToken.hash, client: c.get("client") },
    );
    return await finish(page, grant, refreshToken);
  } catch (error) {
    return again(problemOf(page, error, input));
  }
}

type Grant = Awaited<ReturnType<typeof resetByLink>>;

async function finish(page: Page, grant: Grant, token: ReturnType<typeof newRefreshToken>) {
  const { c, state } = page;
  c.get("service").mailQueued();
  const session = { grant, token, type: "recovery" };
  return (await handSessionOver(c, state, session)) ?? donePage(page, "passwordChanged");
}

function codePage(page: Page, input: Form = {}, problem: Problem | null = null) {
  const { resetPassword: own, fields } = page.words;
  const body = html`${field(emailField(page, input.email), problem)}
${field(codeField(page), problem)}
${field(newPasswordField(page, fields.newPassword), problem)}
${submit(own.submit)}`;
  return reply(page, {
    title: own.title,
    isRefusal: problem !== null,
    status: problem?.status ?? 200,
    body: html`${summary(problem)}
<p>${own.withCode}</p>
${form(page, "/reset-password", body)}`,
  });
}

function noPassword({ words }: Page): Problem {
  return { field: "password", text: words.errors.password, status: 400 };
}
