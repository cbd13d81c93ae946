// The clinic's own server: one page, and an API that knows who asks from the token alone.
import { readFile } from "node:fs/promises";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { secureHeaders } from "hono/secure-headers";
import { AuthError, verifyToken, withUser } from "miosa-auth/rls";
import { openHours } from "./hours.mjs";
import { page } from "./page.mjs";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export function createApp({ pool, authUrl, jwtSecret }) {
  const app = new Hono();

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        connectSrc: ["'self'", new URL(authUrl).origin],
        frameAncestors: ["'none'"],
      },
    }),
  );
  app.get("/", (c) => c.html(page({ authUrl })));
  for (const [name, type] of [
    ["clinic.css", "text/css"],
    ["clinic.js", "text/javascript"],
    ["tooth.svg", "image/svg+xml"],
  ]) {
    app.get(`/${name}`, async (c) => {
      c.header("Content-Type", type);
      return c.body(await readFile(new URL(`public/${name}`, import.meta.url)));
    });
  }

  const api = new Hono();
  api.use(bodyLimit({ maxSize: 10_000 }));
  api.use(async (c, next) => {
    const [, token = ""] = /^Bearer (\S+)$/i.exec(c.req.header("Authorization") ?? "") ?? [];
    c.set("user", await verifyToken(token, jwtSecret, { issuer: authUrl }));
    c.header("Cache-Control", "no-store");
    await next();
  });

  api.get("/me", async (c) => {
    const user = c.get("user");
    const staff = await withUser(pool, user, (client) => staffRow(client));
    return c.json({ name: nameOf(user), email: user.claims.email, is_staff: staff !== undefined });
  });

  // One way to show people their own: ask for it, with the verified `sub`.
  api.get("/appointments/mine", async (c) => {
    const user = c.get("user");
    const { rows } = await withUser(pool, user, (client) =>
      client.query(
        "select id, starts_at, reason from clinic.appointments where patient_id = $1 order by starts_at",
        [user.claims.sub],
      ),
    );
    return c.json({ appointments: rows });
  });

  // The other way: ask for everything, and row level security shows what is theirs.
  api.get("/appointments", async (c) => {
    const { rows } = await withUser(pool, c.get("user"), (client) =>
      client.query("select id, starts_at, reason from clinic.appointments order by starts_at"),
    );
    return c.json({ appointments: rows });
  });

  api.get("/staff/appointments", async (c) =>
    withUser(pool, c.get("user"), async (client) => {
      if (!(await staffRow(client))) return c.json({ message: "For the clinic's staff" }, 403);
      const { rows } = await client.query(
        "select id, patient_name, starts_at, reason from clinic.appointments order by starts_at",
      );
      return c.json({ appointments: rows });
    }),
  );

  api.get("/hours", async (c) => {
    const { rows } = await withUser(pool, c.get("user"), (client) =>
      client.query("select clinic.taken_hours() as at"),
    );
    const taken = new Set(rows.map(({ at }) => at.toISOString()));
    return c.json({ hours: openHours().filter((hour) => !taken.has(hour)) });
  });

  api.post("/appointments", async (c) => {
    const user = c.get("user");
    const { starts_at, reason } = await c.req.json().catch(() => ({}));
    if (!openHours().includes(starts_at)) return c.json({ message: "We are closed then" }, 400);
    if (typeof reason !== "string" || !/^(?=.*\S)[^\0]{1,500}$/s.test(reason)) {
      return c.json({ message: "Tell us what it is about, in a few words" }, 400);
    }
    // The id in the row is the caller's by the policy, too: a mistake here would be refused.
    await withUser(pool, user, (client) =>
      client.query(
        `insert into clinic.appointments (patient_id, patient_name, starts_at, reason)
         values ($1, $2, $3, $4)`,
        [user.claims.sub, nameOf(user), starts_at, reason.trim()],
      ),
    );
    return c.json({ starts_at }, 201);
  });

  api.delete("/appointments/:id", async (c) => {
    const id = c.req.param("id");
    if (!uuid.test(id)) return c.json({ message: "There is no such appointment" }, 404);
    const { rowCount } = await withUser(pool, c.get("user"), (client) =>
      client.query("delete from clinic.appointments where id = $1", [id]),
    );
    return rowCount === 0
      ? c.json({ message: "There is no such appointment" }, 404)
      : c.body(null, 204);
  });

  app.route("/api", api);
  app.notFound((c) => c.json({ message: "Not found" }, 404));
  app.onError((error, c) => {
    if (error instanceof AuthError) return c.json({ message: "Please sign in" }, 401);
    if (error.constraint === "appointments_starts_at_key") {
      return c.json({ message: "Somebody was faster: that hour is taken" }, 409);
    }
    // The token outlives its user by at most an hour.
    if (error.constraint === "appointments_patient_id_user_fkey") {
      return c.json({ message: "Please sign in" }, 401);
    }
    if (error.status) return c.json({ message: error.message }, error.status);
    console.error(error.code ?? "", error.message);
    return c.json({ message: "Something went wrong on our side" }, 500);
  });
  return app;
}

async function staffRow(client) {
  return (await client.query("select name from clinic.staff")).rows[0];
}

function nameOf({ claims }) {
  const name = claims.user_metadata?.name;
  return typeof name === "string" && name.trim() !== "" ? name.trim().slice(0, 200) : claims.email;
}
