import { html } from "hono/html";
import { askForMagicLink } from "../../mail/request.ts";
import { signIn } from "../../passwords/sign_in.ts";
import { newRefreshToken } from "../../tokens/refresh_token.ts";
import { readMailRequest } from "../mail_request.ts";
import { checkMailPage } from "./check_mail.ts";
import { donePage } from "./done.ts";
import { emailField, field, form, link, submit, summary } from "./fields.ts";
import { handSessionOver } from "./hand_over.ts";
import { reply } from "./layout.ts";
import type { Form, Page, PageRoute } from "./page.ts";
import { type Problem, problemOf } from "./problem.ts";
import { providerButtons } from "./provider_buttons.ts";
import { readEmail } from "./read_email.ts";

/** `/sign-in`: with a password, or with a mail. */
export const signInRoute: PageRoute = {
  show: (page) => signInPage(page),
  async submit(page, input) {
    const address = readEmail(input);
    const { errors } = page.words;
    const wrong = (field: "email" | "password") => ({ field, text: errors[field], status: 400 });
    if (!address) return signInPage(page, input, wrong("email"));
    try {
      if (input.by === "mail") return await sendLink(page, address);
      if (!input.password) return signInPage(page, input, wrong("password"));
      return await enter(page, address.email, input.password);
    } catch (error) {
      return signInPage(page, input, problemOf(page, error, input));
    }
  },
};

async function enter(page: Page, email: string, password: string): Promise<Response> {
  const { c, state } = page;
  const { functions, hasher, passwordPolicy } = c.get("project");
  c.set("signIn", "password");
  const token = newRefreshToken();
  const grant = await signIn(functions, hasher, passwordPolicy.cost, {
    email,
    password,
    tokenHash: token.hash,
    client: c.get("client"),
  });
  const handed = await handSessionOver(c, state, { grant, token });
  return handed ?? donePage(page, "signedIn");
}

async function sendLink(page: Page, address: { email: string; emailAsTyped: string }) {
  const request = readMailRequest(page.c, page.state);
  await askForMagicLink(request, address, { createsUser: false, userMetadata: null });
  page.c.get("service").mailQueued();
  return checkMailPage(page, { email: address.email, type: "email", from: "/sign-in" });
}

function signInPage(page: Page, input: Form = {}, problem: Problem | null = null) {
  const { words, c } = page;
  const { signIn: own, fields } = words;
  const password = {
    name: "password",
    label: fields.password,
    autocomplete: "current-password",
  } as const;
  const body = html`${field(emailField(page, input.email), problem)}
${field(password, problem)}
${submit(own.submit)}
<button type="submit" class="other" name="by" value="mail" formnovalidate>${own.byMail}</button>`;
  const { signup_enabled: mayJoin } = c.get("project").configuration;
  return reply(page, {
    title: own.title,
    isRefusal: problem !== null,
    status: problem?.status ?? 200,
    body: html`${summary(problem)}
${form(page, "/sign-in", body)}
${providerButtons(page)}
<div class="links">
<p>${link(page, "/forgot-password", own.forgot)}</p>
${mayJoin ? html`<p>${own.noAccount} ${link(page, "/sign-up", own.toSignUp)}</p>` : ""}
</div>`,
  });
}
