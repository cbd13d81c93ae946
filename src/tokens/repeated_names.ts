/**
 * Whether a JSON object has two members of one name, at its top level. `JSON.parse` takes the last of
 * them and other readers the first, so such a token says different things to different readers.
 *
 * @param json an object that `JSON.parse` accepts
 * @param object what it makes of it
 */
export function hasRepeatedNames(json: string, object: object = JSON.parse(json)): boolean {
  return countMembers(json) !== Object.keys(object).length;
}

// Outside of texts, a colon stands behind a name and nowhere else.
function countMembers(json: string): number {
  let members = 0;
  let depth = 0;
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (character === '"') at = endOfText(json, at);
    else if (character === "{" || character === "[") depth += 1;
    else if (character === "}" || character === "]") depth -= 1;
    else if (character === ":" && depth === 1) members += 1;
  }
  return members;
}

function endOfText(json: string, start: number): number {
  let end = json.indexOf('"', start + 1);
  while (isEscaped(json, end)) end = json.indexOf('"', end + 1);
  return end;
}

function isEscaped(json: string, at: number): boolean {
  let before = at;
  while (json[before - 1] === "\\") before -= 1;
  return (at - before) % 2 === 1;
}
