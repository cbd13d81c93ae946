import { beforeAll } from "vitest";
import { openEngine } from "./engine.ts";
import { renewEmbeddedService } from "./service.ts";

declare module "vitest" {
  interface TaskMeta {
    /** The server's version, for the closing lines of the run. */
    engineVersion?: string;
  }
}

await renewEmbeddedService();

// The engine opens here, so its start counts against the hook's time limit and not a test's.
// biome-ignore lint/correctness/noEmptyPattern: vitest refuses a first parameter of another form
beforeAll(async ({}, file) => {
  const { version } = await openEngine();
  file.meta.engineVersion = version;
});
