// Runs in a worker thread. Plain JavaScript, because Node 20 starts no thread from a .ts file and
// the tests run the sources.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The compiled bcrypt; the synchronous call, since this thread has nothing else to do. */
export function native({ input, salt }) {
  return require("bcrypt").hashSync(input, salt);
}

/** The same function in JavaScript, for machines without a binary. */
export function worker({ input, salt }) {
  return require("bcryptjs").hashSync(input, salt);
}
