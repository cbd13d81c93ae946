import { beforeAll, describe, expect, it } from "vitest";
import { type Bearer, signedInBearer } from "../support/bearer.ts";
import { craftToken } from "../support/jwt.ts";

let bearer: Bearer;

beforeAll(async () => {
  bearer = await signedInBearer();
});

describe("the spelling of an access token", () => {
  it("is one only: padding, more or fewer parts, idle bits are refused (case 56)", async () => {
    const { token } = bearer;
    const [head = "", body = "", signature = ""] = token.split(".");
    const twins = sameBytes(signature);
    expect(twins).toHaveLength(3);
    const spellings = [
      `${head}=.${body}.${signature}`,
      `${head}.${body}=.${signature}`,
      `${head}.${body}.${signature}=`,
      `${head}.${body}.${signature}A`,
      `${head}.${body}.${signature.slice(0, -1)}`,
      `${head}.${body}.`,
      `.${body}.${signature}`,
      `${head}..${signature}`,
      `${head}.${body}`,
      `${head}.${body}.${signature}.`,
      `.${token}`,
      `${head}.${body}.${signature}.${signature}`,
      `${token}.${signature}.${signature}`,
      `${head}%2E${body}.${signature}`,
      ...twins.map((twin) => `${head}.${body}.${twin}`),
    ];
    for (const spelling of spellings) await bearer.expectRefused(spelling, spelling.slice(-60));
    await bearer.expectAccepted(token);
  });

  it("is base64url, and never the other alphabet, in any part (case 56)", async () => {
    const { header, claims, project } = bearer;
    const { crafted, parts } = tokenWithBothLetters(header, claims, project.jwtSecret);
    await bearer.expectAccepted(crafted);
    for (const index of parts.keys()) {
      const standard = parts.map((part, at) =>
        at === index ? part.replaceAll("-", "+").replaceAll("_", "/") : part,
      );
      await bearer.expectRefused(standard.join("."), `part ${index} in standard base64`);
    }
  });

  it("has no white space, and is not the JSON form of a JWS (case 56)", async () => {
    const { token, project } = bearer;
    const [head = "", body = "", signature = ""] = token.split(".");
    const json = JSON.stringify({ protected: head, payload: body, signature });
    for (const form of [json, `${head}. ${body}.${signature}`, `${head}.${body}.\t${signature}`]) {
      const { status } = await project.request("/user", { token: form });
      expect({ form, status }).toEqual({ form, status: 401 });
    }
  });
});

/** Texts that decode to the same bytes: the last letter of 32 bytes carries two idle bits. */
function sameBytes(signature: string): string[] {
  const bytes = Buffer.from(signature, "base64url");
  return [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"]
    .map((letter) => signature.slice(0, -1) + letter)
    .filter((text) => text !== signature && Buffer.from(text, "base64url").equals(bytes));
}

/** A good token each part of which holds a letter in which the two alphabets differ. */
function tokenWithBothLetters(header: object, claims: object, sign: string) {
  for (let note = 0; ; note += 1) {
    const odd = { ...header, note: "?>?>?>~~~" };
    const payload = { ...claims, note: `?>?>?>~~~${note}` };
    const crafted = craftToken({ header: odd, payload, sign });
    const parts = crafted.split(".");
    if (parts.every((part) => /[-_]/.test(part))) return { crafted, parts };
  }
}
