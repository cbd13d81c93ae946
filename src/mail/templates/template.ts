import type { MailPurpose } from "../purposes.ts";

/** The three parts of a mail, in Liquid. */
export interface MailTemplate {
  /** Plain text, one line. */
  readonly subject: string;
  readonly html: string;
  /** Plain text. */
  readonly text: string;
}

/** A template as a project's table keeps it, perhaps for a purpose that only another release knows. */
export interface StoredTemplate extends MailTemplate {
  readonly purpose: string;
  /** A lower-case language tag such as `de` or `pt-br`. */
  readonly language: string;
}

/** A template in place of a built-in one, for one purpose in one language. */
export interface OwnTemplate extends StoredTemplate {
  readonly purpose: MailPurpose;
}

/** A template of a folder that the whole fleet reads; of one project, or with null of all. */
export interface FolderTemplate extends OwnTemplate {
  readonly projectId: string | null;
}

/** Where a template comes from; of two that fit, the first here is taken. */
export type TemplateSource = "project" | "folder of the project" | "folder" | "built-in";
