import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Auth, createAuth } from "../../src/auth.ts";
import { quickHasher } from "../../src/testing/quick_hasher.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

describe("passwords at sign-up and sign-in", () => {
  let project: TestProject;
  let quick: Auth;

  beforeAll(async () => {
    project = await createTestProject({ name: "Acme Clinic" });
    const { runtime: database, masterKey, publicUrl } = project.service;
    quick = createAuth({ database, masterKey, publicUrl, hasher: quickHasher() });
  });
  afterAll(() => quick.close());

  const signUp = (password: string, email = freshEmail(), headers = {}) =>
    project.post("/signup", { email, password }, { headers });
  const signIn = (email: string, password: string) => project.post("/token", { email, password });

  it("refuses seven characters and takes eight, counted in code points (case 1)", async () => {
    const seven = await signUp("xk3qz7w");
    expect(seven.status).toBe(422);
    expect(seven.body).toEqual({
      code: 422,
      error_code: "weak_password",
      msg: "Password should be at least 8 characters",
      weak_password: { reasons: ["length"] },
    });
    expect((await signUp("😀".repeat(7))).body).toEqual(seven.body);
    expect((await signUp("😀".repeat(8))).status).toBe(200);
  });

  it("says why in the form that the client's API version asks for (case 1)", async () => {
    const headers = { "X-Supabase-Api-Version": "2024-01-01" };
    const { status, body, headers: answered } = await signUp("xk3qz7w", freshEmail(), headers);
    expect(status).toBe(422);
    expect(answered.get("X-Supabase-Api-Version")).toBe("2024-01-01");
    expect(body).toEqual({
      code: "weak_password",
      message: "Password should be at least 8 characters",
      weak_password: { reasons: ["length"] },
    });
  });

  it("asks for as many characters as the project is set to (case 1)", async () => {
    const strict = await createTestProject({ password_min_length: 15 });
    const reply = await strict.post("/signup", { email: freshEmail(), password: "quiet river st" });
    expect(reply.body).toMatchObject({ msg: "Password should be at least 15 characters" });
    expect((await strict.signUp({ password: "quiet river sto" })).access_token).toBeTruthy();
  });

  it("refuses listed passwords, the address, the project's name and id, with the reason (case 6)", async () => {
    const email = "ann.porter@example.org";
    const guessable = [
      "Password123",
      email,
      "annporter2026",
      "acme-clinic1",
      project.id,
      "miosa2026!",
    ];
    for (const password of guessable) {
      const { status, body } = await signUp(password, email);
      expect(status).toBe(422);
      expect(body).toMatchObject({
        error_code: "weak_password",
        weak_password: { reasons: ["pwned"] },
      });
      expect(body.msg).not.toContain(password);
    }
    expect(await project.sql("select from users where email = $1", [email])).toEqual([]);
  });

  it("reads every byte of a long password, up to 4096 (cases 2 and 3)", async () => {
    for (const head of ["a".repeat(72), "é".repeat(36)]) {
      const { user } = await project.signUp({ password: `${head}X` });
      expect((await signIn(user.email, `${head}Y`)).body).toMatchObject({
        error_code: "invalid_credentials",
      });
      expect((await signIn(user.email, head)).status).toBe(400);
      expect((await signIn(user.email, `${head}X`)).status).toBe(200);
    }
    const longest = `${"xq".repeat(2047)} z`;
    const { user } = await project.signUp({ password: longest });
    expect((await signIn(user.email, longest)).status).toBe(200);
    expect((await signUp(`${longest}a`)).body).toMatchObject({
      code: 400,
      error_code: "validation_failed",
    });
  });

  it("takes spaces and scripts exactly as received, unnormalised (cases 2 and 5)", async () => {
    const composed = "  caf\u00e9 au lait 密码 ";
    const { user } = await project.signUp({ password: composed });
    for (const other of [composed.normalize("NFD"), composed.trim(), composed.toUpperCase()]) {
      expect((await signIn(user.email, other)).status).toBe(400);
    }
    expect((await signIn(user.email, composed)).status).toBe(200);
  });

  it.each([
    ["64 characters", "xq".repeat(32)],
    ["128 characters", "xq".repeat(64)],
    ["200 characters", "xq".repeat(100)],
    ["spaces at the ends and within", "  some words   here  "],
    ["emoji", "🐙 🌋 🛶 🎻 🪁"],
    ["CJK", "这是一个很长的密码"],
    ["lower case alone", "quietriverstone"],
    ["15 digits", "830174629518364"],
    ["8 characters of no list", "xk3qz7wv"],
  ])("takes %s, whole (case 2)", async (_name, password) => {
    const email = freshEmail();
    expect((await project.post("/signup", { email, password }, { auth: quick })).status).toBe(200);
    const signInBy = (typed: string) =>
      project.post("/token", { email, password: typed }, { auth: quick });
    expect((await signInBy([...password].slice(0, -1).join(""))).status).toBe(400);
    expect((await signInBy(password)).status).toBe(200);
  });

  it("refuses NUL and half a surrogate pair at sign-up and at sign-in (case 4)", async () => {
    const { user } = await project.signUp({ password: "abc phrase" });
    for (const password of [
      "abc phrase\0",
      "abc phrase\0zzz",
      "abc\0def12345",
      "abc phrase\ud800",
    ]) {
      for (const reply of [await signUp(password), await signIn(user.email, password)]) {
        expect(reply.status).toBe(400);
        expect(reply.body).toMatchObject({ error_code: "validation_failed" });
      }
    }
  });

  it("takes a password as text only, and not an empty one", async () => {
    for (const password of [12345678, ["a long phrase"], { $ne: "" }, true, "", null]) {
      for (const path of ["/signup", "/token"]) {
        const reply = await project.post(path, { email: freshEmail(), password });
        expect(reply.status).toBe(400);
        expect(reply.body).toMatchObject({ error_code: "validation_failed" });
      }
    }
    expect((await signIn(freshEmail(), goodPassword)).body).toMatchObject({
      error_code: "invalid_credentials",
    });
  });
});
