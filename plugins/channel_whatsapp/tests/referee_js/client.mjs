// Runs what standard input asks for with whatsapp-api-js, and prints what came of it.
import { webcrypto } from "node:crypto";
import { text } from "node:stream/consumers";
import { WhatsAppAPI } from "whatsapp-api-js";
import * as m from "whatsapp-api-js/messages";

globalThis.crypto ??= webcrypto;
const asked = JSON.parse(await text(process.stdin));
const api = new WhatsAppAPI({
  token: asked.token,
  appSecret: asked.secret,
  v: "v26.0",
  ponyfill: {
    fetch: (url, init) =>
      fetch(String(url).replace("https://graph.facebook.com", asked.url), init),
    subtle: webcrypto.subtle,
  },
});

const rows = [1, 2].map((n) => new m.Row(`r${n}`, `Tipo ${n}`, "con vista"));
const messages = {
  text: () => new m.Text("hola", true),
  image: () => new m.Image("https://hotel.example/a.jpg", false, "la pileta"),
  document: () => new m.Document("https://hotel.example/a.pdf", false, "mapa", "mapa.pdf"),
  video: () => new m.Video("https://hotel.example/a.mp4"),
  audio: () => new m.Audio("https://hotel.example/a.ogg", false, true),
  sticker: () => new m.Sticker("https://hotel.example/a.webp"),
  location: () => new m.Location(-57.5, -38.0, "Hotel", "Calle 1"),
  reaction: () => new m.Reaction("wamid.x", "👍"),
  contacts: () =>
    new m.Contacts([new m.Name("Ana Paz", "Ana"), new m.Phone("+5491155550102", "CELL")]),
  buttons: () =>
    new m.Interactive(
      new m.ActionButtons(new m.Button("y", "Sí"), new m.Button("n", "No")),
      new m.Body("¿Confirma?"),
      new m.Header("Hotel"),
      new m.Footer("Sol"),
    ),
  list: () =>
    new m.Interactive(
      new m.ActionList("Ver", new m.ListSection("Piso 1", ...rows)),
      new m.Body("¿Cuál?"),
    ),
  link: () =>
    new m.Interactive(new m.ActionCTA("Reservar", "https://hotel.example"), new m.Body("Reserve")),
  where: () => new m.Interactive(new m.ActionLocation(), new m.Body("¿Dónde está?")),
  who: () => new m.Interactive(new m.ActionContactRequest(), new m.Body("¿Su teléfono?")),
  template: () =>
    new m.Template(
      "reopen",
      "es",
      new m.BodyComponent(new m.BodyParameter("Ana"), new m.BodyParameter("Sol")),
      new m.PayloadComponent("read-it"),
    ),
  unknown_template: () => new m.Template("none", "es"),
};

const actions = {
  send: ({ kind, to, mark, context }) =>
    api.sendMessage(asked.number, to, messages[kind](), context, mark),
  read: ({ id, typing }) => api.markAsRead(asked.number, id, typing),
  upload: async ({ body, type }) => {
    const form = new FormData();
    form.set("file", new Blob([Buffer.from(body, "base64")], { type }), "a.bin");
    return api.uploadMedia(asked.number, form);
  },
  retrieve: ({ id }) => api.retrieveMedia(id, asked.number),
  fetch: async ({ url }) => {
    const answer = await api.fetchMedia(url);
    const body = Buffer.from(await answer.arrayBuffer()).toString("base64");
    return { status: answer.status, body };
  },
  remove: ({ id }) => api.deleteMedia(id, asked.number),
  verify: ({ body, signature }) => api.verifyRequestSignature(body, signature),
  post: async ({ body, signature }) => {
    let found;
    api.on.message = ({ from, contact, message }) => (found = { from, contact, message });
    api.on.status = ({ status, id }) => (found = { status, id });
    await api.post(JSON.parse(body), body, signature);
    return found ?? null;
  },
};

const results = [];
for (const one of asked.actions) {
  results.push(await actions[one.do](one));
}
console.log(JSON.stringify(results));
