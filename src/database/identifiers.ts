/**
 * Quotes a name for SQL, as `format('%I')` does. For names that have passed a grammar already; a
 * name with NUL, or longer than the 63 bytes Postgres would silently cut, is refused.
 *
 * @throws RangeError
 */
export function quoteIdentifier(name: string): string {
  if (name === "" || name.includes("\0") || Buffer.byteLength(name) > 63) {
    throw new RangeError("a name in Postgres has 1 to 63 bytes and no NUL");
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** Quotes a text for SQL where no parameter can stand. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
