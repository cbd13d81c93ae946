// Better Auth in a database of its own on the same server, and its users.
import { randomBytes } from "node:crypto";
import { administer } from "../administer.mjs";
import { start } from "../children.mjs";

const password = "a perfectly fine phrase";

export async function createPeer(adminUrl) {
  const name = `miosa_bench_peer_${randomBytes(4).toString("hex")}`;
  await administer(adminUrl, `create database ${name}`);
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return {
    start: (options) => start("./peers/better_auth.mjs", { ...options, url: url.href }),
    close: () => administer(adminUrl, `drop database ${name} with (force)`),
  };
}

/** Signs a user up; resolves with what the user sends from now on. */
export function signUp(origin, email) {
  return session(`${origin}/sign-up/email`, { email, password, name: email });
}

/** Signs in again, for cookies that are new. */
export function signIn(origin, { email }) {
  return session(`${origin}/sign-in/email`, { email, password });
}

async function session(url, user) {
  const reply = await fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Origin: new URL(url).origin },
    body: JSON.stringify(user),
  });
  if (!reply.ok) throw new Error(await reply.text());
  const cookies = reply.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  return { email: user.email, password, cookie: cookies.join("; ") };
}
