import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { exchangeCode, newVerifier, redirectedCode } from "../support/authorization_codes.ts";
import {
  type Mailed,
  mailed,
  mailingProject,
  redeemCode,
  redeemLink,
  reset,
  resetByCode,
  wrongCode,
} from "../support/mailed.ts";
import { calling } from "../support/own_names.ts";

it("a Postgres that logs every parameter logs no link, no code and no verifier (cases 59 and 72)", async () => {
  const project = await mailingProject({ site_url: "https://shop.example/" });
  const { engine } = project.service;
  if (engine.kind !== "postgres") throw new Error("PGlite keeps no log");

  const { verifier, challenge } = newVerifier();
  const pkce = { code_challenge: challenge, code_challenge_method: "s256" };
  const mails: Mailed[] = [];
  const send = async (type: "signup" | "recovery" | "magiclink", body?: object) => {
    const mail = await mailed(project, type, body);
    mails.push(mail);
    return mail;
  };
  await redeemLink(project, await send("signup"));
  await redeemCode(project, await send("magiclink"));
  await reset(project, await send("recovery"));
  const typed = await send("recovery");
  await resetByCode(project, { ...typed, code: wrongCode(typed.code) });
  await resetByCode(project, typed);
  const code = await redirectedCode(project, await send("magiclink", pkce));
  await exchangeCode(project, code, verifier);

  const log = readFileSync(engine.logFile, "utf8");
  const from = log.indexOf(`"${project.id}".${calling(project.id, "signup")}`);
  expect(from).toBeGreaterThan(0);
  const ours = log.slice(from);
  const secrets = [...mails.map(({ token }) => token), code, verifier];
  for (const text of secrets) {
    const secret = Buffer.from(text, "base64url");
    // Not toContain: its failure would print the whole log.
    for (const spelling of [text, secret.toString("base64"), secret.toString("hex")]) {
      expect(ours.includes(spelling)).toBe(false);
    }
  }
  for (const { token } of mails) {
    const hash = createHash("sha256").update(Buffer.from(token, "base64url")).digest("hex");
    expect(ours.includes(hash)).toBe(true);
  }
  for (const { code: digits } of mails) {
    expect(new RegExp(`\\D${digits}\\D`).test(ours)).toBe(false);
  }
});
