import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Instance, openInstance } from "../support/instance.ts";
import { mailingProject, newPassword, signsIn } from "../support/mailed.ts";
import { queuedMail } from "../support/outbox.ts";
import { calling } from "../support/own_names.ts";
import {
  freshEmail,
  goodPassword,
  type RequestOptions,
  type TestProject,
} from "../support/project.ts";
import { startProxy, type TcpProxy } from "../support/tcp_proxy.ts";

// Logout: test/sessions/lost_connection; recovery and the other mails: test/mail/interrupted.
let optional: TestProject;
let required: TestProject;
let proxy: TcpProxy;
let instance: Instance;

beforeAll(async () => {
  optional = await mailingProject({ password_change: "any" });
  required = await mailingProject({ email_confirmation: "required" });
  const { engine, runtimeRole } = optional.service;
  if (engine.kind !== "postgres") throw new Error("there is no connection to lose");
  proxy = await startProxy(engine.server.port);
  instance = openInstance(optional.service, { url: proxy.through(engine.url(runtimeRole)) });
});
afterAll(async () => {
  await instance.close();
  await proxy.close();
});

const unavailable = { status: 503, body: { error_code: "service_unavailable" } };
const accidents = ["cut before", "cut after"] as const;

/** A request whose one call of `name` meets the accident, and then the same request again. */
async function sentTwice(
  project: TestProject,
  accident: (typeof accidents)[number],
  name: string,
  path: string,
  options: RequestOptions,
) {
  const { auth } = instance;
  const happened = proxy.once(accident, calling(project.id, name));
  expect(await project.request(path, { ...options, auth })).toMatchObject(unavailable);
  await happened;
  return project.request(path, { ...options, auth });
}

async function countUsers(project: TestProject, email: string): Promise<number> {
  return (await project.sql("select from users where email = $1", [email])).length;
}

describe.each(accidents)(
  "a request of which nobody knows whether it was done (%s, case 190)",
  (accident) => {
    it("makes one user when a sign-up is sent again, who signs in", async () => {
      const email = freshEmail();
      const options = { method: "POST", body: { email, password: goodPassword } };
      const again = await sentTwice(optional, accident, "signup", "/signup", options);
      if (accident === "cut before") expect(again.status).toBe(200);
      else
        expect(again).toMatchObject({ status: 422, body: { error_code: "user_already_exists" } });
      expect(await countUsers(optional, email)).toBe(1);
      expect(await signsIn(optional, email)).toBe(true);
    });

    it("gives the generic answer to a sign-up that must confirm, and mails its link", async () => {
      const email = freshEmail();
      const options = { method: "POST", body: { email, password: goodPassword } };
      const again = await sentTwice(required, accident, "signup", "/signup", options);
      expect(again.status).toBe(200);
      expect(again.body).not.toHaveProperty("access_token");
      expect(await countUsers(required, email)).toBe(1);
      expect((await queuedMail(required, email)).some(({ purpose }) => purpose === "signup")).toBe(
        true,
      );
    });

    it("leaves a changed password in force, and its session alive", async () => {
      const { access_token: token, user } = await optional.signUp();
      const body = { password: newPassword, current_password: goodPassword };
      const options = { method: "PATCH", token, body };
      const again = await sentTwice(optional, accident, "update_user", "/user", options);
      if (accident === "cut before") expect(again.status).toBe(200);
      else
        expect(again).toMatchObject({
          status: 400,
          body: { error_code: "current_password_invalid" },
        });
      expect(await signsIn(optional, user.email, newPassword)).toBe(true);
      expect(await signsIn(optional, user.email, goodPassword)).toBe(false);
      expect((await optional.request("/user", { token })).status).toBe(200);
    });

    it("has deleted a user once, whom the next request does not find", async () => {
      const { access_token: token, user } = await optional.signUp();
      const options = { method: "DELETE", token };
      const again = await sentTwice(optional, accident, "delete_user", "/user", options);
      expect([204, 401, 403]).toContain(again.status);
      expect(await countUsers(optional, user.email)).toBe(0);
    });
  },
);
