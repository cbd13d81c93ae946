import { createMiddleware } from "hono/factory";
import { AuthError } from "../errors.ts";
import type { HttpEnv } from "./service.ts";

/** What acts although it is a GET, since browsers are led there and GoTrue's clients ask so. */
const actingGets = new Set([
  "/authorize",
  "/callback",
  "/reauthenticate",
  "/user/identities/authorize",
]);

/** A HEAD is taken for its GET, without the body: where that would act, there is nothing to look at. */
export const onlyLooksByHead = createMiddleware<HttpEnv>((c, next) => {
  if (c.req.method === "HEAD" && actingGets.has(c.req.path)) throw new AuthError("not_found");
  return next();
});
