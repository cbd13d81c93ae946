/**
 * The one script of the pages, which also work without: a double click sends a form once. A browser
 * keeps the second answer only, and to a link that was used by the first that is a refusal.
 */
export const script = `let sent = 0;
addEventListener("submit", (event) => {
  if (Date.now() - sent < 5000) event.preventDefault();
  else sent = Date.now();
});
addEventListener("pageshow", () => { sent = 0; });
`;
