const longestText = 200;
const mostKeys = 100;

export type UserValue = string | number | boolean;
export type UserValues = Readonly<Record<string, UserValue | Readonly<Record<string, UserValue>>>>;

/**
 * What users wrote about themselves, fit for somebody else's mailbox: texts, numbers and booleans down
 * to the second level; the rest is left out.
 */
export function cleanMetadata(metadata: unknown): UserValues {
  return cleanEntries(metadata, (value) => cleanValue(value) ?? cleanObject(value));
}

/** One line of at most 200 characters that no mail program makes a link of. */
export function cleanText(text: string): string {
  return breakLinks([...oneLine(text)].slice(0, longestText).join(""));
}

/**
 * An address as it is, unless its local part could pass for a link: `www.evil.example/pay@x.example`
 * is an address, and whoever has one can have it written to others.
 */
export function cleanAddress(address: string): string {
  const isPlain = /^(?!www\.)[a-z0-9_+-]+(\.[a-z0-9_+-]+)*@[a-z0-9.-]+$/i.test(address);
  return isPlain && !/[+.]www\./i.test(address) ? address : breakLinks(oneLine(address));
}

/** Without control and formatting characters, among them those that turn the direction of writing. */
export function oneLine(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/(?![\u200c\u200d])\p{Cf}/gu, "")
    .trim();
}

// Mail programs make links of what looks like a host or a scheme, with IDNA's other dots, too.
function breakLinks(text: string): string {
  return text
    .replace(/[.\u3002\uff0e\uff61](?=[\p{L}\p{N}\p{M}\p{Cf}_-])/gu, "$& ")
    .replace(/:(?=\/\/)/g, ": ");
}

function cleanObject(value: unknown): Readonly<Record<string, UserValue>> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  return cleanEntries(value, cleanValue);
}

function cleanValue(value: unknown): UserValue | undefined {
  if (typeof value === "string") return cleanText(value);
  return typeof value === "number" || typeof value === "boolean" ? value : undefined;
}

// A template can write out names as well.
function cleanEntries<T>(
  from: unknown,
  clean: (value: unknown) => T | undefined,
): Record<string, T> {
  if (typeof from !== "object" || from === null || Array.isArray(from)) return {};
  return Object.fromEntries(
    Object.entries(from)
      .slice(0, mostKeys)
      .flatMap(([name, value]) => {
        const cleaned = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(name) ? clean(value) : undefined;
        return cleaned === undefined ? [] : [[name, cleaned] as const];
      }),
  );
}
