import { beforeAll, describe, expect, it } from "vitest";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

let project: TestProject;
beforeAll(async () => {
  project = await createTestProject();
});

const polluting = `"__proto__": {"admin": true, "email": "evil@example.com"},
  "constructor": {"prototype": {"admin": true}}`;

describe("names that mean something to JavaScript (case 162)", () => {
  it("are ignored in a body and change no object", async () => {
    const email = freshEmail();
    const { status, body } = await project.post(
      "/signup",
      `{${polluting}, "email": "${email}", "password": "${goodPassword}"}`,
    );
    expect([status, (body.user as { email: string }).email]).toEqual([200, email]);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  it("do not stand in for a field that is missing", async () => {
    const body = `{"__proto__": {"email": "a@example.com", "password": "${goodPassword}"}}`;
    expect((await project.post("/token", body)).body.error_code).toBe("validation_failed");
  });

  it("are only data where a user may write anything", async () => {
    const { access_token: token } = await project.signUp();
    const { status, body } = await project.request("/user", {
      method: "PATCH",
      token,
      body: `{"data": {${polluting}, "color": "red"}}`,
    });
    expect([status, (body.user_metadata as { color: string }).color]).toEqual([200, "red"]);
    expect(body.role).toBe("authenticated");
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
    const read = await project.request("/user", { token });
    expect(read.status).toBe(200);
    expect(read.body.email).not.toBe("evil@example.com");
  });

  it("are ignored in a query, and name no grant", async () => {
    const credentials = { email: freshEmail(), password: goodPassword };
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty"]) {
      const query = `/token?${name}=password&${name}[grant_type]=password&grant_type=${name}`;
      const { status, body } = await project.post(query, credentials);
      expect([status, body.error_code]).toEqual([400, "invalid_credentials"]);
    }
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });
});

describe("a parameter that is given twice (case 162)", () => {
  it("is refused where it would choose between two readings", async () => {
    const { access_token: token } = await project.signUp();
    const twice = await project.post("/token?grant_type=password&grant_type=refresh_token", {});
    expect([twice.status, twice.body.error_code]).toEqual([400, "validation_failed"]);
    const scopes = await project.post("/logout?scope=local&scope=global", {}, { token });
    expect([scopes.status, scopes.body.error_code]).toEqual([400, "validation_failed"]);
    expect((await project.request("/user", { token })).status).toBe(200);
  });

  it("is ignored where the call knows none", async () => {
    const { access_token: token } = await project.signUp();
    const { status } = await project.request("/user?a=1&a=2&id=x&token=y&apikey=z", { token });
    expect(status).toBe(200);
  });

  it("counts once in a body, as the last one", async () => {
    const email = freshEmail();
    const { body } = await project.post(
      "/signup",
      `{"email": "first@example.com", "password": "${goodPassword}", "email": "${email}"}`,
    );
    expect((body.user as { email: string }).email).toBe(email);
    const rows = await project.sql("select from users where email = 'first@example.com'");
    expect(rows).toEqual([]);
  });
});
