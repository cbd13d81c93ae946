/** Copies at a click, and looks for news while the page is seen. Without it, the page is as good as when it was loaded. */
export const script = `"use strict";
const status = document.getElementById("status");
for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      status.textContent = "Copied.";
    } catch {
      status.textContent = "This browser does not let the page copy.";
    }
  });
}
const mails = document.querySelector("[data-live]");
if (mails) {
  setInterval(async () => {
    if (document.hidden) return;
    const reply = await fetch("/_dev/mail/list").catch(() => null);
    if (!reply?.ok) return;
    const news = document.createElement("template");
    news.innerHTML = await reply.text();
    if (news.innerHTML !== mails.innerHTML) mails.innerHTML = news.innerHTML;
  }, 1000);
}
`;
