import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { writeModule } from "../support/guide.ts";

it("the guide's tests of policies pass as a reader runs them", async () => {
  const file = await writeModule("policies.test.mjs");
  const { stdout } = await promisify(execFile)(process.execPath, [
    "--test",
    "--test-reporter=tap",
    file,
  ]);
  expect(stdout).toMatch(/^# pass 2$/m);
  expect(stdout).toMatch(/^# fail 0$/m);
});
