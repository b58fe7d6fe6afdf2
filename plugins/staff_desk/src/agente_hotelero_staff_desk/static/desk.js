// What changes on the desk appears by itself; everything works without this file, too.
"use strict";

const tenant = document.body.dataset.tenant;
const counter = document.getElementById("waiting");
const notify = document.getElementById("notify");
const scroll = document.getElementById("scroll");
const RECEIPTS = 5000; // they change no pulse: an open conversation looks for them now and then
let waiting = null;

/** Show this page as the server would show it now, without disturbing who is typing. */
async function refresh() {
  if (new URLSearchParams(location.search).has("before")) return;
  const answer = await fetch(location.href);
  if (answer.redirected) return location.assign("/desk/login");
  if (!answer.ok) return;
  const now = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const id of ["chats", "head", "about"]) replace(id, now.getElementById(id));
  append(now.getElementById("lines"));
}

function replace(id, fresh) {
  const old = document.getElementById(id);
  if (!old || !fresh || old.innerHTML === fresh.innerHTML) return;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const typed = [...old.querySelectorAll("textarea, input:not([type=hidden])")].some(
    (field) => field.value !== field.defaultValue,
  );
  if (typed || (focused && !focused.href)) return;
  old.innerHTML = fresh.innerHTML;
  if (focused) old.querySelector(`a[href="${focused.getAttribute("href")}"]`)?.focus();
}

function append(fresh) {
  const lines = document.getElementById("lines");
  if (!lines || !fresh) return;
  const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80;
  for (const line of fresh.querySelectorAll("li[data-id]")) {
    const old = lines.querySelector(`li[data-id="${line.dataset.id}"]`);
    if (!old) lines.append(line);
    else if (old.innerHTML !== line.innerHTML) old.innerHTML = line.innerHTML;
  }
  if (atEnd) scroll.scrollTop = scroll.scrollHeight;
}

function count(now) {
  counter.textContent = now || "";
  if (waiting !== null && now > waiting && window.Notification?.permission === "granted") {
    new Notification(document.body.dataset.new, { tag: `desk-${tenant}` });
  }
  waiting = now;
}

if (tenant) {
  new EventSource(`/desk/${tenant}/events`).onmessage = (event) => {
    count(JSON.parse(event.data).waiting);
    refresh();
  };
  if (scroll) setInterval(() => document.hidden || refresh(), RECEIPTS);
}
if (scroll) scroll.scrollTop = scroll.scrollHeight;
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
