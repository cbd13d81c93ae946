import { z } from "zod";
import { unusable } from "../failures.ts";
import { clientSecret } from "../oidc_preset.ts";
import type { Preset } from "../preset.ts";
import { type Provider, textOption } from "../provider.ts";
import { readResource } from "../resource.ts";

const account = z.object({
  id: z.int(),
  login: z.string(),
  name: z.string().nullish(),
  avatar_url: z.string().nullish(),
});
const addresses = z.array(
  z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }),
);

/**
 * GitHub, which knows no ID tokens. An Enterprise Server is named by its `issuer`, such as
 * `https://github.example`, and by the option `api_url`, such as `https://github.example/api/v3`.
 */
export const github: Preset = {
  label: "GitHub",
  scopes: ["read:user", "user:email"],
  server: async (provider) => ({
    issuer: `${siteOf(provider)}/login/oauth`,
    authorization_endpoint: `${siteOf(provider)}/login/oauth/authorize`,
    token_endpoint: `${siteOf(provider)}/login/oauth/access_token`,
  }),
  clientAuthentication: async ({ secret }) => clientSecret(secret, "client_secret_post", []),
  async person(evidence) {
    const { provider } = evidence;
    const api = textOption(provider, "api_url") ?? "https://api.github.com";
    const [user, emails] = await Promise.all([
      readResource(evidence, `${api}/user`),
      readResource(evidence, `${api}/user/emails`),
    ]);
    const { data: known } = account.safeParse(user);
    const { data: listed } = addresses.safeParse(emails);
    if (!known || !listed) throw unusable();
    const primary = listed.find((entry) => entry.primary);
    return {
      issuer: siteOf(provider),
      subject: String(known.id),
      email: primary?.email ?? null,
      isEmailVerified: primary?.verified === true,
      profile: {
        name: known.name || known.login,
        userName: known.login,
        picture: known.avatar_url ?? null,
      },
    };
  },
};

function siteOf({ issuer }: Provider): string {
  return issuer ?? "https://github.com";
}
