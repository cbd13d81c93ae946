import { z } from "zod";
import { misconfigured, unusable } from "../failures.ts";
import { clientSecret } from "../oidc_preset.ts";
import type { Preset } from "../preset.ts";
import { isOptionSet, type Provider, textOption } from "../provider.ts";
import { readResource } from "../resource.ts";

/**
 * Any provider of OAuth 2 that says at an endpoint who the holder of an access token is. Options:
 * `authorization_url`, `token_url`, `user_url`; `subject_field` (`sub` by default), `email_field`
 * (`email`), `email_verified_field` (`email_verified`), `name_field` (`name`), and `trust_email` where the provider has verified every address but does not say so. Its issuer is the
 * name under which its users are known for ever.
 */
export const oauth2: Preset = {
  scopes: [],
  server: async (provider, remote) => ({
    issuer: issuerOf(provider),
    authorization_endpoint: admitted(provider, "authorization_url", remote.requireAdmitted),
    token_endpoint: admitted(provider, "token_url", remote.requireAdmitted),
  }),
  clientAuthentication: async (provider) =>
    clientSecret(provider.secret, textOption(provider, "token_endpoint_auth_method"), [
      "client_secret_post",
    ]),
  async person(evidence) {
    const { provider } = evidence;
    const user = z
      .record(z.string(), z.unknown())
      .safeParse(await readResource(evidence, required(provider, "user_url")));
    if (!user.success) throw unusable();
    const field = (option: string, usual: string) =>
      user.data[textOption(provider, option) ?? usual];
    const claim = field("email_verified_field", "email_verified");
    return {
      issuer: issuerOf(provider),
      subject: subjectOf(field("subject_field", "sub")),
      email: textOf(field("email_field", "email")),
      isEmailVerified:
        claim === true || (claim === undefined && isOptionSet(provider, "trust_email")),
      profile: {
        name: textOf(field("name_field", "name")),
        userName: textOf(user.data.preferred_username),
        picture: textOf(user.data.picture),
      },
    };
  },
};

function issuerOf(provider: Provider): string {
  if (!provider.issuer) throw misconfigured(provider, "an issuer is wanted");
  return provider.issuer;
}

function required(provider: Provider, name: string): string {
  const value = textOption(provider, name);
  if (!value) throw misconfigured(provider, `the option ${name} is wanted`);
  return value;
}

function admitted(provider: Provider, name: string, require: (url: string) => void): string {
  const url = required(provider, name);
  try {
    require(url);
  } catch {
    throw misconfigured(provider, `the option ${name} is a URL of https`);
  }
  return url;
}

function subjectOf(value: unknown): string {
  // A number beyond this is not the number that was sent, and may be somebody else's.
  if (Number.isSafeInteger(value)) return String(value);
  if (typeof value === "string") return value;
  throw unusable();
}

function textOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
