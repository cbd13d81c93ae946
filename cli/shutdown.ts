/**
 * Closes at the first SIGTERM or SIGINT and exits with 0; at the second, exits at once.
 *
 * @param close is told which of the two it was: one is an operator's system, the other a person
 */
export function onShutdown(close: (signal: NodeJS.Signals) => Promise<void>): void {
  let isClosing = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (isClosing) process.exit(1);
    isClosing = true;
    await close(signal);
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
