import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { GrantedClaims, ProjectFunctions, UserJson } from "../../../src/database/functions.ts";
import { newRefreshToken } from "../../../src/tokens/refresh_token.ts";
import { refusal } from "../../support/app_role.ts";
import { freshEmail, type Query } from "../../support/project.ts";
import { accepted, asOwner, client } from "./shared.ts";

export async function callAnonymous(query: Query, id: string, f: ProjectFunctions): Promise<void> {
  await query("select change_settings('{\"anonymous_users\": true}')");
  const tokenHash = newRefreshToken().hash;
  expect(await f.signInAnonymously({ userMetadata: null, tokenHash, client })).toMatchObject({
    outcome: null,
    claims: { is_anonymous: true },
  });
  await asOwner(query, id);
  const prune = "select delete_anonymous_users('0 s', 10, null) as pruned";
  expect(await query(prune)).toEqual([{ pruned: { deleted: 1, held: 0, after: null } }]);
}

export async function callIdentities(query: Query, id: string, f: ProjectFunctions): Promise<void> {
  const bytes = () => randomBytes(32);
  await query("select change_settings('{\"manual_linking\": true}')");
  await query(
    "insert into providers (name, kind, client_id, sealed) values ('acme', 'oidc', 'c', '\\x00')",
  );
  const acme = { provider: "acme", issuer: "https://acme.example", data: { name: "A" } };
  const identity = { ...acme, subject: "1", email: null, nonce_hashes: [bytes().toString("hex")] };
  const entrance = { refreshHash: bytes(), code: null, client };
  const { claims } = accepted<{ claims: GrantedClaims }>(
    await f.signInWithIdentity({ ...entrance, identity }),
  );
  expect(await f.signInWithIdentity({ ...entrance, identity })).toEqual({
    outcome: "bad_oauth_callback",
  });

  const caller = { sessionId: claims.session_id, userId: claims.sub };
  const [hash, challenge] = [bytes(), "a".repeat(43)];
  const linking = { identity: { ...acme, subject: "2", email: freshEmail() }, caller };
  const code = { hash: hash.toString("hex"), challenge, tokens: null };
  expect(await f.linkIdentity({ ...entrance, ...linking, code })).toEqual({
    outcome: null,
    code: true,
  });
  const offer = { codeHash: hash, codeChallenge: challenge, refreshHash: bytes(), client };
  const { user } = accepted<{ user: UserJson }>(await f.exchangeCode(offer));
  const [first] = user.identities;
  expect(user).toMatchObject({ email: linking.identity.email, identities: [{}, {}] });
  const unlinking = { caller, identityId: first?.identity_id ?? "", client };
  expect(await f.unlinkIdentity(unlinking)).toEqual({ outcome: null });

  const flow = { stateHash: bytes(), browserHash: bytes() };
  const request = { provider: "acme", redirectTo: null, codeChallenge: null, sealed: bytes() };
  expect(await f.beginOAuthFlow({ ...flow, ...request, caller: null, client })).toEqual({
    outcome: null,
  });
  expect(await f.takeOAuthFlow(flow)).toMatchObject({ outcome: null, provider: "acme" });
  expect(await f.takeOAuthFlow(flow)).toEqual({ outcome: "bad_oauth_state" });
  expect(await f.providerConfiguration("acme")).toMatchObject({ client_id: "c" });
  await asOwner(query, id);
}

// A function of Postgres's own stands in for an application's: it is not SECURITY DEFINER.
export async function callCustomClaims(query: Query): Promise<void> {
  const call = "select with_custom_claims('pg_catalog.jsonb_typeof(jsonb)', '{}')";
  expect(await refusal(query, call)).toBe("MA903");
}
