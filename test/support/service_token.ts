import jwt from "jsonwebtoken";
import type { TestProject } from "./project.ts";

/** The bearer of a project's own backend, as it signs one with the project's secret. */
export function serviceToken({ jwtSecret, authUrl }: TestProject): string {
  return jwt.sign({ role: "service_role" }, jwtSecret, { issuer: authUrl, expiresIn: 300 });
}
