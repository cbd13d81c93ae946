import { createRoute, z } from "@hono/zod-openapi";
import { heldByApplication } from "../database/errors.ts";
import { accepted } from "../database/outcomes.ts";
import { AuthError } from "../errors.ts";
import { preparePasswordChange, proveCurrentPassword } from "../passwords/reauthenticate.ts";
import { requireStrong } from "../passwords/sign_up.ts";
import { bearerStatuses, requireCaller } from "./bearer.ts";
import { optionalMetadata, optionalText, requireEmail } from "./schemas/fields.ts";
import { bearer, body, failures, json } from "./schemas/responses.ts";
import { userSchema } from "./schemas/user.ts";
import type { App, HttpContext } from "./service.ts";

const updateBody = z
  .object({
    email: optionalText,
    phone: optionalText,
    password: optionalText,
    current_password: optionalText,
    data: optionalMetadata.openapi({ description: "Merged at top level; null deletes a key" }),
  })
  .openapi("UpdateUser");

const getRoute = createRoute({
  method: "get",
  path: "/user",
  summary: "The user of the token",
  ...bearer,
  responses: { 200: json(userSchema, "The user"), ...failures(401, 503) },
});

const updateRoute = createRoute({
  method: "patch",
  path: "/user",
  summary: "Change the user's password or metadata",
  ...bearer,
  request: body(updateBody),
  responses: { 200: json(userSchema, "The user"), ...failures(400, 401, 422, 429, 503) },
});

const deleteRoute = createRoute({
  method: "delete",
  path: "/user",
  summary: "Delete the user and all that is its own",
  description: "Wants a session of the last 24 hours, or the current password.",
  ...bearer,
  request: body(z.object({ current_password: optionalText }).openapi("DeleteUser")),
  responses: { 204: { description: "Deleted" }, ...failures(400, 401, 422, 429, 503) },
});

export function registerUser(app: App): void {
  app.openapi(getRoute, async (c) => {
    const caller = await requireCaller(c);
    const { user } = accepted(await c.get("project").functions.getUser(caller), bearerStatuses);
    return c.json(user, 200);
  });
  app.openapi(updateRoute, async (c) => c.json(await updateUser(c, c.req.valid("json")), 200));
  app.openapi({ ...updateRoute, method: "put" }, async (c) =>
    c.json(await updateUser(c, c.req.valid("json")), 200),
  );
  app.openapi(deleteRoute, async (c) => {
    const caller = await requireCaller(c);
    const { functions } = c.get("project");
    const current = c.req.valid("json").current_password ?? null;
    const { hasher } = c.get("service");
    const holder = { caller, client: c.get("client"), statuses: bearerStatuses };
    const proof = await proveCurrentPassword(functions, hasher, holder, current);
    const deleted = await functions
      .deleteUser({ caller, ...proof, client: c.get("client") })
      .catch(heldByApplication);
    accepted(deleted, bearerStatuses);
    return c.body(null, 204);
  });
}

async function updateUser(c: HttpContext, input: z.infer<typeof updateBody>) {
  const caller = await requireCaller(c);
  const { functions } = c.get("project");
  if (input.phone) throw new AuthError("feature_disabled");
  const email = input.email ? requireEmail(input.email).email : null;
  const change = await passwordChange(c, caller, input);
  const { user } = accepted(
    await functions.updateUser({
      caller,
      email,
      userMetadata: input.data ?? null,
      ...change,
      client: c.get("client"),
    }),
    bearerStatuses,
  );
  return user;
}

const noChange = { attempt: null, currentProof: null, newProof: null, passwordHash: null };

async function passwordChange(
  c: HttpContext,
  caller: Awaited<ReturnType<typeof requireCaller>>,
  input: z.infer<typeof updateBody>,
) {
  const { password, current_password: current } = input;
  if (password === undefined || password === null) return noChange;
  const { functions, passwordPolicy } = c.get("project");
  const { user } = accepted(await functions.getUser(caller), bearerStatuses);
  requireStrong(password, passwordPolicy, user.email);
  return preparePasswordChange(
    functions,
    c.get("service").hasher,
    passwordPolicy,
    { caller, client: c.get("client"), statuses: bearerStatuses },
    { current: current ?? null, next: password },
  );
}
