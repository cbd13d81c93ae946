import type { Session } from "@supabase/auth-js";
import { describe, expect, it } from "vitest";
import { startServer } from "../../src/http/server.ts";
import { appClient } from "../support/auth_js.ts";
import { claimsOf } from "../support/jwt.ts";
import { createTestProject, freshEmail, goodPassword } from "../support/project.ts";
import { countLeaves, endOf } from "../support/sessions.ts";
import { freshServer } from "../support/signing_keys.ts";

describe("clients of @supabase/auth-js that share a session", () => {
  it("refresh at once over two servers, again and again, and all stay signed in (case 29)", async () => {
    const project = await createTestProject();
    const auths = [await freshServer(), await freshServer()];
    const servers = await Promise.all(
      auths.map(({ fetch }) => startServer({ fetch, host: "127.0.0.1", port: 0 })),
    );
    const clients = Array.from({ length: 8 }, (_, index) => {
      const port = servers[index % servers.length]?.port;
      return appClient(project, { url: `http://127.0.0.1:${port}/${project.id}` });
    });
    const { data } = await appClient(project).signUp({
      email: freshEmail(),
      password: goodPassword,
    });
    const session = data.session as Session;
    const sessionId = String(claimsOf(session.access_token).session_id);
    await Promise.all(clients.map((client) => client.setSession(session)));

    for (let round = 0; round < 5; round += 1) {
      const results = await Promise.all(clients.map((client) => client.refreshSession()));
      expect(results.map(({ error }) => error)).toEqual(clients.map(() => null));
      const tokens = new Set(results.map((result) => result.data.session?.refresh_token));
      expect(tokens.size).toBe(1);
      expect(await countLeaves(project, sessionId)).toBe(1);
    }
    expect(await endOf(project, sessionId)).toBeNull();
    for (const client of clients) expect((await client.getUser()).error).toBeNull();

    for (const server of servers) await server.close();
    for (const auth of auths) await auth.close();
  });
});
