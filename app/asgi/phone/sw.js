// Shows what is pushed to this browser, and carries out what is tapped on it, also while no page is open.
// Nobody is signed in here: what a push lets its holder do, it carries as tokens.
"use strict";

const PAGE = "/phone/";
const ICON = "/phone/icon-192.png";
const WORDS = {
  ja: {
    title: "みまもりからのお知らせ",
    body: "押して開いてください。",
    acknowledge: "対応します",
    open: "見る",
    taken: "あなたが対応すると伝えました",
    other: (name) => `${name}さんが対応しています`,
    over: "もう終わっています",
    cannot: "ここからは答えられません。開いてください",
    failed: "まだ伝わっていません。もう一度押すか、開いてください",
  },
  en: {
    title: "News from Mimamori",
    body: "Tap to open.",
    acknowledge: "I will see to it",
    open: "Open",
    taken: "The others know that you see to it",
    other: (name) => `${name} sees to it`,
    over: "It is over",
    cannot: "It cannot be answered here. Open it",
    failed: "Nobody knows yet. Tap again, or open it",
  },
};

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(arrived(read(event.data))));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const message = event.notification.data || {};
  const acknowledges = event.action === "acknowledge" && message.answer;
  event.waitUntil(acknowledges ? acknowledge(message) : opened(message));
});

// A push that shows nothing makes a browser take the permission away: what cannot be read is shown in general words.
function read(data) {
  try {
    const content = data.json();
    return content && typeof content === "object" ? content : {};
  } catch {
    return {};
  }
}

async function arrived(message) {
  await show(message, message.title, message.body, true);
  await receipt(message, "shown");
}

// Without `renotify` a message that takes the place of another one comes without a sound.
function show(message, title, body, rings) {
  const words = wordsOf(message);
  const open = { action: "open", title: words.open };
  const options = {
    body: body || words.body,
    lang: message.lang || "ja",
    tag: message.tag || "mimamori",
    renotify: rings,
    silent: !rings,
    requireInteraction: message.level === "urgent",
    icon: ICON,
    badge: ICON,
    data: message,
    actions: message.answer ? [{ action: "acknowledge", title: words.acknowledge }, open] : [open],
  };
  const sent = Date.parse(message.sent_at);
  if (!Number.isNaN(sent)) options.timestamp = sent;
  if (rings && message.level === "urgent") options.vibrate = [400, 200, 400, 200, 400];
  return self.registration.showNotification(title || words.title, options);
}

async function acknowledge(message) {
  const words = wordsOf(message);
  const act = `/v1/acts/${encodeURIComponent(message.answer)}`;
  const [{ status }] = await Promise.all([ask("POST", `${act}/acknowledge`), receipt(message, "opened")]);
  const answered = { ...message, answer: undefined };
  if (status === 200) return show(answered, message.title, words.taken, false);
  if (status === 404) return show(answered, message.title, words.cannot, true);
  if (status !== 409) return show(message, message.title, words.failed, true);
  const { content } = await ask("GET", act);
  const by = content && content.state === "acknowledged" && content.acknowledged_by;
  return show(answered, message.title, by ? words.other(by) : words.over, false);
}

// A browser lets us open a window only right after the tap, so nothing is waited for before.
async function opened(message) {
  await Promise.all([open(addressOf(message), message.details), receipt(message, "opened")]);
}

// What a locked screen did not say, the page does.
async function open(address, details) {
  const pages = await self.clients.matchAll({ type: "window" });
  const page = pages.find((one) => new URL(one.url).pathname.startsWith(PAGE));
  if (!page) {
    const opened = await self.clients.openWindow(address);
    if (opened && details) opened.postMessage({ details });
    return opened;
  }
  page.postMessage({ open: address, details });
  return page.focus();
}

function addressOf(message) {
  return PAGE + (message.alert ? `#${encodeURIComponent(message.alert)}` : "");
}

function receipt(message, what) {
  if (!message.receipt) return undefined;
  return ask("POST", `/v1/receipts/${encodeURIComponent(message.receipt)}`, { what, at: new Date().toISOString() });
}

// The answer; status 0 for none.
async function ask(method, path, body) {
  const options = { method, credentials: "omit" };
  if (body) Object.assign(options, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  try {
    const answer = await fetch(path, options);
    return { status: answer.status, content: answer.status === 200 ? await answer.json() : null };
  } catch {
    return { status: 0, content: null };
  }
}

function wordsOf(message) {
  return WORDS[message.lang] || WORDS.ja;
}
