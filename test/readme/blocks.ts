import { type ChildProcess, execFile, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";

const readme = readFileSync("README.md", "utf8");

/** The code blocks of one language in README.md, in order. */
export function readmeBlocks(language: string): string[] {
  return [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, code]) => code ?? "",
  );
}

/** The one block that contains a text. */
export function readmeBlock(language: string, containing: string): string {
  const found = readmeBlocks(language).filter((code) => code.includes(containing));
  if (found.length !== 1 || !found[0]) {
    throw new Error(`README.md has ${found.length} blocks with ${containing}`);
  }
  return found[0];
}

/** Runs a shell block as a reader would, stopping at the first command that fails. */
export async function runShell(script: string, env: Record<string, string> = {}): Promise<string> {
  const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", script], {
    env: { ...process.env, ...env },
  });
  return stdout;
}

/** Starts a command that stays; resolves with its standard output once that matches. */
export async function startCommand(
  command: string,
  ready: RegExp,
  env: Record<string, string> = {},
): Promise<{ output: string; stop(): Promise<void> }> {
  const child = spawn("bash", ["-c", `exec ${command}`], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const output = await waitFor(child, ready);
  return { output, stop: () => stopGroup(child) };
}

function waitFor(child: ChildProcess, ready: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = "";
    let errors = "";
    child.stdout?.on("data", (chunk) => {
      output += chunk;
      if (ready.test(output)) resolve(output);
    });
    child.stderr?.on("data", (chunk) => {
      errors += chunk;
    });
    child.once("exit", (code) => reject(new Error(`exited with ${code}: ${errors}`)));
  });
}

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const gone = new Promise((resolve) => child.once("exit", resolve));
  process.kill(-child.pid, "SIGTERM");
  await gone;
}
