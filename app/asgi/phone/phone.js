// The page of one phone: sign in, let it be reached, see to what is open. Japanese first, English second.
import { forgetAlerts, showAlerts } from "/phone/alerts.js";
import { forgetBoards, showBoards } from "/phone/boards.js";
import { Wrong, ask, asked, does, goByTheClockOf, make, moment, part, say, write } from "/phone/common.js";
import { hush, listen } from "/phone/live.js";
import { forgetStickers, showStickers } from "/phone/stickers.js";

const SUBSCRIBE_MS = 20000; // A browser that cannot reach its maker's service never answers by itself.
const TRY_MS = 2000;
const TRIES = 15;
const THIS = "mimamori.address";

if (location.pathname !== "/phone/") location.replace("/phone/" + location.hash);

function within(ms, promise) {
  const late = new Wrong(
    "このブラウザーの会社のサーバーにつながりません。通信を確かめて、もう一度押してください。",
    "The push service of this browser does not answer. Try again.",
  );
  return Promise.race([promise, new Promise((_, reject) => setTimeout(reject, ms, late))]);
}

function signedOut() {
  hush();
  forgetAlerts();
  forgetBoards();
  forgetStickers();
  part("mine").hidden = true;
  for (const id of ["address-list", "who"]) part(id).replaceChildren();
  part("sign-in").hidden = false;
}

async function signIn() {
  const body = { email: part("email").value.trim(), password: part("password").value, browser: true };
  const answer = await ask("POST", "/v1/sign-in", body);
  if (answer.status === 401 || answer.status === 400) {
    throw new Wrong("メールアドレスかパスワードが違います。", "E-mail address or password is wrong.");
  }
  if (answer.status === 429) {
    throw new Wrong("まちがいが続いたので、しばらく待ってください。", "Too many attempts. Wait a little.");
  }
  if (!answer.ok) throw new Wrong("うまくいきませんでした。もう一度押してください。", "It did not work. Try again.");
  part("password").value = "";
  say("サインインしました。", "Signed in.");
  await begin();
}

async function signOut() {
  await registering.catch(() => {}); // Else it would tell us that it is known, and we would have forgotten it.
  await asked("POST", "/v1/sign-out");
  const subscription = await subscribed();
  if (subscription) await subscription.unsubscribe();
  localStorage.removeItem(THIS);
  signedOut();
  say("サインアウトしました。このスマホには届きません。", "Signed out. This phone is told nothing more.");
}

const canReceive = () => "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
const permission = () => (canReceive() ? Notification.permission : "denied");

async function subscribed() {
  if (!canReceive()) return null;
  const registration = await navigator.serviceWorker.getRegistration("/phone/");
  return registration ? registration.pushManager.getSubscription() : null;
}

function bytesOf(text) {
  const packed = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(packed, (one) => one.charCodeAt(0));
}

async function subscribe(registration, key) {
  const options = { userVisibleOnly: true, applicationServerKey: bytesOf(key) };
  try {
    return await registration.pushManager.subscribe(options);
  } catch (error) {
    // It subscribed to another key once.
    const old = await registration.pushManager.getSubscription();
    if (!old) throw error;
    await old.unsubscribe();
    return registration.pushManager.subscribe(options);
  }
}

async function receive() {
  if ((await Notification.requestPermission()) !== "granted") {
    throw new Wrong(
      "通知が許可されていません。ブラウザーの設定で、このページの通知を許可してください。",
      "Notifications are not allowed. Allow them for this page in the settings of the browser.",
    );
  }
  await register();
  say("このスマホに届くようになりました。", "This phone is told from now on.");
  await showAddresses();
}

let registering = Promise.resolve();

function register() {
  registering = registered();
  return registering;
}

async function registered() {
  const { key } = await asked("GET", "/v1/push/key");
  if (!key) throw new Wrong("ここではまだブラウザーに送れません。", "Web Push is not set up here.");
  await navigator.serviceWorker.register("/phone/sw.js");
  const registration = await within(SUBSCRIBE_MS, navigator.serviceWorker.ready);
  const subscription = (await within(SUBSCRIBE_MS, subscribe(registration, key))).toJSON();
  const address = await asked("POST", "/v1/me/addresses", {
    channel: "webpush",
    kind: "subscription",
    value: subscription.endpoint,
    keys: { p256dh: subscription.keys.p256dh, auth: subscription.keys.auth },
  });
  localStorage.setItem(THIS, address.id);
}

// Sends a test here, and says what became of it as soon as that is known.
async function tryOut() {
  const { status, ok, content } = await ask("POST", `/v1/me/addresses/${localStorage.getItem(THIS)}/test`);
  if (status === 429) throw new Wrong("いま送ったばかりです。1分待ってください。", "Just sent. Wait for a minute.");
  if (!ok) throw new Wrong(`うまくいきませんでした（${status}）。`, "It did not work.");
  say("送りました。すぐに鳴ります。", "Sent. It rings at once.");
  let reason = { ja: "送りましたが、届いたと分かりません。", en: "It was sent, and nobody knows whether it arrived." };
  for (let left = TRIES; left > 0; left -= 1) {
    await new Promise((then) => setTimeout(then, TRY_MS));
    const { state, why } = await asked("GET", `/v1/me/messages/${content.id}`);
    if (state === "shown" || state === "opened") return say("届きました。", "It arrived.");
    if (why) reason = why;
    if (state === "failed") break;
  }
  throw new Wrong(reason.ja, reason.en);
}

const CHANNELS = {
  webpush: ["ブラウザー", "Browser"],
  fcm: ["アプリ", "App"],
  email: ["メール", "E-mail"],
  webhook: ["電話・SMS など", "Telephone, SMS and others"],
};

async function showAddresses() {
  const { items } = await asked("GET", "/v1/me/addresses");
  const own = localStorage.getItem(THIS);
  const here = permission() === "granted" && items.some((one) => one.id === own && !one.dead_since);
  part("address-list").replaceChildren(...items.map((one) => addressRow(one, here && one.id === own)));
  if (!items.length) part("address-list").append(make("li", "まだありません。", "None yet."));
  part("receive").hidden = here || !canReceive();
  part("try").hidden = !here;
  if (here) write(part("state"), "届きます。", "It is told.");
  else if (canReceive()) write(part("state"), "まだ届きません。", "It is not told yet.");
  else {
    write(
      part("state"),
      "このブラウザーでは受け取れません。iPhone では、共有ボタンから「ホーム画面に追加」して、そこから開いてください。",
      "This browser cannot receive. On an iPhone add this page to the home screen and open it from there.",
    );
  }
}

// Whether names and places may be on a locked screen (of a mailbox: in the subject).
function detailsButton(one, name) {
  const words = {
    email: {
      true: ["件名には名前や場所を出さない", "Hide names and places in the subject"],
      false: ["件名にも名前や場所を出す", "Show names and places in the subject"],
    },
    phone: {
      true: ["ロック中は名前や場所を出さない", "Hide names and places while locked"],
      false: ["ロック中も名前や場所を出す", "Show names and places while locked"],
    },
  };
  const [ja, en] = (words[one.channel] || words.phone)[one.shows_details];
  const button = make("button", ja, en);
  button.className = "plain";
  button.setAttribute("aria-describedby", name.id);
  button.onclick = does(button, async () => {
    await asked("PATCH", `/v1/me/addresses/${one.id}`, { shows_details: !one.shows_details });
    await showAddresses();
  });
  return button;
}

function addressRow(one, here) {
  const row = document.createElement("li");
  const [ja, en] = CHANNELS[one.channel] || [one.channel, ""];
  const mark = here ? "（このスマホ）" : "";
  const name = make("p", `${ja}${mark} ${one.value || ""}`, `${en}${here ? " (this phone)" : ""}`);
  name.id = `name-${one.id}`;
  row.append(name);
  if (one.dead_since) {
    row.append(make("p", one.dead_because.ja, one.dead_because.en));
    return row;
  }
  if (one.value && !one.confirmed_at) {
    row.append(make("p", "まだ確認されていないので、届きません。", "Not confirmed yet: nothing is told there."));
  } else if (!one.value) {
    const seen = moment(one.last_seen_at);
    row.append(make("p", `最後に使ったのは ${seen}`, `Last used ${seen}`));
  }
  if (one.unanswered_since) {
    const since = moment(one.unanswered_since);
    row.append(make("p", `${since} から、届いたという返事がありません。`, `No sign of life since ${since}.`));
  }
  const stop = make("button", "ここへは送らない", "Do not send here");
  stop.className = "plain";
  stop.setAttribute("aria-describedby", name.id);
  stop.onclick = does(stop, async () => {
    await asked("DELETE", `/v1/me/addresses/${one.id}`);
    say("もう送りません。", "Nothing is sent there any more.");
    await showAddresses();
  });
  row.append(stop);
  if (one.channel !== "webhook") row.append(detailsButton(one, name));
  return row;
}

async function begin() {
  const answer = await ask("GET", "/v1/me");
  if (answer.status === 401) return signedOut();
  if (!answer.ok) throw new Wrong("うまくいきませんでした。", "It did not work.");
  goByTheClockOf(answer.content.city);
  part("sign-in").hidden = true;
  part("mine").hidden = false;
  part("who").textContent = `${answer.content.name}（${answer.content.city.name}）`;
  const looked = look().then(() => {
    point();
    listen(look);
  });
  await Promise.all([looked, keepAddress(), showStickers(answer.content)]);
}

// At every start: it keeps the address alive, also when the browser made itself a new one.
async function keepAddress() {
  if (permission() === "granted" && (await subscribed())) await register();
  await showAddresses();
}

async function look() {
  await showBoards();
  await showAlerts();
}

function point() {
  const row = location.hash && part(decodeURIComponent(location.hash.slice(1)));
  if (row) row.scrollIntoView();
}

part("sign-in").onsubmit = does(part("sign-in").querySelector("button"), signIn);
part("receive").onclick = does(part("receive"), receive);
part("sign-out").onclick = does(part("sign-out"), signOut);
part("try").onclick = does(part("try"), tryOut);
if (canReceive()) {
  navigator.serviceWorker.addEventListener("message", (event) => {
    const { details } = event.data;
    if (details) say(`${details.title} ${details.body}`, "");
    if (!event.data.open) return;
    const { hash } = new URL(event.data.open, location.href);
    if (hash === location.hash) does(null, begin)();
    else location.hash = hash;
  });
}
window.addEventListener("hashchange", does(null, begin));
window.addEventListener("signedout", signedOut);
does(null, begin)();
