// What changes on the desk appears by itself; everything works without this file, too.
"use strict";

const tenant = document.body.dataset.tenant;
const main = document.querySelector("main[data-chat]");
const lines = document.getElementById("lines");
const chats = document.getElementById("chats");
const counter = document.getElementById("waiting");
const notify = document.getElementById("notify");
let waiting = null;

async function part(address, name) {
  const answer = await fetch(address, { headers: { "X-Part": name } });
  if (answer.redirected || answer.status === 401) {
    location.assign("/desk/login");
    return null;
  }
  return answer.ok ? answer.text() : null;
}

async function refresh() {
  if (chats && !new URLSearchParams(location.search).has("before")) {
    const query = main ? "" : location.search;
    const html = await part(`/desk/${tenant}${query}`, "chats");
    if (html !== null) {
      const focused = document.activeElement?.closest("#chats a")?.getAttribute("href");
      chats.innerHTML = html;
      if (main) {
        const open = chats.querySelector(`a[href="${main.dataset.chat}"]`);
        open?.setAttribute("aria-current", "page");
        open?.parentElement.classList.add("open");
      }
      if (focused) chats.querySelector(`a[href="${focused}"]`)?.focus();
    }
  }
  if (main && !new URLSearchParams(location.search).has("before")) await showLines();
}

async function showLines() {
  const html = await part(main.dataset.chat, "lines");
  if (html === null) return;
  const atEnd = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 80;
  const fresh = document.createElement("ol");
  fresh.innerHTML = html;
  for (const line of fresh.querySelectorAll("li[data-id]")) {
    const old = lines.querySelector(`li[data-id="${line.dataset.id}"]`);
    if (!old) lines.append(line);
    else if (old.innerHTML !== line.innerHTML) old.replaceWith(line);
  }
  if (atEnd) lines.scrollTop = lines.scrollHeight;
}

function count(now) {
  counter.textContent = now || "";
  if (waiting !== null && now > waiting && window.Notification?.permission === "granted") {
    new Notification(document.body.dataset.new, { tag: `desk-${tenant}` });
  }
  waiting = now;
}

function listen() {
  const source = new EventSource(`/desk/${tenant}/events`);
  let first = true;
  source.onmessage = async (event) => {
    count(JSON.parse(event.data).waiting);
    if (!first) await refresh();
    first = false;
  };
}

if (tenant) {
  listen();
  // Receipts change no pulse: the open conversation looks for them now and then.
  if (main) setInterval(() => document.hidden || showLines(), 5000);
}
if (lines) lines.scrollTop = lines.scrollHeight;
if (notify && window.Notification?.permission === "default") {
  notify.hidden = false;
  notify.addEventListener("click", async () => {
    await Notification.requestPermission();
    notify.hidden = true;
  });
}
for (const button of document.querySelectorAll(".quick-reply")) {
  button.addEventListener("click", () => {
    const text = document.getElementById("text");
    text.value = button.dataset.text;
    text.focus();
  });
}
document.getElementById("text")?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
});
