import { Validator } from "@seriousme/openapi-schema-validator";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { errorTable } from "../../src/errors.ts";
import { createApp } from "../../src/http/app.ts";
import type { Service } from "../../src/http/service.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

type Json = Record<string, unknown>;
interface Operation {
  readonly responses: Record<string, { content?: { "application/json": { schema: Json } } }>;
}
interface Document extends Json {
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { schemas: Record<string, Json> };
}

let project: TestProject;
let document: Document;

beforeAll(async () => {
  project = await createTestProject();
  document = (await project.request<Document>("/openapi.json")).body;
});

/** A schema of the document with its references filled in, which admits no undocumented field. */
function strictSchema(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strictSchema);
  if (typeof value !== "object" || value === null) return value;
  const { $ref, ...schema } = value as Json & { $ref?: string };
  if ($ref) return strictSchema(document.components.schemas[$ref.split("/").at(-1) ?? ""]);
  const filled = Object.fromEntries(Object.entries(schema).map(([k, v]) => [k, strictSchema(v)]));
  return "properties" in filled ? { additionalProperties: false, ...filled } : filled;
}

/** Calls and checks that status and body are as documented; gives the body. */
async function call(method: string, path: string, documented: string, rest: object = {}) {
  const { status, body } = await project.request<Json>(path, { method, ...rest });
  const operation = document.paths[documented]?.[method.toLowerCase()];
  const reply = operation?.responses[status];
  expect([method, path, status, reply !== undefined]).toEqual([method, path, status, true]);
  const schema = reply?.content?.["application/json"].schema;
  if (!schema) expect(body).toBeNull();
  else z.fromJSONSchema(strictSchema(schema) as z.core.JSONSchema.JSONSchema).parse(body);
  return body;
}

describe("the OpenAPI document", () => {
  it("is valid OpenAPI 3.1, and says where it is in force", async () => {
    expect(await new Validator().validate(document)).toMatchObject({ valid: true });
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(document.servers).toEqual([{ url: project.authUrl }]);
    const { body: second } = await (await createTestProject()).request("/openapi.json");
    expect(second.servers).not.toEqual(document.servers);
  });

  it("holds every route that is registered, and no other", () => {
    const registered = createApp({} as Service)
      .routes.filter(({ method }) => method !== "ALL")
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, "{$1}")}`);
    const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(documented.sort()).toEqual([...new Set(registered)].sort());
  });

  it("names every error code, and gives each route the form of any refusal", () => {
    const error = document.components.schemas.Error as { properties: { error_code: object } };
    expect(error.properties.error_code).toMatchObject({ enum: Object.keys(errorTable) });
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const { responses } of Object.values(operations)) {
        expect([path, responses.default?.content?.["application/json"].schema]).toEqual([
          path,
          { $ref: "#/components/schemas/Error" },
        ]);
      }
    }
  });

  it("describes what the calls reply, field by field", async () => {
    const email = freshEmail();
    const credentials = { email, password: goodPassword };
    const signup = { body: { ...credentials, data: { color: "red" } } };
    await call("POST", "/signup", "/signup", signup);
    const { access_token: token, refresh_token } = await call("POST", "/token", "/token", {
      body: credentials,
    });
    const next = await call("POST", "/refresh", "/refresh", { body: { refresh_token } });
    await call("POST", "/token?grant_type=refresh_token", "/token", {
      body: { refresh_token: next.refresh_token },
    });
    await call("GET", "/user", "/user", { token });
    for (const method of ["PATCH", "PUT"]) {
      await call(method, "/user", "/user", { token, body: { data: { color: null } } });
    }
    const sessions = (await call("GET", "/sessions", "/sessions", { token })) as unknown as Json[];
    expect(sessions).toHaveLength(2);
    const other = sessions.find(({ current }) => !current)?.id;
    await call("DELETE", `/sessions/${other}`, "/sessions/{id}", { token });
    for (const path of ["/settings", "/health", "/health/ready", "/.well-known/jwks.json"]) {
      await call("GET", path, path);
    }
    await call("GET", "/openapi.json", "/openapi.json");
    await call("DELETE", "/user", "/user", { token, body: { current_password: goodPassword } });
    await call("POST", "/logout", "/logout", { body: { refresh_token: next.refresh_token } });
  });

  it("describes refusals, field by field", async () => {
    const weak = { email: freshEmail(), password: "abc" };
    await call("POST", "/signup", "/signup", { body: weak });
    const headers = { "X-Supabase-Api-Version": "2024-01-01" };
    await call("POST", "/signup", "/signup", { body: weak, headers });
    await call("POST", "/token", "/token", { body: { ...weak, email: 7 } });
    await call("POST", "/token", "/token", { body: weak, headers });
    await call("POST", "/refresh", "/refresh", { body: {} });
    await call("GET", "/user", "/user");
    await call("POST", "/logout", "/logout");
    await call("DELETE", "/user", "/user");
    await call("DELETE", "/sessions/x", "/sessions/{id}");
  });

  it("describes a sign-up that must be confirmed first", async () => {
    project = await createTestProject({ email_confirmation: "required" });
    const body = await call("POST", "/signup", "/signup", {
      body: { email: freshEmail(), password: goodPassword },
    });
    expect(body).not.toHaveProperty("access_token");
  });
});
