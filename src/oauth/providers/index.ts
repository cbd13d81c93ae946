import type { Preset } from "../preset.ts";
import { apple } from "./apple.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { google } from "./google.ts";
import { microsoft } from "./microsoft.ts";
import { oauth2 } from "./oauth2.ts";
import { oidc } from "./oidc.ts";

/** Every kind of provider there is; another one is a file here and a line in this table. */
export const presets: Readonly<Record<string, Preset>> = {
  apple,
  github,
  gitlab,
  google,
  microsoft,
  oauth2,
  oidc,
};

/** The preset of a provider's kind, or null for a kind that this release does not know. */
export function presetOf(kind: string): Preset | null {
  return Object.hasOwn(presets, kind) ? (presets[kind] ?? null) : null;
}
