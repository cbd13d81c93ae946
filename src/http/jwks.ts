import { createRoute, z } from "@hono/zod-openapi";
import { failures, json } from "./schemas/responses.ts";
import type { App } from "./service.ts";

const route = createRoute({
  method: "get",
  path: "/.well-known/jwks.json",
  summary: "The public keys of the project; none while it signs with its shared secret",
  responses: {
    200: json(
      z.object({ keys: z.array(z.record(z.string(), z.unknown())) }).openapi("Jwks"),
      "A JWK set (RFC 7517)",
    ),
    ...failures(),
  },
});

export function registerJwks(app: App): void {
  app.openapi(route, (c) => {
    const keys = [...c.get("project").issuer.keys.all.values()].flatMap((key) =>
      key.publicJwk ? [{ ...key.publicJwk }] : [],
    );
    c.header("Cache-Control", "public, max-age=600");
    return c.json({ keys }, 200);
  });
}
