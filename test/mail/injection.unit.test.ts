import { describe, expect, it } from "vitest";
import { composeMessage } from "../../src/mail/message.ts";
import { renderTemplate } from "../../src/mail/templates/engine.ts";
import { cleanAddress, cleanMetadata, cleanText } from "../../src/mail/user_text.ts";
import { mailParts } from "../support/mail_parts.ts";

/** A mail that writes the name everywhere it can. */
function mailTo(name: unknown, shown = "{{ user_metadata.name }}") {
  const template = {
    purpose: "recovery",
    language: "en",
    subject: `Dear ${shown}`,
    html: `<p title="${shown}">${shown}</p><a href="{{ link }}">go on</a>`,
    text: `Dear ${shown},\n{{ link }}`,
  };
  const settings = { templates: [template] };
  return composeMessage(mailParts("recovery", { settings, data: { user_metadata: { name } } }));
}

describe("what users wrote about themselves", () => {
  it.each([
    "{{.SiteURL}}",
    "{{ 7 | times: 7 }}",
    `\${7*7}`,
    "<%= 7*7 %>",
    "{% raw %}",
    "{{ code }}",
  ])("is text in a mail, not a template: %s (case 182)", (name) => {
    const { subject, html, text, failure } = mailTo(name);
    expect(failure).toBeNull();
    const shown = cleanText(name);
    expect([subject, text.split("\n")[0]]).toEqual([`Dear ${shown}`, `Dear ${shown},`]);
    expect([subject, html, text].join()).not.toMatch(/\b49\b|482913/);
  });

  it("is escaped in HTML, in attributes too (case 182)", () => {
    const { html, text } = mailTo(`<a href='x'>"&amp;</a>`);
    expect(html).toContain(
      '<p title="&lt;a href=&#39;x&#39;&gt;&#34;&amp;amp;&lt;/a&gt;">&lt;a href=&#39;x&#39;&gt;&#34;&amp;amp;&lt;/a&gt;</p>',
    );
    expect(text).toContain(`Dear <a href='x'>"&amp;</a>,`);
  });

  it.each([
    ["https://evil.example/pay", "https: //evil. example/pay"],
    ["www.evil.example", "www. evil. example"],
    ["see evil.example now", "see evil. example now"],
    ["1.2.3.4", "1. 2. 3. 4"],
    ["evil。example", "evil。 example"],
    ["evil．example", "evil． example"],
    ["evil.\u200bexample", "evil. example"],
    ["evil.\u200dexample", "evil. \u200dexample"],
    ["evil.\u0301example", "evil. \u0301example"],
    ["https:\u00ad//evil", "https: //evil"],
    ["Dr. No", "Dr. No"],
    ["wait...", "wait..."],
    ["می‌خواهم", "می‌خواهم"],
  ])("is no link in somebody else's mailbox: %j (case 182)", (name, shown) => {
    expect(cleanText(name)).toBe(shown);
    expect(mailTo(name).subject).toBe(`Dear ${shown}`);
  });

  it.each([
    ["Ada\r\nBcc: eve@evil.example", "Ada Bcc: eve@evil. example"],
    ["Ada\u0000\u001b[31m", "Ada [31m"],
    ["\u202eadA\u2066", "adA"],
    ["Ada\u2028Subject: x", "Ada Subject: x"],
    ["Ada\ud800", "Ada\ufffd"],
    ["\u{e0041}Ada\ufeff", "Ada"],
  ])("is one line without control characters: %j", (name, shown) => {
    expect(mailTo(name).subject).toBe(`Dear ${shown}`);
  });

  it("is cut after 200 characters, and not within one", () => {
    const text = cleanText("🦜".repeat(500));
    expect([[...text].length, text.isWellFormed()]).toEqual([200, true]);
    expect(mailTo("a".repeat(100_000)).text).toContain(`${"a".repeat(200)},`);
  });

  it("is a text, a number or a boolean, down to the second level", () => {
    const deep = { a: { b: { c: "deep" }, d: 1 }, e: [1], f: null, g: true, h: "x.y" };
    expect(cleanMetadata(deep)).toEqual({ a: { d: 1 }, g: true, h: "x. y" });
    expect(cleanMetadata(JSON.parse('{"__proto__": {"x": 1}, "a b": 1, "<b>": 1}'))).toEqual(
      JSON.parse('{"__proto__": {"x": 1}}'),
    );
    for (const none of [null, undefined, "text", 7, ["a"]]) expect(cleanMetadata(none)).toEqual({});
  });

  it.each(["constructor", "__proto__", "toString", "name.constructor"])(
    "opens nothing of the program by the name %s",
    (name) => {
      const { subject, failure } = mailTo("Ada", `[{{ user_metadata.${name} }}]`);
      expect([subject, failure]).toEqual(["Dear []", null]);
    },
  );
});

describe("an address in a mail", () => {
  it("is written as it is", () => {
    for (const plain of ["ada@shop.example", "ada.l+news_1@mail-1.shop.example"]) {
      expect(cleanAddress(plain)).toBe(plain);
    }
  });

  it.each([
    ["www.evil.example/pay@x.example", "www. evil. example/pay@x. example"],
    ["ada+www.evil.example@shop.example", "ada+www. evil. example@shop. example"],
    ["evil.example/pay@x.example", "evil. example/pay@x. example"],
  ])("is broken where it could pass for a link: %s (case 182)", (email, shown) => {
    const parts = mailParts("email_change", { data: { email } });
    const { html, text } = composeMessage(parts);
    for (const part of [html, text]) {
      expect(part).toContain(shown);
      expect(part).not.toContain(email);
    }
  });
});

describe("the engine of templates", () => {
  const value = { x: "<b>&" };
  const html = (source: string) =>
    renderTemplate({ subject: "s", html: source, text: "t" }, value).html;

  it.each([
    "{{ x }}",
    "{{ '<b>&' }}",
    "{% assign y = x %}{{ y }}",
    "{% capture y %}{{ x }}{% endcapture %}{{ y }}",
    "{% for y in x %}{{ y }}{% endfor %}",
    "{{ x | upcase }}",
    "{{ x | append: x }}",
    "{{ none | default: x }}",
    "{{ x | replace: '&', '<i>' }}",
    "{{ x | truncate: 3, '<i>' }}",
  ])("escapes what %s writes", (source) => {
    expect(html(source)).not.toMatch(/[<>]/);
    expect(html(source)).toMatch(/&(amp;)?lt;/);
  });

  it.each([
    "{{ x | raw }}",
    "{{ x | upcase | raw }}",
    "{% raw %}{{ x }}{% endraw %}",
    "{% echo x | raw %}",
    "{% echo x %}",
    "{% liquid echo x %}",
    "{% cycle x %}",
    "{% tablerow y in x %}{{ y }}{% endtablerow %}",
    "{% include 'file' %}",
    "{% render '/etc/passwd' %}",
    "{% layout 'file' %}{% block a %}{% endblock %}",
    "{% increment x %}",
    "{{ x | safe }}",
    "{{ x | unescape }}",
    "{{ x | url_decode }}",
    "{{ x | base64_decode }}",
    "{{ x | newline_to_br }}",
    "{{ x | constructor }}",
    "{{ x | toString }}",
    "{{ x | map: 'y' }}",
  ])("refuses %s, whatever the values", (source) => {
    expect(() => html(source)).toThrow(/undefined filter|tag .* not found/);
  });

  it.each([
    ["{% for i in (1..100000000) %}x{% endfor %}", /memory alloc limit|limit exceeded/],
    [`${"x".repeat(100_001)}`, /parse length limit/],
    ["{% for i in (1..900000) %}{% for j in (1..900000) %}x{% endfor %}{% endfor %}", /limit/],
  ])("ends a template that takes too much", (source, reason) => {
    expect(() => html(source)).toThrow(reason);
  });
});
