import type { Database, Transaction } from "../database/database.ts";
import { requireApplicationFunction } from "./application_function.ts";
import { asProjectOwner } from "./registry.ts";

/**
 * Lets a function of the application's add claims to each access token of a project, from the next
 * token on: `app.claims(uuid, jsonb) returns jsonb` is given the user's id and the claims, in the
 * transaction that issues the token. Claims that identity and session rest on stay as they are.
 *
 * The function must be SECURITY DEFINER with a `search_path` of its own: it would run with the rights
 * of the project's owner otherwise. No token is issued once it is no longer so.
 *
 * @param name with its schema: `app.claims`
 * @returns the function as it is registered: `app.claims(uuid,jsonb)`
 * @throws AuthError project_not_found, validation_failed
 */
export function setCustomClaims(database: Database, id: string, name: string): Promise<string> {
  return asProjectOwner(database, id, async (tx) => {
    const { signature } = await requireApplicationFunction(tx, name, {
      takes: "uuid, jsonb",
      returns: "jsonb",
      example: "app.claims",
    });
    await store(tx, signature);
    return signature;
  });
}

/**
 * Issues tokens with the product's own claims alone again.
 *
 * @throws AuthError project_not_found
 */
export function removeCustomClaims(database: Database, id: string): Promise<void> {
  return asProjectOwner(database, id, (tx) => store(tx, ""));
}

/**
 * The function that adds claims, or null.
 *
 * @throws AuthError project_not_found
 */
export function readCustomClaims(database: Database, id: string): Promise<string | null> {
  return asProjectOwner(database, id, async (tx) => {
    const [row] = await tx.query<{ name: string | null }>(
      "select nullif(read_settings() ->> 'custom_claims', '') as name",
    );
    return row?.name ?? null;
  });
}

async function store(tx: Transaction, name: string): Promise<void> {
  await tx.query("select change_settings($1::jsonb)", [JSON.stringify({ custom_claims: name })]);
}
