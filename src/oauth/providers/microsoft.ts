import type { JWTPayload } from "jose";
import { misconfigured } from "../failures.ts";
import { oidcPreset } from "../oidc_preset.ts";
import { isOptionSet, type Provider, textOption } from "../provider.ts";

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const personalTenant = "9188040d-6c67-4c5b-b112-36a304b66dad";
const manyTenants = new Set(["common", "organizations"]);

/**
 * Microsoft Entra ID. Option `tenant`: a tenant's id, `common` (the default), `organizations` or
 * `consumers`. An administrator of any tenant can write any address into a token, so that one counts
 * only where Microsoft says that the tenant owns its domain (`xms_edov`), or the operator vouches for
 * the tenant (`trust_email`).
 */
export const microsoft = oidcPreset({
  label: "Microsoft",
  issuer: (provider) => `${hostOf(provider)}/${tenantOf(provider)}/v2.0`,
  metadataIssuer: (provider) => issuerOf(provider, "{tenantid}"),
  tenantIssuer(provider, { tid }: JWTPayload) {
    if (typeof tid !== "string" || !uuid.test(tid)) return null;
    if (tenantOf(provider) === "organizations" && tid === personalTenant) return null;
    return issuerOf(provider, tid);
  },
  isEmailVerified: (provider, { xms_edov: isOwned }) =>
    isOwned === true || (isOptionSet(provider, "trust_email") && isOneTenant(provider)),
});

function issuerOf(provider: Provider, whose: string): string {
  return `${hostOf(provider)}/${isOneTenant(provider) ? tenantOf(provider) : whose}/v2.0`;
}

function hostOf(provider: Provider): string {
  return provider.issuer ?? "https://login.microsoftonline.com";
}

function isOneTenant(provider: Provider): boolean {
  return !manyTenants.has(tenantOf(provider));
}

function tenantOf(provider: Provider): string {
  const tenant = textOption(provider, "tenant")?.toLowerCase() ?? "common";
  if (tenant === "consumers") return personalTenant;
  if (manyTenants.has(tenant) || uuid.test(tenant)) return tenant;
  throw misconfigured(provider, "tenant is an id, common, organizations or consumers");
}
