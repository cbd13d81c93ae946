import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { mailPurposes } from "../../src/mail/purposes.ts";
import { engineFilters, engineTags } from "../../src/mail/templates/engine.ts";
import { hasCode, hasLink, variablesFor } from "../../src/mail/templates/variables.ts";

const guide = readFileSync("docs/mail.md", "utf8");

it("the guide's table of purposes is that of the release", () => {
  const rows = [...guide.matchAll(/^\| `(\w+)` \| [^|]+ \| (yes|) ?\| (yes|) ?\|$/gm)];
  expect(rows.map(([, purpose, link, code]) => [purpose, link, code])).toEqual(
    mailPurposes.map((purpose) => [
      purpose,
      hasLink(purpose) ? "yes" : "",
      hasCode(purpose) ? "yes" : "",
    ]),
  );
});

it("the guide names every variable, tag and filter, and no other", () => {
  const [, table = "", rest = ""] =
    /## Variables\n([\s\S]*?)\n\nTags: ([\s\S]*?) There are no others/.exec(guide) ?? [];
  const first = [...table.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) => ticked(cell));
  const known = new Set(mailPurposes.flatMap((purpose) => variablesFor(purpose)));
  expect(first.sort()).toEqual([...known, "user_metadata"].sort());
  const further = ["break", "continue"];
  expect([...ticked(rest), ...further].sort()).toEqual([...engineTags, ...engineFilters].sort());
});

function ticked(text: string): string[] {
  return [...text.matchAll(/`([\w.]+)`/g)].map(([, name = ""]) => name);
}
