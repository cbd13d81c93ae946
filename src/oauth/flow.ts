import { createHash, randomBytes } from "node:crypto";
import { z } from "zod";
import type { SecretBox } from "../projects/secret_box.ts";
import type { Provider } from "./provider.ts";

/** A sign-in at a provider as it begins: all of it 256 random bits, in base64url. */
export interface NewFlow {
  /** Travels to the provider and back (RFC 6749 section 10.12). */
  readonly state: string;
  /** Stays in the browser that began, in a cookie. */
  readonly browser: string;
  readonly nonce: string;
  /** PKCE towards the provider (RFC 7636), with which nobody else can use its code. */
  readonly verifier: string;
}

/** What the provider's answer is held against. */
export interface FlowSecrets {
  readonly nonce: string;
  readonly verifier: string;
  /** Whom it was asked of: a name may come to mean another provider in the meantime. */
  readonly issuer: string | null;
  readonly clientId: string;
  /** Whether it began on a page of ours, where what goes wrong is told then. */
  readonly fromPage: boolean;
}

const secretsSchema = z.object({
  nonce: z.string(),
  verifier: z.string(),
  issuer: z.string().nullable(),
  clientId: z.string(),
  fromPage: z.boolean(),
});

const use = "oauth_flow";

export function newFlow(): NewFlow {
  return {
    state: randomText(),
    browser: randomText(),
    nonce: randomText(),
    verifier: randomText(),
  };
}

export function sealFlow(
  box: SecretBox,
  flow: NewFlow,
  { issuer, clientId }: Provider,
  fromPage: boolean,
): Buffer {
  const { nonce, verifier } = flow;
  const secrets: FlowSecrets = { nonce, verifier, issuer, clientId, fromPage };
  return box.seal(JSON.stringify(secrets), use);
}

/** @throws OperatorError when no key of the ring opens it */
export function openFlow(box: SecretBox, sealed: Uint8Array): FlowSecrets {
  return secretsSchema.parse(JSON.parse(box.open(sealed, use)));
}

/** Under which SQL keeps a text of a flow. */
export function flowHash(text: string): Buffer {
  return createHash("sha256").update(text, "utf8").digest();
}

function randomText(): string {
  return randomBytes(32).toString("base64url");
}
