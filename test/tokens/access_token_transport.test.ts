import { beforeAll, describe, expect, it } from "vitest";
import { startServer } from "../../src/http/server.ts";
import { type Bearer, signedInBearer } from "../support/bearer.ts";
import { openCountingService } from "../support/counting.ts";
import { craftToken } from "../support/jwt.ts";
import { sendRaw } from "../support/raw_http.ts";

let bearer: Bearer;

beforeAll(async () => {
  bearer = await signedInBearer();
});

describe("how an access token is handed in", () => {
  it("is as a Bearer, in any case of the word (case 53)", async () => {
    const { token, project } = bearer;
    for (const scheme of ["Bearer", "bearer", "BEARER", "bEaReR"]) {
      const headers = { Authorization: `${scheme} ${token}` };
      expect((await project.request("/user", { headers })).status).toBe(200);
    }
  });

  it("is under no other scheme, and not twice (case 53)", async () => {
    const { token, project } = bearer;
    const authorizations = [
      `Basic ${token}`,
      `Basic ${Buffer.from(`user:${token}`).toString("base64")}`,
      `Token ${token}`,
      `JWT ${token}`,
      `DPoP ${token}`,
      `Bearer\t${token}`,
      `Bearer${token}`,
      `Bearer:${token}`,
      `Bearer ${token},`,
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token} ${token}`,
      `Basic abc, Bearer ${token}`,
      `Bearer token=${token}, Bearer ${token}`,
      token,
      "Bearer",
      "Bearer ",
      "",
    ];
    for (const Authorization of authorizations) {
      const { status, body, headers } = await project.request("/user", {
        headers: { Authorization },
      });
      expect({ Authorization, status, code: body.error_code }).toEqual({
        Authorization,
        status: 401,
        code: "no_authorization",
      });
      expect(headers.get("WWW-Authenticate")).toBe("Bearer");
    }
  });

  it("is not in the query, a cookie or another header (case 53)", async () => {
    const { token, project } = bearer;
    const replies = [
      await project.request(`/user?access_token=${token}`),
      await project.request(`/user?token=${token}&jwt=${token}&authorization=Bearer%20${token}`),
      await project.request("/user", { headers: { Cookie: `access_token=${token}; sb=${token}` } }),
      await project.request("/user", { headers: { apikey: token, "X-Access-Token": token } }),
      await project.request("/user", { headers: { "Proxy-Authorization": `Bearer ${token}` } }),
      await project.request("/user", { method: "PATCH", body: { access_token: token } }),
    ];
    for (const { status, body } of replies) {
      expect({ status, code: body.error_code }).toEqual({ status: 401, code: "no_authorization" });
    }
  });

  it("is in one header, over a socket too (case 53)", async () => {
    const { token, project } = bearer;
    const server = await startServer({
      fetch: project.service.auth.fetch,
      host: "127.0.0.1",
      port: 0,
    });
    const get = async (...headers: string[]) => {
      const lines = [`GET /${project.id}/user HTTP/1.1`, "Host: auth.test", ...headers];
      return sendRaw(server.port, `${[...lines, "Connection: close"].join("\r\n")}\r\n\r\n`);
    };
    const good = `Authorization: Bearer ${token}`;
    const bad = "Authorization: Bearer x.y.z";
    expect((await get(good)).status).toBe(200);
    expect((await get(good, bad)).status).toBe(401);
    expect((await get(bad, good)).status).toBe(401);
    expect((await get(good, good)).status).toBe(401);
    expect((await get("Authorization: Basic abc", good)).status).toBe(401);
    await server.close();
  });

  it("costs no statement unless its signature is right (case 57)", async () => {
    const { claims, token, header, project } = bearer;
    const { auth, measure } = await openCountingService();
    const bad = [
      "garbage",
      "a.b.c",
      craftToken({ header, payload: claims, sign: "guess" }),
      craftToken({ header: { alg: "none" }, payload: claims, sign: () => "" }),
      craftToken({ payload: { ...claims, exp: 1 }, sign: project.jwtSecret }),
      craftToken({ payload: { ...claims, iss: "elsewhere" }, sign: project.jwtSecret }),
    ];
    const { calls, value } = await measure(project, () =>
      Promise.all(
        bad.flatMap((wrong) => [
          project.request("/user", { token: wrong, auth }),
          project.request("/user", { method: "PATCH", token: wrong, body: { data: {} }, auth }),
          project.request("/logout", { method: "POST", token: wrong, auth }),
          project.request("/sessions", { token: wrong, auth }),
        ]),
      ),
    );
    expect(value.map(({ status }) => status)).toEqual(Array.from(value, () => 401));
    expect(calls).toEqual([]);

    const good = await measure(project, () => project.request("/user", { token, auth }));
    expect(good.calls).toEqual(["get_user"]);
    await auth.close();
  });
});
