import { pino } from "pino";
import { expect, it } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { startOidcProvider } from "../support/idp/oidc_provider.ts";
import {
  appUrl,
  createProviderProject,
  newVerifier,
  oidcRow,
  openBrowser,
  verified,
} from "../support/oauth.ts";
import { freshEmail } from "../support/project.ts";
import { openService } from "../support/service.ts";

it("the log says why a provider's answer was refused, and holds no state, code, token or person", async () => {
  const { runtime, masterKey, publicUrl } = await openService();
  const lines: string[] = [];
  const logger = pino({ level: "trace" }, { write: (line: string) => void lines.push(line) });
  const providers = { allowPrivate: true };
  const auth = createAuth({ database: runtime, masterKey, publicUrl, providers, logger });
  const idp = await startOidcProvider();
  const project = await createProviderProject([oidcRow(idp)]);
  const person = verified(freshEmail(), { name: "Ann Somebody" });
  idp.signedIn(person);
  const begin = { provider: "oidc", redirect_to: appUrl };
  const browser = openBrowser(project, auth);
  const { fragment } = await browser.signIn(begin);
  const { challenge } = newVerifier();
  const withCode = { ...begin, code_challenge: challenge, code_challenge_method: "s256" };
  const { query } = await browser.signIn(withCode);
  const idToken = await idp.idToken();
  const body = { provider: "oidc", id_token: idToken };
  await project.post("/token?grant_type=id_token", body, { auth });

  const refusals: [object, string][] = [
    [{ nonce: "x" }, "nonce"],
    [{ aud: "x" }, "ERR_JWT_CLAIM_VALIDATION_FAILED aud"],
    [{ at_hash: "x" }, "at_hash"],
  ];
  for (const [claims, reason] of refusals) {
    idp.misbehave({ claims: claims as Record<string, unknown> });
    await browser.signIn(begin);
    expect(JSON.parse(String(lines.at(-2)))).toMatchObject({ provider: "oidc", reason });
  }
  idp.misbehave({ replies: { "/token": () => ({ body: { error: "invalid_client" } }) } });
  await browser.signIn(begin);
  expect(JSON.parse(String(lines.at(-2)))).toMatchObject({
    code: "unexpected_failure",
    reason: "provider oidc: it refuses the client id or secret",
  });

  const text = lines.join("");
  const secrets = [
    fragment.access_token,
    fragment.provider_token,
    query.code,
    idp.lastRequest.get("state"),
    idp.lastRequest.get("nonce"),
    idp.clientSecret,
    idToken,
    person.email,
    person.sub,
    "Somebody",
  ];
  for (const secret of secrets) expect(text).not.toContain(secret);
  await Promise.all([auth.close(), idp.close()]);
});
