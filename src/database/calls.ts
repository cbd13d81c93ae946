import type { FunctionCall } from "./database.ts";
import { quoteIdentifier } from "./identifiers.ts";

/** The statement of a call; its value comes back in the column `value`. */
export function callStatement({ schema, name, args, isScalar }: FunctionCall): string {
  const list = args.map((argument, index) => `$${index + 1}::${argument.type}`).join(", ");
  const call = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}(${list})`;
  return `select ${isScalar ? `pg_catalog.to_jsonb(${call})` : call} as value`;
}

/** The values of a call, in the order of its statement's parameters. */
export function callValues({ args }: FunctionCall): unknown[] {
  return args.map((argument) => argument.value);
}
