import { createAuth } from "../../src/auth.ts";
import { quickHasher } from "../../src/testing/quick_hasher.ts";
import { openTestProject, type TestProject } from "./project.ts";

/** For instances, too: what one hashed another can verify. */
export const hasher = quickHasher();

/** The same project as a service sees it whose hashes cost nothing, for tests of all that comes after them. */
export function hashingQuickly({ id, jwtSecret, service }: TestProject): TestProject {
  const { runtime: database, masterKey, publicUrl } = service;
  const auth = createAuth({ database, masterKey, publicUrl, hasher });
  return openTestProject({ ...service, auth }, id, jwtSecret);
}
