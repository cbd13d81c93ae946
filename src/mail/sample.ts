import { verifyLink } from "./links.ts";
import type { MailPayload } from "./payload.ts";
import type { MailPurpose } from "./purposes.ts";
import type { MailRow, MailSettings, ValueSources } from "./template_values.ts";
import { hasCode, hasLink } from "./templates/variables.ts";

/** The code of a sample mail. */
export const sampleCode = "482913";

const authUrl = "https://auth.example/proj_shop";

const settings: MailSettings = {
  name: "Corner Shop",
  site_url: "https://shop.example",
  language: "en",
  page_color: "#1d4ed8",
  pages_enabled: true,
  code_lifetime: 600,
  link_lifetime: 3_600,
};

/** A project as it may be, for mails that are only looked at. */
export const sampleProject = { id: "proj_shop", authUrl, settings };

/** An outbox row of nobody's. */
export function sampleRow(purpose: MailPurpose, projectId: string = sampleProject.id): MailRow {
  const email = "ada@shop.example";
  const new_email = "ada.lovelace@mail.example";
  return {
    project_id: projectId,
    purpose,
    recipient: purpose === "email_change" ? new_email : email,
    data: { email, new_email, user_metadata: { name: "Ada Lovelace" } },
  };
}

/** What a mail of a purpose carries; the token opens nothing. */
export function samplePayload(
  purpose: MailPurpose,
  siteUrl: string,
  languages: readonly string[],
): MailPayload {
  return {
    token: hasLink(purpose) ? "THIS-IS-A-SAMPLE-AND-OPENS-NOTHING-0123456789" : null,
    code: hasCode(purpose) ? sampleCode : null,
    redirectTo: hasLink(purpose) && siteUrl !== "" ? siteUrl : null,
    languages,
  };
}

/** What a sample mail's values are made of. */
export function sampleSources(purpose: MailPurpose): ValueSources {
  const { token, code, redirectTo } = samplePayload(purpose, settings.site_url, []);
  const link = token === null ? null : verifyLink(authUrl, purpose, { token, redirectTo });
  return { authUrl, settings, row: sampleRow(purpose), link, code };
}
