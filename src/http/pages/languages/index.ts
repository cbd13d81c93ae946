import type { PageWords } from "../words.ts";
import { de } from "./de.ts";
import { en } from "./en.ts";

/** The languages of the pages, by tag; a new one is a file and a line here. */
export const languages: Readonly<Record<string, PageWords>> & { readonly en: PageWords } = {
  en,
  de,
};
