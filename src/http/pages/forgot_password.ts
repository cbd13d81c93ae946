import { html } from "hono/html";
import { askForRecovery } from "../../mail/request.ts";
import { readMailRequest } from "../mail_request.ts";
import { checkMailPage } from "./check_mail.ts";
import { emailField, field, form, link, submit, summary } from "./fields.ts";
import { reply } from "./layout.ts";
import type { Form, Page, PageRoute } from "./page.ts";
import { type Problem, problemOf } from "./problem.ts";
import { readEmail } from "./read_email.ts";

/** `/forgot-password`: asks for the mail. The answer does not tell whether anybody has the address. */
export const forgotPasswordRoute: PageRoute = {
  show: (page) => forgotPasswordPage(page),
  async submit(page, input) {
    const address = readEmail(input);
    if (!address) {
      const { email: text } = page.words.errors;
      return forgotPasswordPage(page, input, { field: "email", text, status: 400 });
    }
    const { email } = address;
    try {
      await askForRecovery(readMailRequest(page.c, page.state), email);
    } catch (error) {
      return forgotPasswordPage(page, input, problemOf(page, error, input));
    }
    page.c.get("service").mailQueued();
    return checkMailPage(page, { email, type: "recovery", from: "/forgot-password" });
  },
};

function forgotPasswordPage(page: Page, input: Form = {}, problem: Problem | null = null) {
  const { forgotPassword: own, refused } = page.words;
  const body = html`${field(emailField(page, input.email), problem)}
${submit(own.submit)}`;
  return reply(page, {
    title: own.title,
    isRefusal: problem !== null,
    status: problem?.status ?? 200,
    body: html`${summary(problem)}
<p>${own.explanation}</p>
${form(page, "/forgot-password", body)}
<div class="links"><p>${link(page, "/sign-in", refused.back)}</p></div>`,
  });
}
