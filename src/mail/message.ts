import { verifyLink } from "./links.ts";
import type { MailPayload } from "./payload.ts";
import type { MailPurpose } from "./purposes.ts";
import {
  type MailRow,
  type MailSettings,
  templateValues,
  type ValueSources,
} from "./template_values.ts";
import { builtInLanguages, builtInTemplate } from "./templates/built_in.ts";
import { renderTemplate } from "./templates/engine.ts";
import { chooseLanguage } from "./templates/language_choice.ts";
import { findTemplate, languagesOf } from "./templates/precedence.ts";
import type {
  FolderTemplate,
  MailTemplate,
  StoredTemplate,
  TemplateSource,
} from "./templates/template.ts";
import { hasCode, hasLink } from "./templates/variables.ts";

/** What `mail_configuration()` says of a project's words. */
export interface MailWording extends MailSettings {
  readonly templates: readonly StoredTemplate[];
}

export interface MessageParts {
  /** The project's AUTH_URL, from configuration and never from a request. */
  readonly authUrl: string;
  readonly configuration: MailWording;
  readonly row: MailRow;
  readonly payload: MailPayload;
  /** Templates of the fleet's own. */
  readonly folderTemplates?: readonly FolderTemplate[];
}

export interface Message {
  readonly to: string;
  readonly subject: string;
  readonly html: string;
  readonly text: string;
  readonly language: string;
  readonly link: string | null;
  readonly code: string | null;
  /** Why the words are built-in ones where there was a template; to be told to the operator. */
  readonly failure: TemplateFailure | null;
}

/** A template that could not be rendered. Holds nothing of the mail's values. */
export interface TemplateFailure {
  readonly projectId: string;
  readonly purpose: MailPurpose;
  readonly language: string;
  readonly source: TemplateSource;
  /** The kind of error and its place in the template. */
  readonly reason: string;
}

/**
 * Writes the mail of an outbox row. Pure: the same parts give the same message. A template that fails
 * gives way to the built-in one: no mail is lost for its words.
 */
export function composeMessage(parts: MessageParts): Message {
  const { row, payload, configuration, authUrl, folderTemplates = [] } = parts;
  const sources: ValueSources = {
    authUrl,
    settings: configuration,
    row,
    link: linkOf(authUrl, row.purpose, payload),
    code: hasCode(row.purpose) ? payload.code : null,
  };
  const stores = { project: configuration.templates, folder: folderTemplates };
  const choose = (available: readonly string[]) =>
    chooseLanguage(
      {
        userMetadata: row.data.user_metadata,
        browser: payload.languages,
        project: configuration.language,
      },
      available,
    );
  const language = choose([...languagesOf(stores, row), ...builtInLanguages]);
  const found = findTemplate(stores, row, language);
  const builtIn = () => {
    const tag = choose(builtInLanguages);
    return message(sources, tag, builtInTemplate(row.purpose, tag), null);
  };
  if (!found) return builtIn();
  try {
    return message(sources, language, found.template, null);
  } catch (error) {
    const failure = {
      projectId: row.project_id,
      purpose: row.purpose,
      language,
      source: found.source,
      reason: reasonOf(error),
    };
    return { ...builtIn(), failure };
  }
}

function message(
  sources: ValueSources,
  language: string,
  template: MailTemplate,
  failure: TemplateFailure | null,
): Message {
  const { row, link, code } = sources;
  const values = templateValues(sources, language);
  return {
    to: row.recipient,
    ...renderTemplate(template, values),
    language,
    link,
    code,
    failure,
  };
}

function linkOf(authUrl: string, purpose: MailPurpose, payload: MailPayload): string | null {
  const { token, redirectTo } = payload;
  if (token === null || !hasLink(purpose)) return null;
  return verifyLink(authUrl, purpose, { token, redirectTo });
}

// LiquidJS quotes the template, never a value; its context lines are cut off all the same.
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "unknown";
  return `${error.name}: ${error.message.split("\n", 1)[0]}`.slice(0, 200);
}
