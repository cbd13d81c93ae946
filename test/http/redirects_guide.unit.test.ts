import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { admittedRedirect } from "../../src/http/redirects.ts";
import { parseRedirectRule } from "../../src/projects/redirect_rule.ts";

const guide = readFileSync("docs/redirects.md", "utf8");
const quoted = (cell: string) => [...cell.matchAll(/`([^`]*)`/g)].map(([, url]) => String(url));
const rows = guide
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map((line) => line.split("|").slice(1, 4).map(quoted));

describe("docs/redirects.md", () => {
  it("has a table of entries", () => {
    expect(rows).toHaveLength(7);
    expect(rows.flat(2).length).toBeGreaterThan(35);
  });

  it.each(rows)("says truly what %j admits", (entries, admitted, others) => {
    const redirectUrls = entries ?? [];
    const rules = { siteUrl: "", redirectUrls };
    expect(redirectUrls.map(parseRedirectRule)).not.toContain(null);
    for (const url of admitted ?? []) expect(admittedRedirect(rules, url)).toBe(url);
    for (const url of others ?? [])
      expect([url, admittedRedirect(rules, url)]).toEqual([url, null]);
  });
});
