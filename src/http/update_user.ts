import { createRoute, z } from "@hono/zod-openapi";
import type { Caller, MailOffer, UserJson } from "../database/functions.ts";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";
import { prepareMail } from "../mail/offer.ts";
import { codeMacs, parseCode } from "../mail/one_time_token.ts";
import { preparePasswordChange, proveCurrentPassword } from "../passwords/reauthenticate.ts";
import { requireStrong } from "../passwords/sign_up.ts";
import { bearerStatuses, requireCaller } from "./bearer.ts";
import { mailFields, mailQuery, readWishes } from "./mail_request.ts";
import { optionalMetadata, optionalText, requireEmail } from "./schemas/fields.ts";
import { bearer, body, failures, json } from "./schemas/responses.ts";
import { userSchema } from "./schemas/user.ts";
import type { App, HttpContext } from "./service.ts";

const updateBody = z
  .object({
    email: optionalText.openapi({
      description: "Waits in new_email until it has proved itself, two days at most",
    }),
    phone: optionalText,
    password: optionalText,
    current_password: optionalText,
    nonce: optionalText.openapi({ description: "The code of GET /reauthenticate" }),
    data: optionalMetadata.openapi({ description: "Merged at top level; null deletes a key" }),
    ...mailFields,
  })
  .openapi("UpdateUser");

type UpdateBody = z.infer<typeof updateBody>;

const route = createRoute({
  method: "patch",
  path: "/user",
  summary: "Change the user's password, address or metadata",
  ...bearer,
  request: { ...body(updateBody), query: mailQuery },
  responses: { 200: json(userSchema, "The user"), ...failures(400, 401, 422, 429, 503) },
});

export function registerUpdateUser(app: App): void {
  app.openapi(route, async (c) => c.json(await updateUser(c, c.req.valid("json")), 200));
  app.openapi({ ...route, method: "put" }, async (c) =>
    c.json(await updateUser(c, c.req.valid("json")), 200),
  );
}

async function updateUser(c: HttpContext, input: UpdateBody): Promise<UserJson> {
  const caller = await requireCaller(c);
  const { functions } = c.get("project");
  if (input.phone) throw new AuthError("feature_disabled");
  const address = input.email ? requireEmail(input.email) : null;
  const nonceMacs = readNonce(c, caller, input.nonce);
  const secret = input.password ?? null;
  const before = address || secret !== null ? await ownUser(c, caller) : null;
  const proofs = await prove(c, caller, input, before);
  const { user } = accepted(
    await functions.updateUser({
      caller,
      email: address?.email ?? null,
      emailAsTyped: address?.emailAsTyped ?? null,
      userMetadata: input.data ?? null,
      ...proofs,
      nonceMacs,
      mail: address && before ? prepareMails(c, input, address.email, before.email) : null,
      client: c.get("client"),
    }),
    bearerStatuses,
  );
  if (before) c.get("service").mailQueued();
  return user;
}

async function ownUser(c: HttpContext, caller: Caller): Promise<UserJson> {
  return accepted(await c.get("project").functions.getUser(caller), bearerStatuses).user;
}

async function prove(
  c: HttpContext,
  caller: Caller,
  { email, password, current_password: current }: UpdateBody,
  before: UserJson | null,
) {
  const { functions, hasher, passwordPolicy } = c.get("project");
  const holder = { caller, client: c.get("client"), statuses: bearerStatuses };
  if (password !== undefined && password !== null) {
    requireAddress(before);
    const context = [...passwordPolicy.context, email ?? ""];
    await requireStrong(password, { ...passwordPolicy, context }, before?.email ?? "");
    const passwords = { current: current ?? null, next: password };
    return preparePasswordChange(functions, hasher, passwordPolicy, holder, passwords);
  }
  const proof = await proveCurrentPassword(
    functions,
    hasher,
    holder,
    email ? (current ?? null) : null,
  );
  return { ...proof, newProof: null, passwordHash: null };
}

// A password of a user without an address would sign nobody in, and would be there already when
// somebody proves one.
function requireAddress(before: UserJson | null): void {
  if (before && before.email !== "") return;
  throw new AuthError("validation_failed", {
    status: 422,
    message: "A user without an email address cannot have a password: prove an address first",
  });
}

function readNonce(c: HttpContext, caller: Caller, nonce: string | null | undefined) {
  if (!nonce) return null;
  const code = parseCode(nonce);
  if (!code) throw new AuthError("reauthentication_not_valid");
  const use = { purpose: "reauthentication", subject: caller.userId };
  return codeMacs(c.get("project").box, use, code);
}

function prepareMails(
  c: HttpContext,
  input: UpdateBody,
  next: string,
  current: string,
): { new: MailOffer; current: MailOffer } {
  const { box } = c.get("project");
  const wishes = readWishes(c, input);
  return {
    new: prepareMail(box, "email_change", next, wishes),
    current: prepareMail(box, "email_change_current", current, wishes),
  };
}
