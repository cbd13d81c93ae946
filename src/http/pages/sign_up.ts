import { html } from "hono/html";
import { AuthError } from "../../errors.ts";
import { prepareMail } from "../../mail/offer.ts";
import { signUp } from "../../passwords/sign_up.ts";
import { newRefreshToken } from "../../tokens/refresh_token.ts";
import { readWishes } from "../mail_request.ts";
import type { ReadEmail } from "../schemas/fields.ts";
import { checkMailPage } from "./check_mail.ts";
import { donePage } from "./done.ts";
import { emailField, field, form, link, newPasswordField, submit, summary } from "./fields.ts";
import { handSessionOver } from "./hand_over.ts";
import { reply } from "./layout.ts";
import type { Form, Page, PageRoute } from "./page.ts";
import { type Problem, problemOf } from "./problem.ts";
import { providerButtons } from "./provider_buttons.ts";
import { readEmail } from "./read_email.ts";

/** `/sign-up`: with an address and a password. */
export const signUpRoute: PageRoute = {
  show: (page) => signUpPage(page),
  async submit(page, input) {
    const address = readEmail(input);
    const { errors } = page.words;
    const wrong = (field: "email" | "password") => ({ field, text: errors[field], status: 400 });
    if (!address) return signUpPage(page, input, wrong("email"));
    if (!input.password) return signUpPage(page, input, wrong("password"));
    try {
      return await join(page, address, input.password);
    } catch (error) {
      return signUpPage(page, input, problemOf(page, error, input));
    }
  },
};

async function join(page: Page, address: ReadEmail, password: string): Promise<Response> {
  const { c, state } = page;
  const { id, functions, hasher, box, configuration, passwordPolicy } = c.get("project");
  const { signupGate } = c.get("service");
  const client = c.get("client");
  if (!configuration.signup_enabled) throw new AuthError("signup_disabled");
  const mail = prepareMail(box, "signup", address.email, readWishes(c, state));
  await signupGate.pass(id, client.address, configuration.signups_per_address);

  const token = newRefreshToken();
  const { user, claims } = await signUp(functions, hasher, passwordPolicy, {
    ...address,
    password,
    userMetadata: null,
    tokenHash: token.hash,
    mail,
    client,
  });
  c.get("service").mailQueued();
  if (!claims) {
    return checkMailPage(page, { email: address.email, type: "signup", from: "/sign-up" });
  }
  const session = { grant: { claims, user }, token, type: "signup" };
  return (await handSessionOver(c, state, session)) ?? donePage(page, "signedIn");
}

function signUpPage(page: Page, input: Form = {}, problem: Problem | null = null) {
  const { signUp: own, fields, errors } = page.words;
  const { signup_enabled: mayJoin } = page.c.get("project").configuration;
  const closed = mayJoin ? null : { text: errors.signupDisabled, status: 422 };
  const shown = closed ?? problem;
  const body = html`${field(emailField(page, input.email), problem)}
${field(newPasswordField(page, fields.password), problem)}
${submit(own.submit)}`;
  return reply(page, {
    title: own.title,
    isRefusal: shown !== null,
    status: shown?.status ?? 200,
    body: html`${summary(shown)}
${mayJoin ? html`${form(page, "/sign-up", body)}\n${providerButtons(page)}` : ""}
<div class="links"><p>${own.hasAccount} ${link(page, "/sign-in", own.toSignIn)}</p></div>`,
  });
}
