import { misconfigured } from "../failures.ts";
import { oidcPreset } from "../oidc_preset.ts";

/** Any provider of OpenID Connect, by its issuer. */
export const oidc = oidcPreset({
  issuer(provider) {
    if (!provider.issuer) throw misconfigured(provider, "an issuer is wanted");
    return provider.issuer;
  },
});
