import { accountLinks } from "./links.ts";
import type { MailPurpose } from "./purposes.ts";
import { textColorOn } from "./templates/colors.ts";
import { cleanAddress, cleanMetadata, oneLine, type UserValues } from "./user_text.ts";

/** What a project's settings say of its mails; part of what `mail_configuration()` answers. */
export interface MailSettings {
  /** Empty where it was never set. */
  readonly name: string;
  readonly site_url: string;
  readonly language: string;
  /** `#rrggbb`. */
  readonly page_color: string;
  readonly pages_enabled: boolean;
  /** Seconds. */
  readonly code_lifetime: number;
  /** Seconds. */
  readonly link_lifetime: number;
}

/** What a row of the outbox knows of whom it is about; what a purpose has none of is left out. */
export interface MailData {
  readonly user_metadata?: unknown;
  /** The account's address. */
  readonly email?: string | null;
  /** The address that a change leads to. */
  readonly new_email?: string | null;
}

export interface MailRow {
  readonly project_id: string;
  readonly purpose: MailPurpose;
  /** Where the mail goes: the stored address. */
  readonly recipient: string;
  readonly data: MailData;
}

/** What templates can write. `docs/mail.md` lists it. */
export interface TemplateValues {
  readonly project: {
    readonly name: string;
    readonly id: string;
    readonly url: string | null;
    readonly color: string;
    readonly text_color: string;
  };
  readonly link: string | null;
  /** The link's token alone, for a link to a page of the application's own. */
  readonly token: string | null;
  readonly code: string | null;
  readonly sign_in_link: string | null;
  readonly reset_link: string | null;
  readonly email: string;
  readonly new_email: string;
  readonly minutes: number;
  readonly hours: number;
  readonly code_lifetime: string;
  readonly link_lifetime: string;
  readonly language: string;
  readonly user_metadata: UserValues;
}

export interface ValueSources {
  readonly authUrl: string;
  readonly settings: MailSettings;
  readonly row: MailRow;
  readonly link: string | null;
  readonly code: string | null;
}

/** The values of a mail in one language. */
export function templateValues(sources: ValueSources, language: string): TemplateValues {
  const { authUrl, settings, row, link, code } = sources;
  const links = accountLinks(authUrl, settings);
  return {
    project: {
      name: oneLine(settings.name) || row.project_id,
      id: row.project_id,
      url: settings.site_url || null,
      color: settings.page_color,
      text_color: textColorOn(settings.page_color),
    },
    link,
    token: link === null ? null : new URL(link).searchParams.get("token"),
    code,
    sign_in_link: links.sign_in,
    reset_link: links.reset,
    email: cleanAddress(row.data.email ?? row.recipient),
    new_email: cleanAddress(row.data.new_email ?? row.recipient),
    minutes: rounded(settings.code_lifetime / 60),
    hours: rounded(settings.link_lifetime / 3_600),
    code_lifetime: inWords(settings.code_lifetime, language),
    link_lifetime: inWords(settings.link_lifetime, language),
    language,
    user_metadata: cleanMetadata(row.data.user_metadata),
  };
}

/** A span of seconds in whole hours, or else in minutes. */
function inWords(seconds: number, language: string): string {
  const [value, unit] =
    seconds % 3_600 === 0 ? [seconds / 3_600, "hour"] : [Math.floor(seconds / 60), "minute"];
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(
    value as number,
  );
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
