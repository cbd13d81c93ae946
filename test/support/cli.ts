import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";

/** The built command line; `npm test` builds it first. */
export const cliFile = "dist/cli/main.js";

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** Runs a command to its end, with no variable of the product set but those given. */
export function runCli(args: readonly string[], env: Environment = {}): Promise<Finished> {
  return runCommand(process.execPath, [cliFile, ...args], env);
}

export function runCommand(
  command: string,
  args: readonly string[],
  env: Environment = {},
): Promise<Finished> {
  return new Promise((resolve) => {
    const options = { env: environment(env), timeout: 25_000 };
    const child = execFile(command, [...args], options, (_, stdout, stderr) => {
      resolve({ code: child.exitCode, stdout, stderr });
    });
    child.stdin?.end();
  });
}

/** A command that stays until it is told to go. */
export interface Running<Printed> {
  readonly child: ChildProcess;
  /** What it printed first. */
  readonly printed: Printed;
  stderr(): string;
  /** Sends a signal and gives the exit code, null when the signal itself ended it. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a command with `--json` and waits for its line. */
export async function startCli(
  args: readonly string[],
  env: Environment = {},
): Promise<Running<Record<string, string>>> {
  const line = /^\{.*\}$/m;
  const node = [cliFile, ...args, "--json"];
  const running = await startCommand(process.execPath, node, line, env);
  return { ...running, printed: JSON.parse(running.printed) };
}

/**
 * Starts a command and waits until what it prints on standard output matches.
 *
 * @throws Error when it ends before
 */
export async function startCommand(
  command: string,
  args: readonly string[],
  ready: RegExp,
  env: Environment = {},
): Promise<Running<string>> {
  const child = spawn(command, [...args], {
    env: environment(env),
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, since some commands start others.
    detached: true,
  });
  let stderr = "";
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const exited = once(child, "exit");
  const printed = await firstMatch(child, ready);
  if (printed === undefined) throw new Error(`${args.join(" ")} ended: ${stderr}`);
  return {
    child,
    printed,
    stderr: () => stderr,
    async stop(signal = "SIGKILL") {
      const isRunning = child.exitCode === null && child.signalCode === null;
      if (isRunning && child.pid !== undefined) process.kill(-child.pid, signal);
      const [code] = await exited;
      return code;
    },
  };
}

function firstMatch(child: ChildProcess, ready: RegExp): Promise<string | undefined> {
  return new Promise((resolve) => {
    let stdout = "";
    child.stdout?.on("data", (chunk) => {
      stdout += chunk;
      const match = ready.exec(stdout);
      if (match) resolve(match[0]);
    });
    child.once("exit", () => resolve(undefined));
  });
}

function environment(env: Environment): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(MIOSA_|AUTH_|PG|NODE_OPTIONS|VITEST)/.test(name),
  );
  return { ...Object.fromEntries(own), ...env };
}
