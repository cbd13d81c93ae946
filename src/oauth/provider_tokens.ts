import { z } from "zod";
import type { SecretBox } from "../projects/secret_box.ts";

/** The provider's own tokens, for the app to call the provider with. */
export type ProviderTokens = z.infer<typeof tokensSchema>;

const tokensSchema = z.object({
  provider_token: z.string(),
  provider_refresh_token: z.string().optional(),
});

const use = "provider_tokens";

/** For as long as they wait with an authorization code. */
export function sealTokens(box: SecretBox, tokens: ProviderTokens): Buffer {
  return box.seal(JSON.stringify(tokens), use);
}

/** @throws OperatorError when no key of the ring opens them */
export function openTokens(box: SecretBox, sealed: Uint8Array): ProviderTokens {
  return tokensSchema.parse(JSON.parse(box.open(sealed, use)));
}
