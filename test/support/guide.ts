import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { resolve } from "node:path";

export interface GuideBlock {
  readonly language: "sql" | "sh" | "js";
  /** What the first line's comment says: the role of SQL, the name of a module. */
  readonly title: string;
  readonly code: string;
}

/** The code blocks of docs/rls.md, in order. */
export const guideBlocks: readonly GuideBlock[] = [
  ...readFileSync("docs/rls.md", "utf8").matchAll(/^```(.*)\n([\s\S]*?)^```$/gm),
].map(([, language = "", code = ""]) => {
  if (language !== "sql" && language !== "sh" && language !== "js") {
    throw new Error(`docs/rls.md has a block of ${language || "no language"}`);
  }
  const title = /^(?:-- as (?:an )?|\/\/ )(.*)\n/.exec(code)?.[1] ?? "";
  if (title === "" && language !== "sh") throw new Error(`a block has no first line: ${code}`);
  return { language, title, code };
});

// In the checkout, so that the modules import packages by their names as a reader's would.
const folder = resolve("test-results/guide");

/** Writes a module of the guide; returns its file. */
export async function writeModule(name: string): Promise<string> {
  const found = guideBlocks.filter(({ title }) => title === name);
  if (found.length !== 1 || !found[0]) throw new Error(`docs/rls.md has ${found.length} ${name}`);
  await mkdir(folder, { recursive: true });
  const file = resolve(folder, name);
  await writeFile(file, found[0].code);
  return file;
}
