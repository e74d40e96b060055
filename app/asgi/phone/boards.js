// Somebody scanned her sticker and is with her: what the finder says, and what the family answers. Neither reads the
// other's name.
import { Wrong, ago, ask, does, make, moment, part, say, write } from "/phone/common.js";
import { guardPart, lookAtGuards } from "/phone/guard.js";

const SEEMS = {
  calm: ["落ち着いています", "calm"],
  hurt: ["けがをしています", "hurt"],
  cold: ["寒そうです", "cold"],
  lost: ["道に迷っています", "lost"],
};
const WHO = { finder: ["見つけた人", "The finder"], city: ["市", "The city"], service: ["みまもり", "Mimamori"] };
const MODES = { test: "【テスト】", drill: "【訓練】" };
const ENDED = {
  handed_over: ["引き渡しを受けました。", "She was handed over."],
  closed: ["終わりました。", "It is over."],
  expired: ["書き込みがないまま終わりました。", "It ended since nobody wrote."],
};
const MINUTES = [5, 10, 15, 20, 30, 45, 60, 90];
const THANKS = {
  home_safe: ["無事に家に帰りました。ありがとうございました。", "She is safely home, thank you."],
  with_us: ["家族といっしょにいます。ありがとうございました。", "She is with us, thank you."],
  thanks: ["本当にありがとうございました。", "Thank you very much."],
};

const THANKED_FOR_MS = 24 * 3600 * 1000; // So long the finder reads the last words.

let rows = new Map(); // By the board: whoever writes goes on writing when something comes in.

const goesOn = (one) => one.state === "open" || one.state === "coming";
const isShown = (one) => goesOn(one) || (!one.blocked && Date.now() - new Date(one.ended_at) < THANKED_FOR_MS);

export async function showBoards() {
  const answer = await ask("GET", "/v1/boards?limit=20");
  if (!answer.ok) return;
  const items = answer.content.items.filter(isShown);
  rows = new Map(items.map((one) => [one.id, rows.get(one.id) || boardRow(one)]));
  for (const one of items) await rows.get(one.id).look(one);
  const list = part("board-list");
  const wanted = [...rows.values()].map((row) => row.place);
  const same = wanted.length === list.children.length && wanted.every((place, at) => place === list.children[at]);
  if (!same) list.replaceChildren(...wanted); // Else somebody may be writing in it.
  part("boards").hidden = !rows.size;
  await lookAtGuards([...rows.values()].filter((row) => row.wantsGuard()).map((row) => row.guard));
}

// Where an alert is answered that a finder raised, as long as her board goes on.
export function boardOf(alert) {
  const found = [...rows.values()].find((row) => row.alert === alert && row.goesOn());
  return found ? found.place.id : null;
}

export function forgetBoards() {
  rows = new Map();
  part("boards").hidden = true;
  part("board-list").replaceChildren();
}

function boardRow({ id, wearer, alert, mode }) {
  const path = `/v1/boards/${id}`;
  const place = document.createElement("li");
  const head = document.createElement("div");
  const lines = document.createElement("ol");
  const answers = document.createElement("div");
  const guard = guardPart(wearer, alert);
  place.id = `board-${id}`;
  lines.className = "lines";
  lines.setAttribute("aria-live", "polite");
  place.append(head, lines, answers);
  let [known, drawn, isOn] = ["", "", null];

  // Draws what has changed. Where the finder is, is asked for only when there is something new: each look is noted.
  async function look(one) {
    const now = JSON.stringify(one);
    if (now === known) return tick(lines);
    const { ok, content } = await ask("GET", path);
    if (!ok) return;
    known = now;
    head.replaceChildren(...headOf(content));
    const said = JSON.stringify(content.said);
    if (said !== drawn) lines.replaceChildren(...content.said.map((line) => lineRow(path, line)));
    drawn = said;
    tick(lines);
    if (isOn !== goesOn(content)) answers.replaceChildren(...(goesOn(content) ? answersOf() : endOf(path, content)));
    isOn = goesOn(content);
  }

  function answersOf() {
    const guarded = mode === "real" ? [guard.place] : [];
    return [comingPart(path), wordsPart(path), ...guarded, handOverButton(path), closePart(path), reportPart(path)];
  }

  return { place, look, guard, alert, goesOn: () => isOn, wantsGuard: () => isOn && mode === "real" };
}

function tick(lines) {
  for (const time of lines.querySelectorAll("time")) time.textContent = ago(time.dateTime);
}

function headOf(one) {
  const mark = MODES[one.mode] || "";
  const said = [make("p", `${mark}${one.wearer_name}さんのそばに、見つけた人がいます`, "Somebody who found her is with her")];
  if (one.stuck_on) said.push(make("p", `読み取られたシール：${one.stuck_on}`, `Sticker: ${one.stuck_on}`));
  if (one.state === "coming") {
    const at = one.arrives_at ? `（${moment(one.arrives_at)}ごろ着く）` : "";
    said.push(make("p", `${one.coming_by || ""}さんが向かっています${at}。`, `${one.coming_by || "Somebody"} is on the way.`));
  }
  if (ENDED[one.state]) said.push(make("p", ...ENDED[one.state]));
  return said;
}

function lineRow(path, line) {
  const row = document.createElement("li");
  row.className = line.side;
  const who = WHO[line.side] || [line.name ? `${line.name}さん` : "家族", "Family"];
  const head = make("p", who[0], who[1]);
  const time = document.createElement("time");
  time.dateTime = line.at;
  time.textContent = ago(line.at);
  head.append(time);
  row.append(head);
  for (const one of line.states) row.append(make("p", ...(SEEMS[one] || [one])));
  if (line.words) row.append(make("p", line.words));
  if (line.typed_place) row.append(make("p", `場所（書かれたもの）：${line.typed_place}`, "Place, as written"));
  if (line.place) row.append(placeOf(line));
  if (line.has_photo) {
    const photo = document.createElement("img");
    photo.src = `${path}/photos/${line.id}`;
    photo.alt = "見つけた人が送った写真";
    row.append(photo);
  }
  return row;
}

// Opens the phone's own map: nobody else is asked from here.
function placeOf({ place }) {
  const where = `${place.lat_deg.toFixed(5)},${place.lon_deg.toFixed(5)}`;
  const row = make("p", `場所：見つけた人のスマホ（誤差 約${Math.round(place.accuracy_m)} m）`, "Place told by the finder's phone");
  const link = make("a", "地図で見る", "Open the map");
  link.href = /iPhone|iPad/.test(navigator.userAgent) ? `maps:?q=${where}` : `geo:${where}?q=${where}`;
  link.className = "button";
  row.append(link);
  return row;
}

async function tell(path, body, done) {
  const answer = await ask("POST", path, body);
  if (answer.status === 409) throw new Wrong("もう終わっています。", "It is over.");
  if (answer.status === 403) throw new Wrong("あなたの役割では押せません。", "Your role may not do this.");
  if (!answer.ok) throw new Wrong("まだ伝わっていません。もう一度押してください。", "Nobody knows yet. Try again.");
  say(...done);
  await showBoards();
}

let labels = 0;

// A field with its label.
function labelled(field, ja, en) {
  const label = make("label", ja, en);
  field.id = `field-${(labels += 1)}`;
  label.htmlFor = field.id;
  return [label, field];
}

function comingPart(path) {
  const form = document.createElement("form");
  const minutes = document.createElement("select");
  for (const one of MINUTES) minutes.append(new Option(`${one}分`, one, one === 15, one === 15));
  const button = make("button", "向かっています", "I am on my way");
  button.className = "urgent";
  form.append(...labelled(minutes, "あと何分で着きますか", "How many minutes until you are there?"), button);
  const said = ["向かっていると伝えました。", "The finder knows that you come."];
  form.onsubmit = does(button, () => tell(`${path}/coming`, { arrives_in_min: Number(minutes.value) }, said));
  return form;
}

function wordsPart(path) {
  const form = document.createElement("form");
  const words = writing();
  const button = make("button", "見つけた人に送る", "Send to the finder");
  button.className = "plain";
  form.append(...labelled(words, "見つけた人への言葉", "Words to the finder"), button);
  form.onsubmit = does(button, async () => {
    await tell(`${path}/lines`, { words: words.value }, ["送りました。", "Sent."]);
    words.value = "";
  });
  return form;
}

function writing() {
  const words = document.createElement("textarea");
  words.rows = 2;
  words.maxLength = 500;
  words.required = true;
  return words;
}

// The finder's part ends with it, so one tap alone does not do it.
function handOverButton(path) {
  const button = make("button", "引き渡しを受けました", "She was handed over to us");
  button.onclick = () => {
    write(button, "会えましたか。終わりにするには、もう一度押してください", "Press again when she is with you");
    const said = ["見つけた人に伝えました。", "The finder knows."];
    button.onclick = does(button, () => tell(`${path}/hand-over`, undefined, said));
  };
  return button;
}

function closePart(path) {
  const more = document.createElement("details");
  const button = make("button", "引き渡しなしで終わりにする", "End it without a hand-over");
  button.className = "plain";
  const said = ["終わりにしました。お知らせはまだ続いています。", "This board is over. The alert goes on."];
  button.onclick = does(button, () => tell(`${path}/close`, undefined, said));
  more.append(make("summary", "会えずに終わるとき", "If you do not meet"), button);
  return more;
}

function endOf(path, one) {
  if (one.last_code || one.last_words) return [make("p", "お礼を伝えました。", "The finder was thanked.")];
  const form = document.createElement("form");
  const words = document.createElement("select");
  for (const [code, [ja]] of Object.entries(THANKS)) words.append(new Option(ja, code));
  const button = make("button", "お礼を伝える", "Thank the finder");
  form.append(...labelled(words, "見つけた人が最後に読む言葉", "The last words that the finder reads"), button);
  const said = ["お礼を伝えました。", "The finder was thanked."];
  form.onsubmit = does(button, async () => {
    await tell(`${path}/thanks`, { code: words.value }, said);
    form.replaceWith(make("p", ...said));
  });
  return [form, reportPart(path)];
}

function reportPart(path) {
  const more = document.createElement("details");
  const form = document.createElement("form");
  const why = writing();
  const button = make("button", "市に知らせる", "Tell the city");
  button.className = "plain";
  form.append(...labelled(why, "何がありましたか", "What happened?"), button);
  form.onsubmit = does(button, async () => {
    await tell(`${path}/report`, { reason: why.value }, ["市の担当に知らせました。", "The city was told."]);
    more.replaceChildren(make("summary", "市の担当に知らせました", "The city was told"));
  });
  more.append(make("summary", "いたずらや困った書き込みを知らせる", "Report abuse"), form);
  return more;
}
