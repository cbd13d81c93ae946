import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";

/** What a file says, without its last line break. */
export async function readSecretFile(file: string): Promise<string> {
  return withoutLineBreak(await readFile(file, "utf8"));
}

/** What standard input says; a person is asked, and what is typed is not shown. */
export async function readSecretInput(question: string): Promise<string> {
  if (!process.stdin.isTTY) return withoutLineBreak(await text(process.stdin));
  process.stderr.write(question);
  const output = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output, terminal: true });
  try {
    return await lines.question("");
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}

function withoutLineBreak(secret: string): string {
  return secret.replace(/\r?\n$/, "");
}
