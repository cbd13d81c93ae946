import { PGlite } from "@electric-sql/pglite";
import { pgcrypto } from "@electric-sql/pglite/contrib/pgcrypto";
import { expect, it } from "vitest";
import { createAuth } from "../../src/auth.ts";
import { openEmbedded } from "../../src/database/embedded.ts";
import { createProject } from "../../src/projects/create_project.ts";
import { prepareDatabase } from "../../src/projects/prepare_database.ts";
import { generateMasterKey, parseKeyring } from "../../src/projects/secrets.ts";

it("pgcrypto in PGlite verifies the password of a user who signed up over HTTP", async () => {
  const pglite = await PGlite.create({ extensions: { pgcrypto } });
  const database = await openEmbedded({ pglite });
  const masterKey = generateMasterKey();
  await prepareDatabase(database);
  await createProject(database, { id: "proj_crypto", keyring: parseKeyring(masterKey) });
  const auth = createAuth({ database, masterKey, publicUrl: "http://auth.test" });
  const reply = await auth.fetch(
    new Request("http://auth.test/proj_crypto/signup", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email: "a@example.com", password: "a perfectly fine phrase" }),
    }),
  );
  expect(reply.status).toBe(200);

  await pglite.exec("create extension pgcrypto");
  const verify =
    "select crypt($1, password_hash) = password_hash as verified from proj_crypto.users";
  for (const [password, verified] of [
    ["a perfectly fine phrase", true],
    ["another phrase", false],
  ]) {
    expect((await pglite.query(verify, [password])).rows).toEqual([{ verified }]);
  }
  await auth.close();
  await pglite.close();
});
