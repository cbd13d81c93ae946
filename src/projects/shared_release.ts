import { isDeepStrictEqual } from "node:util";
import type { Database } from "../database/database.ts";
import { actAsAdministrator, administration } from "./administration.ts";
import { readContract } from "./doctor/contract.ts";
import { installSharedSchema } from "./prepare_database.ts";
import { rehearse } from "./rehearse.ts";

/** Whether preparing the database again would change anything in `miosa_auth`; changes nothing. */
export async function wouldChangeSharedSchema(database: Database): Promise<boolean> {
  return rehearse(database, async (tx) => {
    const mode = await administration(tx);
    await actAsAdministrator(tx, mode);
    const before = await readContract(tx, "miosa_auth");
    await installSharedSchema(tx, mode);
    return !isDeepStrictEqual(before, await readContract(tx, "miosa_auth"));
  });
}
