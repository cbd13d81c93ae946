import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { quickHasher } from "../../src/testing/quick_hasher.ts";
import { type Instance, openInstance } from "../support/instance.ts";
import { calling } from "../support/own_names.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";
import { startProxy, type TcpProxy } from "../support/tcp_proxy.ts";

const unavailable = { status: 503, body: { error_code: "service_unavailable" } };
let project: TestProject;
let proxy: TcpProxy;
let instance: Instance;
let hashes = 0;

beforeAll(async () => {
  project = await createTestProject();
  const { engine, runtimeRole } = project.service;
  if (engine.kind !== "postgres") throw new Error("there is no connection to lose");
  proxy = await startProxy(engine.server.port);
  const quick = quickHasher();
  const hash: typeof quick.hash = (...args) => {
    hashes += 1;
    return quick.hash(...args);
  };
  const url = proxy.through(engine.url(runtimeRole));
  instance = openInstance(project.service, { url }, { hasher: { ...quick, hash } });
});
afterAll(async () => {
  await instance?.close();
  await proxy?.close();
});

async function signIn(email: string, password: string) {
  return project.post("/token", { email, password }, { auth: instance.auth });
}

async function signUp(): Promise<string> {
  const email = freshEmail();
  await project.post("/signup", { email, password: goodPassword }, { auth: instance.auth });
  return email;
}

describe("guesses while the database fails (case 161)", () => {
  it("are not made where they cannot be counted", async () => {
    const email = await signUp();
    const before = hashes;
    proxy.refuse();
    for (const password of [goodPassword, "not the password"]) {
      expect(await signIn(email, password)).toMatchObject(unavailable);
    }
    expect(hashes).toBe(before);
    proxy.allow();
    expect((await signIn(email, goodPassword)).status).toBe(200);
  });

  it("stay counted where the answer was lost, so that cutting the wire buys no guess", async () => {
    const email = await signUp();
    for (let guess = 1; guess <= 10; guess += 1) {
      const happened = proxy.once("cut before", calling(project.id, "login"));
      expect(await signIn(email, "not the password")).toMatchObject(unavailable);
      await happened;
    }
    expect(await signIn(email, goodPassword)).toMatchObject({
      status: 429,
      body: { error_code: "over_request_rate_limit" },
    });
  });
});
