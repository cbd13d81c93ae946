import type { TestProject } from "./project.ts";

/** Every row of every table of a project, to see that nothing changed. */
export function contentsOf(project: TestProject): Promise<Record<string, string[]>> {
  return project.transaction(async (query) => {
    const tables = await query<{ name: string }>(
      `select relname as name from pg_class
       where relnamespace = current_schema()::regnamespace and relkind = 'r' order by relname`,
    );
    const contents: Record<string, string[]> = {};
    for (const { name } of tables) {
      const rows = await query<{ row: string }>(
        `select to_jsonb(t)::text as row from ${name} t order by 1`,
      );
      contents[name] = rows.map(({ row }) => row);
    }
    return contents;
  });
}
