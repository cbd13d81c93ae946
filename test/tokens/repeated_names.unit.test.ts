import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hasRepeatedNames } from "../../src/tokens/repeated_names.ts";

describe("names that come twice in a JSON object", () => {
  it("are found however they are spelt and spaced (case 52)", () => {
    for (const json of [
      '{"a":1,"a":2}',
      '{"a" : 1 , "b":{}, "a"\n:2}',
      '{"\\u0061":1,"a":2}',
      '{"x":[{"y":"}"}],"x":null}',
      '{"":1,"":2}',
      '{"\\"":1,"\\u0022":2}',
      '{"__proto__":1,"__proto__":2}',
    ]) {
      expect({ json, repeated: hasRepeatedNames(json) }).toEqual({ json, repeated: true });
    }
  });

  it("are not seen where there are none: in values, deeper down, in lists of texts", () => {
    for (const json of [
      "{}",
      '{"a":"a","b":"a"}',
      '{"a":{"a":{"a":1}},"b":{"a":1}}',
      '{"a":["a","a",{"a":1},{"a":1}],"b":"{\\"a\\":1,\\"a\\":2}"}',
      '{"a\\\\":"\\\\","a":1}',
      '{"A":1,"a":2}',
    ]) {
      expect({ json, repeated: hasRepeatedNames(json) }).toEqual({ json, repeated: false });
    }
  });

  it("are never in what JSON.stringify writes, and always once a member is added again", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), (object) => {
        const json = JSON.stringify(object);
        expect(hasRepeatedNames(json)).toBe(false);
        for (const name of Object.keys(object)) {
          const twice = json.replace("{", () => `{${JSON.stringify(name)}:0,`);
          expect(hasRepeatedNames(twice)).toBe(true);
        }
      }),
    );
  });
});
