import type { TestProject } from "./project.ts";

/** A page as a browser gets it. */
export interface PageReply {
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** Where a redirect leads, or null. */
  readonly location: string | null;
  /** The parameters in the fragment of {@link location}. */
  readonly fragment: Record<string, string>;
}

/** What a browser says of a form that stands on our own page. */
export const ownPage = { "Sec-Fetch-Site": "same-origin" };

export function openPage(
  project: TestProject,
  path: string,
  init: { readonly method?: string; readonly headers?: Record<string, string> } = {},
): Promise<PageReply> {
  return ask(project, path, init);
}

/** Sends a form as a page of ours does. */
export function sendForm(
  project: TestProject,
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = ownPage,
): Promise<PageReply> {
  return ask(project, path, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...headers },
    body: new URLSearchParams(fields).toString(),
  });
}

/** The hidden fields of a page's form, as a browser would send them along. */
export function hiddenFields({ html }: PageReply): Record<string, string> {
  const inputs = html.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g);
  return Object.fromEntries([...inputs].map(([, name, value]) => [name, unescaped(String(value))]));
}

async function ask(project: TestProject, path: string, init: RequestInit): Promise<PageReply> {
  const reply = await project.service.auth.fetch(new Request(project.authUrl + path, init));
  const location = reply.headers.get("Location");
  const [, fragment = ""] = location?.split("#") ?? [];
  return {
    status: reply.status,
    headers: reply.headers,
    html: await reply.text(),
    location,
    fragment: Object.fromEntries(new URLSearchParams(fragment)),
  };
}

function unescaped(text: string): string {
  return text
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
