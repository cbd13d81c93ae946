// Refresh tokens that the process which stores them and the one which sends them both can compute.
import { createHash } from "node:crypto";

export function tokenOf(seed, project, client) {
  const secret = sha256(`${seed}:${project}:${client}`);
  return { text: secret.toString("base64url"), hash: sha256(secret) };
}

function sha256(data) {
  return createHash("sha256").update(data).digest();
}
