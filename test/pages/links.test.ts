import { beforeAll, describe, expect, it } from "vitest";
import { newestMail } from "../support/outbox.ts";
import { hiddenFields, openPage, type PageReply, sendForm } from "../support/pages.ts";
import {
  createTestProject,
  freshEmail,
  goodPassword,
  type TestProject,
} from "../support/project.ts";

const site = "https://shop.example/start";
const page = "https://shop.example/account?tab=security";
const newPassword = "another perfectly fine phrase";

let project: TestProject;
let siteless: TestProject;
beforeAll(async () => {
  project = await createTestProject({ site_url: site, mail_interval: 0 });
  siteless = await createTestProject({ mail_interval: 0 });
});

async function mailed(of: TestProject, path: "/recover" | "/magiclink", body: object = {}) {
  const email = freshEmail();
  await of.signUp({ email });
  const reply = await of.post(path, { email, ...body });
  expect([reply.status, reply.body]).toEqual([200, {}]);
  const type = path === "/recover" ? "recovery" : "magiclink";
  return { email, type, ...(await newestMail(of, email)) };
}

function linkOf({ token, type }: { token: string; type: string }, redirectTo?: string): string {
  const query = new URLSearchParams({ token, type });
  if (redirectTo !== undefined) query.set("redirect_to", redirectTo);
  return `/verify?${query}`;
}

/** Presses the button of the page. */
function confirm(of: TestProject, shown: PageReply): Promise<PageReply> {
  return sendForm(of, "/verify/confirm", hiddenFields(shown));
}

async function signsIn(email: string, password: string): Promise<boolean> {
  return (await project.post("/token", { email, password })).status === 200;
}

/** Sessions that somebody could go on with. */
async function liveSessions(of: TestProject, email: string): Promise<number> {
  const [row] = await of.sql<{ live: number }>(
    `select count(*)::int as live from sessions s join users u on u.id = s.user_id
     where u.email = $1 and s.revoked_at is null`,
    [email],
  );
  return row?.live ?? -1;
}

describe("the link of a mail", () => {
  it("names the account, since anybody can send a link of their own", async () => {
    const mail = await mailed(project, "/magiclink");
    expect((await openPage(project, linkOf(mail))).html).toContain(mail.email);
  });

  it("is not consumed by whoever only looks, GET or HEAD, 3 times (cases 43, 64)", async () => {
    const mail = await mailed(project, "/magiclink");
    for (const method of ["GET", "HEAD", "GET", "HEAD", "GET", "HEAD"]) {
      const { status, location } = await openPage(project, linkOf(mail), { method });
      expect([status, location]).toEqual([200, null]);
    }
    const led = await confirm(project, await openPage(project, linkOf(mail)));
    expect(led.status).toBe(303);
    expect(led.headers.get("Cache-Control")).toBe("no-store");
    expect(led.headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(led.location?.split("#")[0]).toBe(site);
    const { access_token: token = "" } = led.fragment;
    const { body } = await project.request("/user", { token });
    expect(body.email).toBe(mail.email);
  });

  it("hands the session over in the fragment, as GoTrue does: these keys, in order", async () => {
    const mail = await mailed(project, "/magiclink");
    const { location } = await confirm(project, await openPage(project, linkOf(mail, page)));
    expect(location?.split("#")[0]).toBe(page);
    const parameters = [...new URLSearchParams(location?.split("#")[1])];
    const shown = parameters.map(([name, value]) => [name, name.endsWith("token") ? "" : value]);
    expect(shown).toEqual([
      ["access_token", ""],
      ["expires_at", expect.stringMatching(/^\d{10}$/)],
      ["expires_in", "3600"],
      ["refresh_token", ""],
      ["sb", ""],
      ["token_type", "bearer"],
      ["type", "magiclink"],
    ]);
    const { refresh_token } = Object.fromEntries(parameters);
    expect((await project.post("/refresh", { refresh_token })).status).toBe(200);
  });

  it("is good once: the second time the page says that it has expired, and asks to begin again", async () => {
    const mail = await mailed(project, "/magiclink");
    const shown = await openPage(project, linkOf(mail));
    expect((await confirm(project, shown)).status).toBe(303);
    const second = await confirm(project, shown);
    expect([second.status, second.location]).toEqual([403, null]);
    expect(second.html).toContain("This link has expired");
    expect(second.html).toContain(`href="/${project.id}/sign-in"`);
  });

  it.each(["", "x", "A".repeat(43), "<script>alert(1)</script>"])(
    "is expired when its token is %j",
    async (token) => {
      for (const type of ["magiclink", "recovery", "nonsense", "constructor", ""]) {
        const shown = await openPage(project, linkOf({ token, type }));
        const { status, html } = shown.status === 200 ? await confirm(project, shown) : shown;
        expect([type, status]).toEqual([type, 403]);
        expect(html).not.toContain("<script>alert");
      }
    },
  );

  it("of another project is expired", async () => {
    const mail = await mailed(project, "/magiclink");
    expect((await openPage(siteless, linkOf(mail))).status).toBe(403);
    const here = hiddenFields(await openPage(project, linkOf(mail)));
    expect((await sendForm(siteless, "/verify/confirm", here)).status).toBe(403);
    expect((await confirm(project, await openPage(project, linkOf(mail)))).status).toBe(303);
  });

  it("brings a code instead of tokens to a client that asked with a PKCE challenge", async () => {
    const verifier = "v".repeat(43);
    const challenge = Buffer.from(
      await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)),
    ).toString("base64url");
    const mail = await mailed(project, "/magiclink", {
      code_challenge: challenge,
      code_challenge_method: "s256",
    });
    const { location } = await confirm(project, await openPage(project, linkOf(mail, page)));
    const url = new URL(location ?? "");
    expect([url.origin + url.pathname, url.hash]).toEqual(["https://shop.example/account", ""]);
    expect([...url.searchParams.keys()]).toEqual(["tab", "code"]);
    const exchanged = await project.post("/token?grant_type=pkce", {
      auth_code: url.searchParams.get("code"),
      code_verifier: verifier,
    });
    expect(exchanged.body.user).toMatchObject({ email: mail.email });
  });

  it("leads to the page that says it is done where the project has no site, and leaves no session", async () => {
    const mail = await mailed(siteless, "/magiclink");
    const done = await confirm(siteless, await openPage(siteless, linkOf(mail)));
    expect([done.status, done.location]).toEqual([200, null]);
    expect(done.html).toContain("All done");
    expect(done.html).not.toMatch(/eyJ|refresh_token/);
    expect(await liveSessions(siteless, mail.email)).toBe(0);
  });
});

describe("a redirect that is not admitted (case 71)", () => {
  it.each([
    "https://shop.example.evil.example/",
    "https://shop.example@evil.example/",
    "//evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "http://shop.example/start",
    "somebody@example.com",
  ])("leads to the site with no token when it is %s", async (redirectTo) => {
    const mail = await mailed(project, "/magiclink");
    const shown = await openPage(project, linkOf(mail, redirectTo));
    expect(shown.headers.get("Content-Security-Policy")).not.toContain("evil");
    const led = await confirm(project, shown);
    expect([led.status, led.location]).toEqual([303, site]);
    expect(await liveSessions(project, mail.email)).toBe(0);
  });

  it("leads to the site with no token after a sign-in with a password, too", async () => {
    const email = freshEmail();
    await project.signUp({ email });
    const form = { email, password: goodPassword, redirect_to: "https://evil.example/" };
    const led = await sendForm(project, "/sign-in", form);
    expect([led.status, led.location]).toEqual([303, site]);
    // That of the sign-up.
    expect(await liveSessions(project, email)).toBe(1);
  });
});

describe("a forgotten password", () => {
  it("is chosen anew on the page behind the link, and its owner is signed in at the site", async () => {
    const mail = await mailed(project, "/recover");
    for (const method of ["GET", "HEAD", "GET"]) {
      expect((await openPage(project, linkOf(mail), { method })).status).toBe(200);
    }
    const shown = await openPage(project, linkOf(mail));
    expect(shown.html).toContain(`value="${mail.email}"`);
    const weak = { ...hiddenFields(shown), password: "password" };
    const refused = await sendForm(project, "/reset-password", weak);
    expect([refused.status, refused.html.includes("easily guessed")]).toEqual([422, true]);
    const led = await sendForm(project, "/reset-password", {
      ...hiddenFields(refused),
      password: newPassword,
    });
    expect([led.status, led.location?.split("#")[0], led.fragment.type]).toEqual([
      303,
      site,
      "recovery",
    ]);
    expect(await signsIn(mail.email, newPassword)).toBe(true);
    expect(await signsIn(mail.email, goodPassword)).toBe(false);
    expect((await openPage(project, linkOf(mail))).status).toBe(403);
  });

  it("is the app's to ask for where the app named a page of its own", async () => {
    const mail = await mailed(project, "/recover", { redirect_to: page });
    expect(mail.redirectTo).toBe(page);
    const shown = await openPage(project, linkOf(mail, page));
    expect(shown.html).not.toContain('name="password"');
    const { location, fragment } = await confirm(project, shown);
    expect([location?.split("#")[0], fragment.type]).toEqual([page, "recovery"]);
  });

  it("is chosen with the typed code as well, which says nothing of who has the address (case 10)", async () => {
    const email = freshEmail();
    await project.signUp({ email });
    const known = await sendForm(project, "/forgot-password", { email });
    const unknownEmail = freshEmail();
    const unknown = await sendForm(project, "/forgot-password", { email: unknownEmail });
    expect(known.status).toBe(200);
    expect(known.html.replaceAll(email, "x")).toBe(unknown.html.replaceAll(unknownEmail, "x"));

    const { code } = await newestMail(project, email);
    const wrong = code === "000000" ? "000001" : "000000";
    const form = { ...hiddenFields(known), email, password: newPassword };
    const refused = await sendForm(project, "/reset-password", { ...form, code: wrong });
    expect([refused.status, refused.html.includes("This code is wrong")]).toEqual([403, true]);
    const spaced = `${code.slice(0, 3)} ${code.slice(3)}`;
    const led = await sendForm(project, "/reset-password", { ...form, code: spaced });
    expect([led.status, led.fragment.type]).toEqual([303, "recovery"]);
    expect(await signsIn(email, newPassword)).toBe(true);
    const nobody = { email: unknownEmail, code, password: newPassword };
    expect((await sendForm(project, "/reset-password", nobody)).status).toBe(403);
  });

  it("costs no hash, and changes nothing, with a token that is not good", async () => {
    const { status, html } = await sendForm(project, "/reset-password", {
      token: "A".repeat(43),
      password: newPassword,
    });
    expect([status, html.includes("This link has expired")]).toEqual([403, true]);
  });

  it("leads to a page that says so where the project has no site", async () => {
    const mail = await mailed(siteless, "/recover");
    const shown = await openPage(siteless, linkOf(mail));
    const done = await sendForm(siteless, "/reset-password", {
      ...hiddenFields(shown),
      password: newPassword,
    });
    expect([done.status, done.html.includes("Your new password is saved")]).toEqual([200, true]);
  });
});

describe("the mail that pages ask for (case 70)", () => {
  const poison = {
    "Sec-Fetch-Site": "same-origin",
    Host: "evil.example",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "http",
    Forwarded: "host=evil.example",
    Referer: "https://evil.example/",
    redirect_to: "https://evil.example/",
  };

  it("and the pages themselves take no address from a header", async () => {
    const email = freshEmail();
    await project.signUp({ email });
    const sent = await sendForm(project, "/forgot-password", { email }, poison);
    const shown = await openPage(project, "/sign-in", { headers: poison });
    for (const { status, html, headers } of [sent, shown]) {
      expect(status).toBe(200);
      expect(html + JSON.stringify([...headers])).not.toContain("evil");
    }
    expect((await newestMail(project, email)).redirectTo).toBe(site);
  });
});
