import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admittedRedirect, type RedirectRules, redirectTarget } from "../../src/http/redirects.ts";
import { isSiteUrl, parseRedirectRule } from "../../src/projects/redirect_rule.ts";

const siteUrl = "https://shop.example/welcome";
const rules: RedirectRules = {
  siteUrl,
  redirectUrls: [
    "https://ok.com",
    "https://*.ok.com/callback",
    "https://paths.example/a/*/c",
    "https://paths.example/preview-*",
    "https://paths.example/deep/**",
    "https://paths.example/mid/**/end",
    "https://query.example/?mode=one",
    "http://localhost:3000/**",
    "http://127.0.0.1",
    "https://port.example:8443/**",
    "myapp://callback",
    "com.example.app:/oauth?from=mail",
  ],
};

describe("a redirect", () => {
  it.each([
    "https://shop.example",
    "https://shop.example/",
    "https://shop.example/any/page?x=1&y=a%20b",
    "https://ok.com",
    "https://ok.com/",
    "https://ok.com?next=https://evil.com",
    "https://app.ok.com/callback",
    "https://xn--bcher-kva.ok.com/callback?x",
    "https://paths.example/a/b/c",
    "https://paths.example/a//c",
    "https://paths.example/preview-12",
    "https://paths.example/deep",
    "https://paths.example/deep/",
    "https://paths.example/deep/er/than/this",
    "https://paths.example/mid/end",
    "https://paths.example/mid/a/b/end",
    "https://query.example/?mode=one",
    "http://localhost:3000/x",
    "http://localhost:5173/x",
    "http://localhost/",
    "http://127.0.0.1:49152/",
    "https://port.example:8443/x",
    "myapp://callback",
    "com.example.app:/oauth?from=mail",
  ])("is admitted as %s", (candidate) => {
    expect(admittedRedirect(rules, candidate)).toBe(candidate);
    expect(redirectTarget(rules, candidate)).toBe(candidate);
  });

  it("loses its fragment, where tokens go", () => {
    expect(admittedRedirect(rules, "https://ok.com/#access_token=x")).toBe("https://ok.com/");
    expect(admittedRedirect(rules, "myapp://callback#x")).toBe("myapp://callback");
  });

  it.each([
    "https://ok.com.evil.com",
    "https://ok.com@evil.com",
    "https://ok.com:x@evil.com/",
    "https://evil.com@ok.com",
    "//evil",
    "//ok.com",
    "/\\evil",
    "/callback",
    "\\\\ok.com",
    "https:evil",
    "https:ok.com",
    "https:/ok.com",
    "https:///ok.com",
    "https:\\\\ok.com",
    "https://ok.com\\@evil.com",
    "https://ok.com\\.evil.com",
    "https://evil.com\\.ok.com/callback",
    "https://evil.com#.ok.com/callback",
    "https://evil.com?.ok.com/callback",
    "javascript:alert(1)",
    "javascript://ok.com/%0aalert(1)",
    "JavaScript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "data://ok.com/,x",
    "vbscript:x",
    "file:///etc/passwd",
    "blob:https://ok.com/x",
    "view-source:https://ok.com",
    "https://ok.com%2f@evil",
    "https://ok.com%2f.evil.com",
    "https://ok.com%5c@evil.com",
    "https://ok.com%00.evil.com",
    "https://ok.com%0d%0a.evil.com",
    "https://%6fk.com",
    "http://ok.com",
    "https://evil.com/.ok.com",
    "https://evil.com/.ok.com/callback",
    "https://a.b.ok.com/callback",
    "https://.ok.com/callback",
    "https://*.ok.com/callback",
    "https://ok.com/callback",
    "https://evilok.com/callback",
    "https://app.ok.com/callback/",
    "https://app.ok.com:8443/callback",
    "https://ok.com\r\nLocation: https://evil.com",
    "https://ok.com/\r\nSet-Cookie:x",
    "https://ok.com/\t",
    "https://o\tk.com",
    " https://ok.com",
    "https://ok.com ",
    "https://ok\uff0ecom",
    "https://app.ok.com\uff0fcallback",
    "https://ok\u3002com",
    "https://\u043ek.com",
    "https://xn--k-jtb.com",
    "https://ok.com/\u0000",
    "https://ok.com./",
    "https://ok.com:443",
    "HTTPS://ok.com",
    "https://OK.com",
    "https://ok.com:99999",
    "https://paths.example/a/b/d/c",
    "https://paths.example/a/b/../../other",
    "https://paths.example/a/%2e%2e/c",
    "https://paths.example/a/b%2fb/c",
    "https://paths.example/a/b%5C/c",
    "https://paths.example/deeper",
    "https://paths.example/deep/../other",
    "https://paths.example/deep/..%2fother",
    "https://paths.example/mid/a/ending",
    "https://query.example/?mode=two",
    "https://query.example/",
    "https://query.example/?mode=one&x=1",
    "https://localhost:3000/x",
    "http://localhost.evil.com:3000/x",
    "http://localhost@evil.com:3000/x",
    "http://127.0.0.2/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f.0.0.1/",
    "http://[::1]/",
    "https://port.example/x",
    "https://port.example:8444/x",
    "https://shop.example:8443/",
    "http://shop.example/",
    "https://sub.shop.example/",
    "myapp://callback/",
    "myapp://callback?x=1",
    "myapp://other",
    "myapp:callback",
    "MYAPP://callback",
    "otherapp://callback",
    "com.example.app:/oauth",
    "ann@example.com",
    "not a url",
    "https://",
    "https://[::1",
    `https://ok.com/?${"x".repeat(2048)}`,
    "\ud800",
    "",
  ])("is not admitted as %j, and the site URL stands in (case 71)", (candidate) => {
    expect(admittedRedirect(rules, candidate)).toBeNull();
    expect(redirectTarget(rules, candidate)).toBe(siteUrl);
    expect(redirectTarget({ siteUrl: "", redirectUrls: rules.redirectUrls }, candidate)).toBeNull();
  });

  it("is not admitted when none is named, or where the project lists nothing", () => {
    expect(admittedRedirect(rules, null)).toBeNull();
    expect(admittedRedirect(rules, undefined)).toBeNull();
    expect(admittedRedirect({ siteUrl: "", redirectUrls: [] }, "https://ok.com")).toBeNull();
  });

  it("leads nowhere by a site URL that somebody wrote past the command line", () => {
    for (const wrong of ["javascript:alert(1)", "https://ok.com@evil.com", "shop.example", "//x"]) {
      expect(redirectTarget({ siteUrl: wrong, redirectUrls: [] }, null)).toBeNull();
      expect(redirectTarget({ siteUrl: wrong, redirectUrls: [wrong] }, wrong)).toBeNull();
    }
  });
});

describe("an entry of redirect_urls", () => {
  it.each([
    "https://*.com",
    "https://*",
    "https://*/",
    "https://**.ok.com",
    "https://*.*.ok.com",
    "https://a.*.ok.com",
    "https://a*.ok.com",
    "https://*ok.com",
    "https://*.localhost:3000",
    "http://*.0.0.1",
    "http://*.168.0.1",
    "http://*.[::1]",
    "*://ok.com",
    "*",
    "**",
    "https://ok.com:*",
    "https://ok.com/**/a/**",
    "https://ok.com/a**",
    "https://ok.com/a*b*c",
    "https://ok.com/***",
    "https://ok.com/?a=*",
    "https://ok.com/#x",
    "https://user@ok.com",
    "https://ok.com@evil.com",
    "HTTPS://ok.com",
    "https://ok.com:443/",
    "https:ok.com",
    "ok.com",
    "/path",
    "//ok.com",
    "javascript://x",
    "data:/x",
    "file:///x",
    "myapp:callback",
    "myapp://*",
    "https://bücher.example",
    "https://ok.com/a b",
    "",
  ])("is refused as %j", (entry) => {
    expect(parseRedirectRule(entry)).toBeNull();
  });

  it.each(rules.redirectUrls)("is read as %j", (entry) => {
    expect(parseRedirectRule(entry)).not.toBeNull();
  });
});

describe("a site URL", () => {
  it.each(["", "https://shop.example", "http://localhost:3000", "myapp://start"])(
    "can be %j",
    (text) => {
      expect(isSiteUrl(text)).toBe(true);
    },
  );

  it.each([
    "shop.example",
    "https://*.shop.example",
    "https://a@b",
    "javascript:x",
    "https://x/#a",
  ])("cannot be %j", (text) => {
    expect(isSiteUrl(text)).toBe(false);
  });
});

const piece = fc.constantFrom(
  ..."https://|http://|https:|//|ok.com|*.ok.com|evil.com|app.|.|:|8443|@|/|\\|?|#|%2f|%5c|%00|%2e|..|*|**|\t|\r\n|\u3002|\uff0e|\u0130|callback|localhost|127.0.0.1|[::1]|javascript:|data:|;|&|x".split(
    "|",
  ),
);
const crooked = fc.array(fc.oneof({ weight: 9, arbitrary: piece }, fc.string()), { maxLength: 9 });
const nearby = fc
  .tuple(fc.constantFrom(...rules.redirectUrls), crooked, fc.nat(40))
  .map(([entry, pieces, at]) => entry.slice(0, at) + pieces.join("") + entry.slice(at));

describe("whatever is asked for", () => {
  const candidates = fc.oneof(
    crooked.map((pieces) => pieces.join("")),
    nearby,
  );

  it("an admitted redirect has the origin that an entry or the site URL has", () => {
    let admitted = 0;
    fc.assert(
      fc.property(candidates, (candidate) => {
        const target = admittedRedirect(rules, candidate);
        if (target === null) return;
        admitted += 1;
        expect(allowedOrigin(target)).toBe(true);
        // A browser on a page of ours must read it as we did.
        expect(new URL(target, "https://auth.test/x").href).toBe(new URL(target).href);
        expect(target).toMatch(/^[\x21-\x7e]+$/);
      }),
      { numRuns: 20_000 },
    );
    expect(admitted).toBeGreaterThan(50);
  });

  it("an entry that is read admits no origin but its own", () => {
    fc.assert(
      fc.property(nearby, candidates, (entry, candidate) => {
        const target = admittedRedirect({ siteUrl: "", redirectUrls: [entry] }, candidate);
        if (target === null || !/^https?:/.test(target)) return;
        const [, scheme, host] = /^(https?:\/\/)([^/?#]+)/.exec(entry) ?? [];
        const url = new URL(target);
        expect(`${url.protocol}//`).toBe(scheme);
        const wanted = String(host);
        if (wanted.startsWith("*.")) {
          expect(url.host.endsWith(wanted.slice(1))).toBe(true);
        } else if (!/^(localhost|127\.0\.0\.1|\[::1\])(:|$)/.test(wanted)) {
          expect(url.host).toBe(wanted);
        }
      }),
      { numRuns: 20_000 },
    );
  });
});

function allowedOrigin(target: string): boolean {
  const { origin, protocol } = new URL(target);
  if (protocol === "myapp:" || protocol === "com.example.app:") {
    return rules.redirectUrls.includes(target);
  }
  return (
    /^https:\/\/[a-z0-9_-]+\.ok\.com$/.test(origin) ||
    /^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/.test(origin) ||
    [
      "https://shop.example",
      "https://ok.com",
      "https://paths.example",
      "https://query.example",
      "https://port.example:8443",
    ].includes(origin)
  );
}
