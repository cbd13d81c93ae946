import { isCommonPassword } from "./common.ts";

/** Why a password is weak, in the words of the wire. */
export type WeaknessReason = "length" | "characters" | "pwned";

export interface PasswordWeakness {
  readonly reasons: WeaknessReason[];
  /** The sentence for the client. */
  readonly message: string;
}

export interface PasswordRules {
  /** In code points: an emoji outside the basic plane counts as one. */
  readonly minLength: number;
  /**
   * What an attacker tries first for this user: the e-mail address (its local part follows from
   * it), the project's name and id.
   */
  readonly context: readonly string[];
}

/** What stands in a leak, which {@link assessPassword} cannot know. */
export const breached: PasswordWeakness = {
  reasons: ["pwned"],
  message: "Password stands in a known data leak, please choose a different one",
};

const productName = "miosa";

/** A shorter word, as in jo@example.org, refuses only the password equal to it. */
const minWordLetters = 3;

/**
 * Says why a password is weak, or null when it will do. There are no composition rules: spaces,
 * emoji, only digits or only lower case are fine. Refused are short ones, common ones, and a word
 * of the context (or the product's name) to which only digits and punctuation were added.
 *
 * @example
 * ```ts
 * assessPassword("Clinic2026!", { minLength: 8, context: ["ann@example.org", "Clinic"] });
 * // { reasons: ["pwned"], message: "Password must not be ..." }
 * ```
 */
export function assessPassword(password: string, rules: PasswordRules): PasswordWeakness | null {
  if (countCodePoints(password) < rules.minLength) {
    return {
      reasons: ["length"],
      message: `Password should be at least ${rules.minLength} characters`,
    };
  }
  if (isCommonPassword(password)) {
    return {
      reasons: ["pwned"],
      message: "Password is known to be weak and easy to guess, please choose a different one.",
    };
  }
  if (isMadeOfContext(password, rules.context)) {
    return {
      reasons: ["pwned"],
      message: "Password must not be made of the e-mail address or the name of this service",
    };
  }
  return null;
}

function countCodePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

function isMadeOfContext(password: string, context: readonly string[]): boolean {
  const typed = password.toLowerCase();
  const letters = lettersOf(typed);
  return [productName, ...context].flatMap(wordsOf).some((word) => {
    if (word === typed) return true;
    const wordLetters = lettersOf(word);
    return wordLetters.length >= minWordLetters && wordLetters === letters;
  });
}

/** The entry itself; of an address also the local part; of a name also each of its words. */
function wordsOf(entry: string): string[] {
  const whole = entry.trim().toLowerCase();
  const local = whole.split("@", 1);
  return [whole, ...local, ...whole.split(/\s+/)].filter((word) => word !== "");
}

/**
 * Without digits, punctuation and spaces, "miosa", "miosa2026!" and "2026-Miosa" are one, and so
 * are "Acme Clinic" and "acme-clinic1".
 */
function lettersOf(text: string): string {
  return text.replace(/[^\p{L}\p{M}]/gu, "");
}
