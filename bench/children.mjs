// Processes that live through all rounds, so that each is as warm as the other when it is measured.
import { fork } from "node:child_process";

/** Starts a file of this folder; resolves with the child and its first message. */
export async function start(file, options = {}) {
  const child = fork(new URL(file, import.meta.url), {
    env: { NODE_ENV: "production", ...process.env, BENCH: JSON.stringify(options) },
    serialization: "advanced",
  });
  return { child, ready: await answer(child) };
}

/** Sends a message and resolves with the answer. */
export function ask(child, message) {
  child.send(message);
  return answer(child);
}

function answer(child) {
  return new Promise((resolve, reject) => {
    const failed = (code, signal) =>
      reject(new Error(`a child of the benchmark exited with ${code ?? signal}`));
    child.once("exit", failed);
    child.once("message", (message) => {
      child.off("exit", failed);
      resolve(message);
    });
  });
}
