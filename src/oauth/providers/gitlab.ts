import { oidcPreset } from "../oidc_preset.ts";

/** gitlab.com, or an own server by its issuer. */
export const gitlab = oidcPreset({
  label: "GitLab",
  issuer: (provider) => provider.issuer ?? "https://gitlab.com",
});
