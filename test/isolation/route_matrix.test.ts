import { beforeAll, describe, expect, it } from "vitest";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import { contentsOf } from "../support/contents.ts";
import { claimsOf, craftToken, headerOf } from "../support/jwt.ts";
import { createTestProject, type TestProject } from "../support/project.ts";
import { allRoutes, type Route } from "../support/routes.ts";
import { createTwin, type Twin } from "../support/twin.ts";

let project: TestProject;
let session: SessionReply;
let twin: Twin;
let routes: Route[];
let credentials: Record<string, string | undefined>;

beforeAll(async () => {
  project = await createTestProject();
  session = await project.signUp();
  twin = await createTwin(project, session.access_token);
  routes = await allRoutes(project);

  const claims = claimsOf(session.access_token);
  const header = headerOf(session.access_token);
  const service = { role: "service_role", iss: "supabase" };
  credentials = {
    nothing: undefined,
    garbage: "garbage",
    "an unsigned token": craftToken({ header: { alg: "none" }, payload: claims, sign: () => "" }),
    "an expired token": craftToken({
      header,
      payload: { ...claims, exp: Number(claims.iat) - 1 },
      sign: project.jwtSecret,
    }),
    "a token of a role that was made up": craftToken({
      header,
      payload: { ...claims, role: "admin" },
      sign: twin.project.jwtSecret,
    }),
    "the other project's access token": twin.session.access_token,
    "the other project's refresh token": twin.session.refresh_token,
    "the other project's service token": craftToken({
      payload: service,
      sign: twin.project.jwtSecret,
    }),
    "this project's service token": craftToken({ payload: service, sign: project.jwtSecret }),
    "this project's refresh token": session.refresh_token,
    "a platform key": `msk_${"a".repeat(43)}`,
  };
});

/** Asks a route, naming the user in every place where a careless handler might look. */
function ask({ method, path }: Route, token: string | undefined) {
  const { sub, session_id: sessionId } = claimsOf(session.access_token);
  const names = {
    id: sub,
    sub,
    user_id: sub,
    userId: sub,
    session_id: sessionId,
    project_id: project.id,
    role: "service_role",
  };
  const url = path.replaceAll(/\{\w+\}/g, String(sessionId));
  const query = new URLSearchParams({ ...names, scope: "global" } as Record<string, string>);
  return project.request(`${url}?${query}`, {
    method,
    ...(method === "GET" ? {} : { body: { ...names, refresh_token: twin.session.refresh_token } }),
    ...(token === undefined ? {} : { token }),
  });
}

describe("every route, with credentials that are not this project's", () => {
  it("is in the OpenAPI document, and is public only where this list says so (case 163)", () => {
    const named = (bearer: Route["bearer"]) =>
      routes.filter((route) => route.bearer === bearer).map((r) => `${r.method} ${r.path}`);
    expect(named("unknown")).toEqual([]);
    expect(named("none").sort()).toEqual([
      "GET /.well-known/jwks.json",
      "GET /authorize",
      "GET /callback",
      "GET /health",
      "GET /health/ready",
      "GET /openapi.json",
      "GET /settings",
      "POST /callback",
      "POST /magiclink",
      "POST /otp",
      "POST /recover",
      "POST /refresh",
      "POST /resend",
      "POST /reset",
      "POST /signup",
      "POST /token",
      "POST /verify",
    ]);
    expect(named("service")).toEqual(["POST /invite"]);
    expect(named("optional")).toEqual(["POST /logout"]);
    expect(named("required").length).toBeGreaterThanOrEqual(6);
  });

  it("refuses each where a bearer is needed, and changes nothing (cases 42, 47, 50, 163)", async () => {
    const before = [await contentsOf(project), await contentsOf(twin.project)];
    for (const route of routes.filter(({ bearer }) => bearer === "required")) {
      for (const [what, token] of Object.entries(credentials)) {
        const { status, body } = await ask(route, token);
        const code = token === undefined ? "no_authorization" : "bad_jwt";
        expect({ route, what, status, code: body?.error_code }).toEqual({
          route,
          what,
          status: 401,
          code,
        });
      }
    }
    expect([await contentsOf(project), await contentsOf(twin.project)]).toEqual(before);
  });

  it("refuses each that is for the project's backend to everybody else (case 163)", async () => {
    const before = [await contentsOf(project), await contentsOf(twin.project)];
    const strangers = { ...credentials, "a user's own token": session.access_token };
    const { "this project's service token": own } = credentials;
    for (const route of routes.filter(({ bearer }) => bearer === "service")) {
      for (const [what, token] of Object.entries(strangers)) {
        const { status } = await ask(route, token);
        const expected = token === own ? 400 : token === session.access_token ? 403 : 401;
        expect({ route, what, status }).toEqual({ route, what, status: expected });
      }
    }
    expect([await contentsOf(project), await contentsOf(twin.project)]).toEqual(before);
  });

  it("gives away nothing where no bearer is needed, and changes nothing (cases 42, 50)", async () => {
    const before = [await contentsOf(project), await contentsOf(twin.project)];
    for (const route of routes.filter(({ bearer }) => ["optional", "none"].includes(bearer))) {
      const anonymous = await ask(route, undefined);
      for (const [what, token] of Object.entries(credentials)) {
        const { status, body } = await ask(route, token);
        const expected = route.bearer === "optional" && token ? 401 : anonymous.status;
        expect({ route, what, status }).toEqual({ route, what, status: expected });
        const said = JSON.stringify(body);
        for (const secret of [session.user.id, session.user.email, project.jwtSecret]) {
          expect(said).not.toContain(secret);
        }
        expect(said).not.toMatch(/"(access|refresh)_token":"/);
      }
    }
    expect([await contentsOf(project), await contentsOf(twin.project)]).toEqual(before);
  });

  it("takes no refresh token but its own, and leaves the other alive (cases 42, 43)", async () => {
    const before = [await contentsOf(project), await contentsOf(twin.project)];
    const foreign = twin.session.refresh_token;
    const refused = [foreign, session.access_token, twin.session.access_token];
    for (const path of ["/refresh", "/token?grant_type=refresh_token"]) {
      for (const refresh_token of refused) {
        const { status, body } = await project.post(path, { refresh_token });
        expect({ path, status, code: body.error_code }).toEqual({
          path,
          status: 400,
          code: "refresh_token_not_found",
        });
      }
      const query = await project.request(`${path.split("?")[0]}?refresh_token=${foreign}`);
      expect(query.status).toBe(404);
    }
    expect((await project.post("/logout", { refresh_token: foreign })).status).toBe(204);
    expect([await contentsOf(project), await contentsOf(twin.project)]).toEqual(before);

    for (const [owner, own] of [
      [project, session],
      [twin.project, twin.session],
    ] as const) {
      const { status } = await owner.post("/refresh", { refresh_token: own.refresh_token });
      expect(status).toBe(200);
      expect((await owner.request("/user", { token: own.access_token })).status).toBe(200);
    }
  });
});
