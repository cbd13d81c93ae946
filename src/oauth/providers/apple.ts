import { importPKCS8, SignJWT } from "jose";
import { misconfigured } from "../failures.ts";
import { oidcPreset } from "../oidc_preset.ts";
import { type Provider, textOption } from "../provider.ts";

const appleIssuer = "https://appleid.apple.com";

/** Options: `team_id` and `key_id`; the secret is the key file (.p8) that belongs to them. */
export const apple = oidcPreset({
  label: "Apple",
  scopes: ["openid", "email", "name"],
  // Apple gives a name and an address to a form alone.
  parameters: { response_mode: "form_post" },
  issuer: (provider) => provider.issuer ?? appleIssuer,
  // Apple documents both spellings.
  isEmailVerified: (_, { email_verified: claim }) => claim === true || claim === "true",
  clientSecret,
});

async function clientSecret(provider: Provider): Promise<string> {
  const teamId = textOption(provider, "team_id");
  const keyId = textOption(provider, "key_id");
  if (!teamId || !keyId) throw misconfigured(provider, "team_id and key_id are wanted");
  const key = await importPKCS8(provider.secret, "ES256").catch(() => {
    throw misconfigured(provider, "the secret is a private key for ES256 in PKCS #8");
  });
  return new SignJWT()
    .setProtectedHeader({ alg: "ES256", kid: keyId })
    .setIssuer(teamId)
    .setSubject(provider.clientId)
    .setAudience(provider.issuer ?? appleIssuer)
    .setIssuedAt()
    .setExpirationTime("5 minutes")
    .sign(key);
}
