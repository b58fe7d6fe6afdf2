"use strict";
const body = document.body;
const words = JSON.parse(body.dataset.words);
const base = "/chat/" + encodeURIComponent(body.dataset.tenant);
const log = document.getElementById("log");
const form = document.getElementById("form");
const input = document.getElementById("text");
const notice = document.getElementById("notice");
const hotel = document.querySelector("h1").textContent;
const shown = new Set();
let last = 0;

function element(tag, attributes = {}, text = "") {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.textContent = text;
  return made;
}

function optionButtons(options) {
  const group = element("div", { class: "options" });
  for (const option of options) {
    const button = element("button", { type: "button" }, option.title);
    button.addEventListener("click", () => say(option.title, option.id));
    group.append(button);
  }
  return group;
}

function mapLink(place) {
  const query = `mlat=${place.latitude}&mlon=${place.longitude}`;
  const href = "https://www.openstreetmap.org/?" + query;
  return element("a", { href, rel: "noopener noreferrer", target: "_blank" }, words.map);
}

function show(line) {
  if (shown.has(line.key)) return;
  shown.add(line.key);
  last = Math.max(last, line.id || 0);
  for (const old of log.querySelectorAll(".options")) old.remove();
  const item = element("li", { class: line.from });
  const who = line.from === "guest" ? words.you : hotel;
  item.append(element("span", { class: "visually-hidden" }, who + ": "));
  if (line.image) {
    const image = element("img", { src: line.image.url, alt: line.image.caption || words.photo });
    image.addEventListener("error", () => image.remove());
    item.append(image);
  }
  item.append(element("p", {}, line.text));
  if (line.location) item.append(mapLink(line.location));
  if (line.options && line.options.length) item.append(optionButtons(line.options));
  log.append(item);
  item.scrollIntoView({ block: "end" });
}

function tell(text) {
  notice.textContent = text;
  notice.hidden = !text;
}

// A message keeps its id until it is known to be stored: said again, it is still one message.
let unsent = null;

function idFor(text, choice) {
  if (unsent && unsent.text === text && unsent.choice === choice) return unsent.id;
  const id = Array.from(crypto.getRandomValues(new Uint8Array(12)), (b) => b.toString(16).padStart(2, "0")).join("");
  unsent = { id, text, choice };
  return id;
}

async function say(text, choice = null) {
  const id = idFor(text, choice);
  try {
    const answer = await fetch(base + "/messages", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ id, text, choice }),
    });
    if (!answer.ok) throw new Error(String(answer.status));
    unsent = null;
    tell("");
    show({ key: "in:" + id, id: 0, from: "guest", text, options: [] });
    return true;
  } catch (error) {
    tell(words.failed);
    return false;
  }
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = input.value.trim();
  if (text && (await say(text))) input.value = "";
  input.focus();
});

input.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    form.requestSubmit();
  }
});

function listen() {
  const source = new EventSource(base + "/events?after=" + last);
  source.onmessage = (event) => show(JSON.parse(event.data));
  source.onopen = () => { if (notice.textContent === words.lost) tell(""); };
  source.onerror = () => {
    source.close();
    setTimeout(listen, 1000);
  };
}

for (const line of JSON.parse(document.getElementById("lines").textContent)) show(line);
listen();
input.focus();
