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
    over: "ほかの人が対応しているか、もう終わっています",
    failed: "まだ伝わっていません。もう一度押すか、開いてください",
  },
  en: {
    title: "News from Mimamori",
    body: "Tap to open.",
    acknowledge: "I will see to it",
    open: "Open",
    taken: "The others know that you see to it",
    over: "Somebody else sees to it, or it is over",
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
  const [status] = await Promise.all([
    post(`/v1/acts/${encodeURIComponent(message.answer)}/acknowledge`),
    receipt(message, "opened"),
  ]);
  if (status >= 200 && status < 300) return show({ ...message, answer: undefined }, message.title, words.taken, false);
  if (status === 409) return show({ ...message, answer: undefined }, message.title, words.over, false);
  return show(message, message.title, words.failed, true);
}

// A browser lets us open a window only right after the tap, so nothing is waited for before.
async function opened(message) {
  await Promise.all([open(addressOf(message)), receipt(message, "opened")]);
}

async function open(address) {
  const pages = await self.clients.matchAll({ type: "window" });
  const page = pages.find((one) => new URL(one.url).pathname.startsWith(PAGE));
  if (!page) return self.clients.openWindow(address);
  page.postMessage({ open: address });
  return page.focus();
}

function addressOf(message) {
  return PAGE + (message.alert ? `#${encodeURIComponent(message.alert)}` : "");
}

function receipt(message, what) {
  if (!message.receipt) return undefined;
  return post(`/v1/receipts/${encodeURIComponent(message.receipt)}`, { what, at: new Date().toISOString() });
}

// The status of the answer; 0 for none.
async function post(path, body) {
  const options = { method: "POST", credentials: "omit" };
  if (body) Object.assign(options, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  try {
    return (await fetch(path, options)).status;
  } catch {
    return 0;
  }
}

function wordsOf(message) {
  return WORDS[message.lang] || WORDS.ja;
}
