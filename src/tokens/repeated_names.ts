/**
 * Whether a JSON object has two members of one name, at its top level. `JSON.parse` takes the last of
 * them and other readers the first, so such a token says different things to different readers.
 *
 * @param json an object that `JSON.parse` accepts
 */
export function hasRepeatedNames(json: string): boolean {
  const names = new Set<unknown>();
  let depth = 0;
  for (const [text, string, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g)) {
    if (string === undefined) {
      depth += text === "{" || text === "[" ? 1 : -1;
    } else if (colon !== undefined && depth === 1) {
      const name: unknown = JSON.parse(string);
      if (names.has(name)) return true;
      names.add(name);
    }
  }
  return false;
}
