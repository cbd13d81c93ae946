import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { assignSettings } from "../../src/projects/settings.ts";
import { openPage } from "../support/pages.ts";
import { createTestProject } from "../support/project.ts";

function commandsOf(file: string): Record<string, string>[] {
  const blocks = readFileSync(file, "utf8").matchAll(/^```sh\n([\s\S]*?)^```$/gm);
  const lines = [...blocks].flatMap(([, code = ""]) => code.trim().split("\n"));
  return lines.map((line) => {
    const [, words = ""] = /^miosa-auth project set proj_shop (.*)$/.exec(line) ?? [];
    const pairs = words.match(/'[^']*'|\S+/g) ?? [];
    if (pairs.length === 0)
      throw new Error(`${file} has a line that this test cannot run: ${line}`);
    return Object.fromEntries(
      pairs.map((pair) => {
        const [name = "", ...value] = pair.replaceAll("'", "").split("=");
        return [name, value.join("=")];
      }),
    );
  });
}

it.each(["docs/redirects.md", "docs/pages.md"])(
  "the settings of %s are taken as written",
  async (file) => {
    const project = await createTestProject();
    const commands = commandsOf(file);
    expect(commands.length).toBeGreaterThanOrEqual(2);
    for (const assignments of commands) {
      await assignSettings(project.service.admin, project.id, assignments);
    }
  },
);

it("docs/pages.md lists every page", async () => {
  const project = await createTestProject();
  const guide = readFileSync("docs/pages.md", "utf8");
  const listed = [...guide.matchAll(/^\| `(\/[a-z-]+)` \|/gm)].map(([, path]) => String(path));
  expect(listed).toHaveLength(5);
  for (const path of listed) {
    const { headers } = await openPage(project, path);
    expect([path, headers.get("Content-Type")]).toEqual([path, "text/html; charset=UTF-8"]);
  }
});
