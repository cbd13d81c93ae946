import { chooseLanguage } from "../../mail/templates/language_choice.ts";
import { readLanguages } from "../mail_request.ts";
import type { HttpContext } from "../service.ts";
import { languages } from "./languages/index.ts";
import type { PageWords } from "./words.ts";

/** What every page is written with. */
export interface Page {
  readonly c: HttpContext;
  readonly language: string;
  readonly words: PageWords;
  /** Travels from form to form in hidden fields, and is judged anew at each. */
  readonly state: PageState;
}

/** What the app that sent somebody here asked for; under the names of the JSON endpoints. */
export interface PageState {
  readonly redirect_to?: string | undefined;
  readonly code_challenge?: string | undefined;
  readonly code_challenge_method?: string | undefined;
}

/** What a form sent, by name. */
export type Form = Readonly<Record<string, string | undefined>>;

/** One address: what shows it, and what takes its form. */
export interface PageRoute {
  show?(page: Page): Promise<Response> | Response;
  submit?(page: Page, form: Form): Promise<Response> | Response;
}

export const stateNames = ["redirect_to", "code_challenge", "code_challenge_method"] as const;

/** The page of a request, in the browser's language or the project's. */
export function openPage(c: HttpContext, fields: Form): Page {
  const { language: project } = c.get("project").configuration;
  const wishes = { userMetadata: null, browser: readLanguages(c), project };
  const language = chooseLanguage(wishes, Object.keys(languages));
  return {
    c,
    language,
    words: languages[language] ?? languages.en,
    state: Object.fromEntries(stateNames.map((name) => [name, fields[name] || undefined])),
  };
}

/** The path of another page, which is told the same. */
export function pathOf(
  { c, state }: Page,
  path: string,
  more: Record<string, string> = {},
): string {
  const query = new URLSearchParams(more);
  for (const name of stateNames) if (state[name]) query.set(name, state[name]);
  const { authUrl } = c.get("project").issuer;
  const url = new URL(authUrl + path);
  return query.size > 0 ? `${url.pathname}?${query}` : url.pathname;
}
