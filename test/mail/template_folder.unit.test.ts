import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectTemplates } from "../../src/mail/templates/built_in.ts";
import {
  readFleetTemplates,
  readTemplates,
  writeTemplates,
} from "../../src/mail/templates/folder.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "miosa-mail-"));
});

afterEach(() => rm(folder, { recursive: true }));

const good = {
  "recovery.en.subject.txt": "Hello\n",
  "recovery.en.html": '<a href="{{ link }}">{{ user_metadata.address.city }}</a>',
  "recovery.en.txt": "{{ link }}",
};

async function write(files: Record<string, string | Uint8Array>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

describe("a folder of templates", () => {
  it("is read as it was written, every built-in mail of it", async () => {
    const templates = projectTemplates([]);
    await writeTemplates(folder, templates);
    const byName = (one: { purpose: string; language: string }) => `${one.purpose}.${one.language}`;
    const read = new Map((await readTemplates(folder)).map((each) => [byName(each), each]));
    expect(read.size).toBe(24);
    for (const template of templates) expect(read.get(byName(template))).toEqual(template);
  });

  it("is not written over what is there", async () => {
    await write({ "signup.de.html": "mine" });
    await expect(writeTemplates(folder, projectTemplates([]))).rejects.toMatchObject({
      code: "validation_failed",
      message: expect.stringContaining("signup.de.html is there already"),
    });
    expect(await readdir(folder)).toEqual(["signup.de.html"]);
  });

  it("may have names that begin with a dot, and tags in capitals", async () => {
    const brazilian = Object.fromEntries(
      Object.entries(good).map(([name, text]) => [name.replace(".en.", ".pt-BR."), text]),
    );
    await write({ ...brazilian, ".DS_Store": "x" });
    expect(await readTemplates(folder)).toMatchObject([
      { purpose: "recovery", language: "pt-br", subject: "Hello" },
    ]);
  });

  it.each<[string, Record<string, string | Uint8Array>, string]>([
    [
      "an unknown variable",
      { "recovery.en.html": "{{ link }}{{ user.name }}" },
      "recovery.en.html: there is no variable user.name",
    ],
    [
      "one behind a condition",
      { "recovery.en.txt": "{{ link }}{% if false %}{{ Token }}{% endif %}" },
      "no variable Token",
    ],
    [
      "one of a list",
      { "recovery.en.txt": "{{ link }}{% for a in accounts %}{% endfor %}" },
      "no variable accounts",
    ],
    [
      "one by a computed name",
      { "recovery.en.txt": "{{ link }}{{ project[email] }}" },
      "no variable project",
    ],
    [
      "one that another purpose has",
      { "recovery.en.txt": "{{ link }}{{ new_email }}" },
      "no variable new_email",
    ],
    [
      "an unknown purpose",
      { "reset.en.html": "a", "reset.en.txt": "a", "reset.en.subject.txt": "a" },
      "reset.en: a purpose is one of signup,",
    ],
    [
      "a language that is none",
      { "recovery.x.html": "a", "recovery.x.txt": "a", "recovery.x.subject.txt": "a" },
      "recovery.x: a language is a tag",
    ],
    [
      "a tag that Intl refuses",
      { "recovery.en-a1.html": "a", "recovery.en-a1.txt": "a", "recovery.en-a1.subject.txt": "a" },
      "recovery.en-a1: a language is a tag",
    ],
    ["a missing part", { "invite.de.html": "{{ link }}" }, "invite.de.subject.txt is missing"],
    ["another file", { "recovery.en.htm": "x" }, "recovery.en.htm: a template's files are"],
    ["a folder", { "proj_shop/recovery.en.html": "x" }, "proj_shop is a folder"],
    ["a part without words", { "recovery.en.subject.txt": " \n" }, "recovery.en.subject is empty"],
    [
      "a subject that comes out empty",
      { "recovery.en.subject.txt": "{% if false %}x{% endif %}" },
      "recovery.en.subject is empty when",
    ],
    ["a long subject", { "recovery.en.subject.txt": "x".repeat(501) }, "more than 500 characters"],
    [
      "long HTML",
      { "recovery.en.html": `{{ link }}${"x".repeat(65_536)}` },
      "more than 65536 characters",
    ],
    ["a huge file", { "recovery.en.html": "x".repeat(300_000) }, "more than 262144 bytes"],
    [
      "other bytes than UTF-8",
      { "recovery.en.html": new Uint8Array([0xff, 0xfe]) },
      "recovery.en.html cannot be read",
    ],
    [
      "Liquid that does not parse",
      { "recovery.en.html": "{{ link }}{% if %}" },
      "recovery.en.html: ",
    ],
    ["the raw filter", { "recovery.en.html": "{{ link | raw }}" }, "undefined filter: raw"],
    [
      "no way to go on",
      { "recovery.en.txt": "Hello {{ email }}" },
      "recovery.en.text shows neither {{ link }}, {{ token }} nor {{ code }}",
    ],
    [
      "a link in a mail that has none",
      {
        "reauthentication.en.html": "{{ link }}",
        "reauthentication.en.txt": "{{ code }}",
        "reauthentication.en.subject.txt": "a",
      },
      "no variable link",
    ],
  ])("is refused for %s, by its name", async (_, files, reason) => {
    await write({ ...good, ...files });
    await expect(readTemplates(folder)).rejects.toMatchObject({
      code: "validation_failed",
      message: expect.stringContaining(reason),
    });
  });

  it("that is not there is refused by its name", async () => {
    const missing = join(folder, "nowhere");
    await expect(readTemplates(folder)).rejects.toThrow("has no template");
    for (const read of [readTemplates, readFleetTemplates]) {
      await expect(read(missing)).rejects.toMatchObject({
        code: "validation_failed",
        message: expect.stringContaining(`${missing} cannot be read`),
      });
    }
  });
});

describe("a fleet's folder", () => {
  it("has templates for all projects, and for one in the folder of its name", async () => {
    const own = Object.entries(good).map(([name, text]) => [`proj_shop/${name}`, text]);
    await write({ ...good, ...Object.fromEntries(own) });
    const read = await readFleetTemplates(folder);
    expect(read.map(({ projectId, purpose }) => [projectId, purpose])).toEqual([
      [null, "recovery"],
      ["proj_shop", "recovery"],
    ]);
  });

  it("is refused for a folder that can be no project's, and for a wrong file in a project's", async () => {
    await write({ ...good, "Proj-Shop/recovery.en.html": "x" });
    await expect(readFleetTemplates(folder)).rejects.toThrow(
      "Proj-Shop has the name of no project",
    );
    await rm(join(folder, "Proj-Shop"), { recursive: true });
    await write({ "proj_shop/recovery.en.html": "{{ link }}" });
    await expect(readFleetTemplates(folder)).rejects.toThrow("recovery.en.subject.txt is missing");
  });
});
