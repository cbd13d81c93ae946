import { AuthError } from "../../errors.ts";
import type { HttpContext } from "../service.ts";
import type { Form } from "./page.ts";

// The longest password, each byte of it written as three.
const largest = 32 * 1024;
const mostFields = 20;

/**
 * Whether a form was sent from a page of ours. Without cookies there is nothing to ride on, but
 * another site could sign somebody in as its own user, or ask for mails. The pages' policy
 * `no-referrer` makes browsers say `Origin: null`, so the fetch metadata decide; a browser that has
 * none must name our origin.
 */
export function isOwnPost(c: HttpContext): boolean {
  const site = c.req.header("Sec-Fetch-Site");
  if (site !== undefined) return site === "same-origin";
  return c.req.header("Origin") === new URL(c.get("service").publicUrl).origin;
}

/**
 * Reads `application/x-www-form-urlencoded`, and nothing else that a form can send.
 *
 * @throws AuthError validation_failed, request_entity_too_large
 */
export async function readForm(c: HttpContext): Promise<Form> {
  if (!/^application\/x-www-form-urlencoded\s*(;|$)/i.test(c.req.header("Content-Type") ?? "")) {
    throw unfit();
  }
  const text = await bodyText(c);
  if (text.length > largest) throw new AuthError("request_entity_too_large");
  const pairs = text === "" ? [] : text.split("&").map(decodePair);
  const form = new Map(pairs);
  if (form.size !== pairs.length || form.size > mostFields) throw unfit();
  return Object.fromEntries(form);
}

async function bodyText(c: HttpContext): Promise<string> {
  try {
    return await c.req.text();
  } catch (cause) {
    // The client went away, or took too long: no fault of ours.
    throw new AuthError("validation_failed", { cause });
  }
}

// URLSearchParams replaces what is not UTF-8, which would make two different passwords one.
function decodePair(pair: string): [string, string] {
  const [name, value] = pair.replaceAll("+", " ").split("=", 2).map(decode);
  if (name === undefined || value === undefined || value.includes("\0")) throw unfit();
  return [name, value];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw unfit();
  }
}

function unfit(): AuthError {
  return new AuthError("validation_failed");
}
