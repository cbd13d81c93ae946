import type { Transaction } from "../../database/database.ts";
import { providerSecretUse } from "../../database/provider_secret.ts";
import { OperatorError } from "../../errors.ts";
import { secretBox } from "../secret_box.ts";
import type { Keyring } from "../secrets.ts";
import { type Finding, fail } from "./finding.ts";

type Stored = Parameters<typeof providerSecretUse>[0] & { readonly sealed: string };

/** Providers whose client secret the keyring does not open: nobody can sign in there. */
export async function examineProviderSecrets(
  tx: Transaction,
  id: string,
  keyring: Keyring,
): Promise<Finding[]> {
  // A project of an older release has no such table, which is a finding of its own.
  const [schema] = await tx.query<{ knows: boolean }>(
    "select to_regclass('providers') is not null as knows",
  );
  if (!schema?.knows) return [];
  const stored = await tx.query<Stored>(
    `select name, kind, issuer, client_id, options, encode(sealed, 'hex') as sealed
     from providers order by name`,
  );
  const box = secretBox(keyring, id);
  return stored.flatMap((provider) => {
    const { name, kind, sealed } = provider;
    try {
      box.open(Buffer.from(sealed, "hex"), providerSecretUse(provider));
      return [];
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      const message = `the client secret of provider ${name} of ${id} does not open: ${error.message}`;
      const remedy = `Set the MIOSA_AUTH_KEY that it was sealed under, or: miosa-auth provider add ${id} ${kind} --name ${name}`;
      return [fail("providers", message, remedy)];
    }
  });
}
