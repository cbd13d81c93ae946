import { type Logger, pino } from "pino";

/** Logs as JSON lines on standard error; MIOSA_AUTH_LOG_LEVEL chooses how much. */
export function stderrLogger(): Logger {
  return pino({ level: process.env.MIOSA_AUTH_LOG_LEVEL ?? "info" }, pino.destination(2));
}
