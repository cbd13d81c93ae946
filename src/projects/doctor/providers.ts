import type { Transaction } from "../../database/database.ts";
import { OperatorError } from "../../errors.ts";
import { providerSecretUse } from "../providers.ts";
import { secretBox } from "../secret_box.ts";
import type { Keyring } from "../secrets.ts";
import { type Finding, fail } from "./finding.ts";

type Stored = { name: string; kind: string; sealed: string };

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
    "select name, kind, encode(sealed, 'hex') as sealed from providers order by name",
  );
  const box = secretBox(keyring, id);
  return stored.flatMap(({ name, kind, sealed }) => {
    try {
      box.open(Buffer.from(sealed, "hex"), providerSecretUse);
      return [];
    } catch (error) {
      if (!(error instanceof OperatorError)) throw error;
      const message = `the client secret of provider ${name} of ${id} does not open: ${error.message}`;
      const remedy = `Set the MIOSA_AUTH_KEY that it was sealed under, or: miosa-auth provider add ${id} ${kind} --name ${name}`;
      return [fail("providers", message, remedy)];
    }
  });
}
