import type { MailPurpose } from "../purposes.ts";
import type { FolderTemplate, MailTemplate, StoredTemplate, TemplateSource } from "./template.ts";

/** Where templates in place of the built-in ones are kept. */
export interface TemplateStores {
  /** The project's table. */
  readonly project: readonly StoredTemplate[];
  /** The fleet's folder. */
  readonly folder: readonly FolderTemplate[];
}

interface Subject {
  readonly project_id: string;
  readonly purpose: MailPurpose;
}

/** The languages in which a project has a template of its own for a purpose. */
export function languagesOf(stores: TemplateStores, subject: Subject): string[] {
  return inOrder(stores, subject).map(({ template }) => template.language);
}

/** A project's own template comes first, then the folder's for it, then the folder's for all. */
export function findTemplate(
  stores: TemplateStores,
  subject: Subject,
  language: string,
): { template: MailTemplate; source: TemplateSource } | undefined {
  return inOrder(stores, subject).find(({ template }) => template.language === language);
}

function inOrder(
  { project, folder }: TemplateStores,
  { project_id, purpose }: Subject,
): { template: StoredTemplate; source: TemplateSource }[] {
  const from = (source: TemplateSource, templates: readonly StoredTemplate[]) =>
    templates
      .filter((template) => template.purpose === purpose)
      .map((template) => ({ template, source }));
  return [
    ...from("project", project),
    ...from(
      "folder of the project",
      folder.filter(({ projectId }) => projectId === project_id),
    ),
    ...from(
      "folder",
      folder.filter(({ projectId }) => projectId === null),
    ),
  ];
}
