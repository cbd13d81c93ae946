import { beforeAll, describe, expect, it } from "vitest";
import { openPage, ownPage, sendForm } from "../support/pages.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

const site = "https://shop.example/start";

let project: TestProject;
let email: string;
beforeAll(async () => {
  project = await createTestProject({ site_url: site, mail_interval: 0, name: "The Shop" });
  email = freshEmail();
  await project.signUp({ email });
});

const goodForms = (): [string, Record<string, string>][] => [
  ["/sign-in", { email, password: goodPassword }],
  ["/sign-in", { email, by: "mail" }],
  ["/sign-up", { email: freshEmail(), password: goodPassword }],
  ["/forgot-password", { email }],
  ["/reset-password", { email, code: "000000", password: goodPassword }],
  ["/verify/confirm", { token: "A".repeat(43), type: "magiclink" }],
];

async function footprint(): Promise<unknown> {
  const [row] = await project.sql(
    `select (select count(*) from users) as users, (select count(*) from sessions) as sessions,
       (select count(*) from one_time_tokens) as tokens, (select count(*) from miosa_auth.outbox) as mails`,
  );
  return row;
}

describe("a form that another site sends (case 155)", () => {
  it.each<[string, Record<string, string>]>([
    ["another site", { "Sec-Fetch-Site": "cross-site", Origin: "https://evil.example" }],
    ["a sister site", { "Sec-Fetch-Site": "same-site", Origin: "http://www.auth.test" }],
    ["the address bar", { "Sec-Fetch-Site": "none" }],
    [
      "metadata that contradict a good Origin",
      { "Sec-Fetch-Site": "cross-site", Origin: "http://auth.test" },
    ],
    ["a sandboxed frame of an old browser", { Origin: "null" }],
    ["another origin in an old browser", { Origin: "https://evil.example" }],
    ["our host under another scheme", { Origin: "https://auth.test" }],
    ["a name that begins like ours", { Origin: "http://auth.test.evil.example" }],
    ["nobody knows where", {}],
    ["a proxy that somebody fakes", { "X-Forwarded-Host": "auth.test", Host: "auth.test" }],
  ])("is refused from %s, and does nothing", async (_, headers) => {
    const before = await footprint();
    for (const [path, fields] of goodForms()) {
      const { status, location, html } = await sendForm(project, path, fields, headers);
      expect([path, status, location]).toEqual([path, 403, null]);
      expect(html).toContain("This did not work");
    }
    expect(await footprint()).toEqual(before);
  });

  it("is taken from our own page, and from an old browser that names our origin", async () => {
    for (const headers of [ownPage, { Origin: "http://auth.test" }]) {
      const fields = { email, password: goodPassword };
      expect((await sendForm(project, "/sign-in", fields, headers)).status).toBe(303);
    }
  });

  it.each([
    ["text/plain", "email=a"],
    ["application/json", '{"email":"a"}'],
    [
      "multipart/form-data; boundary=x",
      '--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na\r\n--x--',
    ],
    ["application/x-www-form-urlencodedx", "email=a"],
    ["", "email=a"],
  ])("is refused as %j", async (type, body) => {
    for (const [path] of goodForms()) {
      const { status } = await post(path, body, type);
      expect(status).toBe(400);
    }
  });

  it("is a POST: no other method, and no header or field that names one, will do", async () => {
    for (const method of ["PUT", "PATCH", "DELETE"]) {
      const headers = { ...ownPage, "X-HTTP-Method-Override": "POST" };
      const { status } = await openPage(project, "/sign-in", { method, headers });
      expect(status).toBe(404);
    }
    const asked = `/sign-in?_method=POST&email=${email}&password=${encodeURIComponent(goodPassword)}`;
    expect((await openPage(project, asked)).location).toBeNull();
  });
});

function post(path: string, body: string, type = "application/x-www-form-urlencoded") {
  const headers = { ...ownPage, "Content-Type": type };
  return project.service.auth.fetch(
    new Request(project.authUrl + path, { method: "POST", headers, body }),
  );
}

describe("a form's body", () => {
  it.each([
    ["a field twice", "email=a%40b.example&email=c%40d.example"],
    ["what is no UTF-8", "email=a%40b.example&password=%ff%fe"],
    ["half an escape", "email=a%40b.example&password=%4"],
    ["U+0000", "email=a%40b.example&password=a%00b"],
    ["a field without a value", "email"],
    ["many fields", Array.from({ length: 21 }, (_, n) => `f${n}=`).join("&")],
  ])("is refused with %s", async (_, body) => {
    const reply = await post("/sign-in", body);
    expect([reply.status, reply.headers.get("Content-Type")]).toEqual([
      400,
      "text/html; charset=UTF-8",
    ]);
  });

  it("is refused when it is larger than any form of ours", async () => {
    expect((await post("/sign-in", `email=${"a".repeat(32 * 1024)}`)).status).toBe(413);
  });

  it("gives a password as it was typed, to the byte, up to the longest", async () => {
    for (const password of [" p+%&=ä\u0301 🦄 ", "ü".repeat(2048)]) {
      const fields = { email: freshEmail(), password };
      expect((await sendForm(project, "/sign-up", fields)).status).toBe(303);
      expect((await project.post("/token", fields)).status).toBe(200);
    }
  });
});
