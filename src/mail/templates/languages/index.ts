import type { Words } from "../words.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";

/** The languages of this release, by tag; a new one is a file and a line here. */
export const languages: Readonly<Record<string, Words>> & { readonly en: Words } = {
  en,
  de,
};
