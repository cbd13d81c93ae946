import type { Database } from "../../database/database.ts";
import { listProviders, removeProvider, setProvider } from "../../projects/providers.ts";
import type { Keyring } from "../../projects/secrets.ts";
import { fakeClientId, type RunningFakeProvider } from "./start.ts";

/** What a project calls it. */
export const fakeProviderName = "fake";

/** @throws AuthError project_not_found */
export async function registerFakeProvider(
  database: Database,
  projectId: string,
  { issuer, clientId, clientSecret }: RunningFakeProvider,
  keyring: Keyring,
): Promise<void> {
  const provider = { name: fakeProviderName, kind: "oidc", issuer, clientId, clientSecret };
  await setProvider(database, projectId, provider, keyring);
}

/** Takes away what an earlier start with it has left, where nothing answers any more. */
export async function forgetFakeProvider(database: Database, projectId: string): Promise<void> {
  const providers = await listProviders(database, projectId);
  const isLeft = providers.some(
    ({ name, client_id }) => name === fakeProviderName && client_id === fakeClientId,
  );
  if (isLeft) await removeProvider(database, projectId, fakeProviderName);
}
