import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { stubService } from "../support/stub_database.ts";

const service = stubService();
service.answer("signup", () => ({ outcome: "user_already_exists" }));
service.answer("logout", () => ({ outcome: null, ended: 0 }));
afterAll(() => service.auth.close());
beforeEach(() => {
  service.calls.length = 0;
});

const credentials = JSON.stringify({
  email: "ada@example.com",
  password: "a perfectly fine phrase",
});

async function post(path: string, contentType: string | undefined, body: string | Uint8Array) {
  const request = new Request(service.authUrl + path, {
    method: "POST",
    // Bytes, since a string would bring a content type of its own.
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
    headers: contentType === undefined ? {} : { "Content-Type": contentType },
  });
  const reply = await service.auth.fetch(request);
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, body: text ? JSON.parse(text) : null };
}

describe("the content type of a body (case 155)", () => {
  it.each([
    "text/plain",
    "text/plain;charset=UTF-8",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/jsonp",
    "text/json",
    "text/plain; application/json",
    undefined,
  ])("is refused as %s, which a page may send without being asked", async (contentType) => {
    const { status, body } = await post("/signup", contentType, credentials);
    expect([status, body.error_code]).toEqual([400, "validation_failed"]);
    expect(body.msg).toBe("The Content-Type must be application/json");
    expect(service.calls).not.toContain("signup");
  });

  it.each([
    "application/json",
    "APPLICATION/JSON",
    "Application/Json; Charset=UTF-8",
    "application/json;charset=UTF-8",
    "application/json ; charset=utf-8",
    "application/json;",
    'application/json; charset="utf-8"',
    "application/merge-patch+json",
    "application/vnd.example.v1+json",
  ])("is admitted as %s, and the body is read", async (contentType) => {
    const { status, body } = await post("/signup", contentType, credentials);
    expect([status, body.error_code]).toEqual([422, "user_already_exists"]);
  });

  it.each([undefined, "application/json", "text/plain;charset=UTF-8"])(
    "does not matter for an empty body (%s)",
    async (contentType) => {
      const { status, body } = await post("/logout", contentType, "");
      expect([status, body.error_code]).toEqual([401, "no_authorization"]);
    },
  );

  it("does not choose another reading of the bytes: JSON is UTF-8 (case 142)", async () => {
    const text = '{"email":"ada@example.com","password":"a perfectly fine phrase"}';
    const utf16 = Buffer.from(text, "utf16le");
    const withMark = Buffer.concat([Buffer.from([0xff, 0xfe]), utf16]);
    for (const bytes of [utf16, withMark, Buffer.from(`${text.slice(0, -2)}\xff"}`, "latin1")]) {
      const { status, body } = await post("/signup", "application/json; charset=utf-16", bytes);
      expect([status, body.error_code]).toEqual([400, "bad_json"]);
    }
    expect(service.calls).not.toContain("signup");
  });
});

describe("cookies (cases 155, 156)", () => {
  it("are neither set nor read, so no page can act for its visitor", async () => {
    const replies = [
      await post("/signup", "application/json", credentials),
      await post("/logout", "application/json", "{}"),
    ];
    for (const { headers } of replies) expect(headers.getSetCookie()).toEqual([]);

    const reply = await service.auth.fetch(
      new Request(`${service.authUrl}/user`, {
        headers: { Cookie: "access_token=a.b.c; sb-access-token=a.b.c; __Host-session=x" },
      }),
    );
    const { error_code } = (await reply.json()) as { error_code: string };
    expect([reply.status, error_code]).toEqual([401, "no_authorization"]);
  });
});
