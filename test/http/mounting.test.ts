import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import jwt from "jsonwebtoken";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import * as miosa from "../../src/index.ts";
import type { SessionReply } from "../../src/tokens/session_reply.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

let project: TestProject;
let auth: miosa.Auth;
let server: Server;
let origin: string;

/** What an application without a framework does: Node's own server, with the service below a path. */
function listener(): Server {
  return createServer(async (incoming, outgoing) => {
    if (!incoming.url?.startsWith("/accounts/")) {
      outgoing.end("the application's own page");
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const request = new Request(`http://app.test${incoming.url.slice("/accounts".length)}`, {
      method: incoming.method ?? "GET",
      headers: incoming.headers as Record<string, string>,
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    const reply = await auth.fetch(request, { incoming });
    outgoing.writeHead(reply.status, Object.fromEntries(reply.headers));
    outgoing.end(Buffer.from(await reply.arrayBuffer()));
  });
}

beforeAll(async () => {
  project = await createTestProject({ signups_per_address: 2 });
  const { runtime, masterKey } = project.service;
  server = listener().listen(0, "127.0.0.1");
  await once(server, "listening");
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  auth = miosa.createAuth({ database: runtime, masterKey, publicUrl: `${origin}/accounts/` });
});
afterAll(async () => {
  server.close();
  server.closeAllConnections();
  await auth.close();
});

async function post(path: string, body: object) {
  return fetch(`${origin}/accounts/${project.id}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

describe("the service inside another server", () => {
  it("signs up and answers with the token, below the path it was mounted on", async () => {
    const signup = await post("/signup", { email: freshEmail(), password: goodPassword });
    expect(signup.status).toBe(200);
    const session = (await signup.json()) as SessionReply;
    const claims = jwt.verify(session.access_token, project.jwtSecret);
    expect(claims).toMatchObject({ iss: `${origin}/accounts/${project.id}` });
    const user = await fetch(`${origin}/accounts/${project.id}/user`, {
      headers: { Authorization: `Bearer ${session.access_token}` },
    });
    expect([user.status, ((await user.json()) as { id: string }).id]).toEqual([
      200,
      session.user.id,
    ]);
    expect(await (await fetch(`${origin}/`)).text()).toBe("the application's own page");
  });

  it("counts by the client's address when it is given Node's request", async () => {
    const statuses = [];
    for (let i = 0; i < 3; i += 1) {
      const reply = await post("/signup", { email: freshEmail(), password: goodPassword });
      statuses.push(reply.status);
    }
    expect(statuses.at(-1)).toBe(429);
  });
});

describe("the public door of the package", () => {
  it("opens to the documented names", () => {
    expect(Object.keys(miosa)).toEqual(
      expect.arrayContaining([
        "AuthError",
        "changeSettings",
        "connectPostgres",
        "createAuth",
        "createProject",
        "deleteProject",
        "generateMasterKey",
        "grantHelpers",
        "listProjects",
        "openEmbedded",
        "parseKeyring",
        "prepareDatabase",
        "readEnvironment",
        "revokeHelpers",
        "startDevelopment",
        "startServer",
      ]),
    );
  });

  it("refuses a master key that cannot be one, at once", () => {
    const database = project.service.runtime;
    const publicUrl = "http://auth.test";
    for (const masterKey of ["", "0", "z".repeat(64), "a".repeat(63), `${"a".repeat(64)},`]) {
      expect(() => miosa.createAuth({ database, masterKey, publicUrl })).toThrow("64 hex");
    }
  });
});
