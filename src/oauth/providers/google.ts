import { oidcPreset } from "../oidc_preset.ts";

export const google = oidcPreset({
  label: "Google",
  issuer: (provider) => provider.issuer ?? "https://accounts.google.com",
});
