import { html } from "hono/html";
import {
  codeField,
  emailField,
  field,
  form,
  link,
  newPasswordField,
  submit,
  summary,
} from "./fields.ts";
import { reply } from "./layout.ts";
import type { Page } from "./page.ts";
import type { Problem } from "./problem.ts";

interface Sent {
  readonly email: string;
  /** What the code of the mail is good for. */
  readonly type: "signup" | "email" | "recovery";
  /** Where the mail can be asked for again. */
  readonly from: "/sign-in" | "/sign-up" | "/forgot-password";
}

/** Says where the mail went, whether or not anybody has the address, and takes the code of it. */
export function checkMailPage(page: Page, sent: Sent, problem: Problem | null = null) {
  const { email, type, from } = sent;
  const { checkMail, resetPassword, fields } = page.words;
  const [before, after] = checkMail.sentTo;
  const isRecovery = type === "recovery";
  const body = html`${field({ ...emailField(page, email), isReadOnly: true }, null)}
${field(codeField(page), problem)}
${isRecovery ? field(newPasswordField(page, fields.newPassword), problem) : ""}
${submit(isRecovery ? resetPassword.submit : checkMail.submit)}`;
  return reply(page, {
    title: checkMail.title,
    isRefusal: problem !== null,
    status: problem?.status ?? 200,
    body: html`${summary(problem)}
<p>${before}<strong>${email}</strong>${after}</p>
<p>${isRecovery ? checkMail.orReset : checkMail.orCode}</p>
${form(page, isRecovery ? "/reset-password" : "/verify/confirm", body, { type, from })}
<div class="links"><p>${checkMail.noMail} ${link(page, from, checkMail.again)}</p></div>`,
  });
}
