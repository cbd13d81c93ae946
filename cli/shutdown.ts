/** Closes in order at the first SIGTERM or SIGINT and exits with 0; at the second, exits at once. */
export function onShutdown(close: () => Promise<void>): void {
  let isClosing = false;
  const stop = async () => {
    if (isClosing) process.exit(1);
    isClosing = true;
    await close();
    process.exit(0);
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}
