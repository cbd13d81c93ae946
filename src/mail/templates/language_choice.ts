import { match } from "@formatjs/intl-localematcher";

/** The wishes of whoever reads a mail, in the order in which they count. */
export interface LanguageWishes {
  readonly userMetadata: unknown;
  /** What the asking browser prefers, the best first. */
  readonly browser: readonly string[];
  /** The project's setting. */
  readonly project: string;
}

const none = "zxx";

/** The first language of the wishes that is available (RFC 4647 lookup), or else English. */
export function chooseLanguage(wishes: LanguageWishes, available: readonly string[]): string {
  const byTag = new Map(available.map((tag) => [canonical(tag) ?? tag, tag]));
  for (const wish of [...ownWishes(wishes.userMetadata), ...wishes.browser, wishes.project]) {
    const tag = canonical(wish);
    if (tag === undefined) continue;
    const found = byTag.get(match([tag], [...byTag.keys()], none, { algorithm: "lookup" }));
    if (found !== undefined) return found;
  }
  return "en";
}

function ownWishes(userMetadata: unknown): string[] {
  if (typeof userMetadata !== "object" || userMetadata === null) return [];
  const { locale, language } = userMetadata as { locale?: unknown; language?: unknown };
  return [locale, language].filter((value) => typeof value === "string");
}

/** A tag as Unicode writes it; undefined for what is none, such as the `*` of Accept-Language. */
function canonical(tag: string): string | undefined {
  if (!/^[A-Za-z0-9]{2,8}([-_][A-Za-z0-9]{1,8}){0,8}$/.test(tag)) return undefined;
  try {
    return Intl.getCanonicalLocales(tag.replaceAll("_", "-"))[0];
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
