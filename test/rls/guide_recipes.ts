import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { guideBlocks, writeModule } from "../support/guide.ts";
import type { TestProject } from "../support/project.ts";

type Answer = string[] | string;
/** Runs a recipe for some tokens in turn: the notes of each, or the code with which it refused. */
type Recipe = (tokens: string[]) => Promise<Answer[]>;

// Prisma's client needs a schema and a generated module; its two calls are all the recipe uses.
const prisma = `
  import pg from "pg";
  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
  const prepared = (text, ...values) => ({ text, values });
  const prisma = {
    $executeRawUnsafe: prepared,
    $queryRawUnsafe: prepared,
    async $transaction(statements) {
      const client = await pool.connect();
      const results = [];
      await client.query("begin");
      for (const statement of statements) results.push((await client.query(statement)).rows);
      await client.query("commit");
      client.release();
      return results;
    },
  };`;

const askEach = `
  const answers = [];
  for (const token of JSON.parse(process.env.TOKENS)) {
    answers.push(await myNotes(token, typeof prisma === "undefined" ? undefined : prisma).catch((error) => error.code));
  }
  console.log(JSON.stringify(answers));
  process.exit();`;

/** The recipes that fit the engine, each to be run as a reader's own module. */
export async function runRecipes(project: TestProject): Promise<Recipe[]> {
  const { engine } = project.service;
  const names = guideBlocks.map(({ title }) => title).filter((title) => title.startsWith("with_"));
  if (names.length !== 5) throw new Error(`docs/rls.md has the recipes ${names}`);
  if (engine.kind === "embedded") {
    const { myNotes } = await import(await writeModule("with_pglite.mjs"));
    process.env.AUTH_JWT_SECRET = project.jwtSecret;
    return [
      async (tokens) => {
        const answers: Answer[] = [];
        for (const token of tokens) {
          answers.push(
            await myNotes(token, engine.pglite).catch((error: { code: string }) => error.code),
          );
        }
        return answers;
      },
    ];
  }
  const env = {
    ...process.env,
    DATABASE_URL: engine.url("shop_app"),
    AUTH_JWT_SECRET: project.jwtSecret,
  };
  return names
    .filter((name) => name !== "with_pglite.mjs")
    .map((name) => async (tokens) => {
      const file = await writeModule(name);
      const stand = name === "with_prisma.mjs" ? prisma : "";
      const script = `import { myNotes } from ${JSON.stringify(file)}; ${stand} ${askEach}`;
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ["--input-type=module", "-e", script],
        { env: { ...env, TOKENS: JSON.stringify(tokens) } },
      );
      return JSON.parse(stdout) as Answer[];
    });
}
