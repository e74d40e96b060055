// What is open now, and the answers to it.
import { boardOf } from "/phone/boards.js";
import { Wrong, ask, does, make, moment, part, say, write } from "/phone/common.js";
import { guardPart, lookAtGuards } from "/phone/guard.js";

let shown = "";
let guards = new Map(); // By the alert: whoever reads a price goes on reading it when the list is drawn anew.

export async function showAlerts() {
  const answer = await ask("GET", "/v1/alerts?state=open&state=acknowledged&limit=20");
  part("alerts").hidden = !answer.ok;
  const now = JSON.stringify(answer.ok && [answer.content, answer.content.items.map((one) => boardOf(one.id))]);
  if (answer.ok && now !== shown) draw(answer.content.items); // One that is the same is left: somebody may be at a button.
  shown = now;
  await lookAtGuards([...guards.values()]);
}

function draw(items) {
  const urgent = items.filter((one) => one.level === "urgent" && !boardOf(one.id));
  guards = new Map(urgent.map((one) => [one.id, guards.get(one.id) || guardPart(one.wearer, one.id)]));
  part("alert-list").replaceChildren(...items.map(alertRow));
  if (!items.length) part("alert-list").append(make("li", "ありません。", "None."));
}

export function forgetAlerts() {
  shown = "";
  guards.clear();
  part("alerts").hidden = true;
  part("alert-list").replaceChildren();
}

function alertRow(one) {
  const row = document.createElement("li");
  row.id = one.id;
  const mark = one.level === "urgent" ? "【緊急】" : "";
  row.append(make("p", `${mark}${one.wearer_name}（${moment(one.happened_at)}）`));
  for (const reason of one.reasons) row.append(make("p", reason.ja, reason.en));
  const by = one.acknowledged_by;
  if (by) row.append(make("p", `${by}さんが対応しています。`, `${by} sees to it.`));
  for (const { name, arrives_at: at } of one.going) {
    row.append(make("p", `${name}さんが向かっています${at ? `（${moment(at)}ごろ着く）` : ""}。`, `${name} is on the way.`));
  }
  const board = boardOf(one.id);
  if (board) {
    const link = make("a", "伝言板で答える", "Answer on the board");
    link.href = `#${board}`;
    link.className = "button";
    row.append(link);
    return row;
  }
  const address = `/v1/alerts/${one.id}`;
  const urgent = one.level === "urgent" ? "urgent" : "";
  if (one.state === "open") {
    const taken = ["あなたが対応すると伝えました。", "The others know that you see to it."];
    row.append(answerButton(urgent, ["対応します", "I will see to it"], `${address}/acknowledge`, undefined, taken));
  }
  const gone = ["向かっていると伝えました。", "The others know that you are on the way."];
  row.append(answerButton("plain", ["向かっています", "I am on my way"], `${address}/on-my-way`, {}, gone));
  const guard = guards.get(one.id);
  if (guard) row.append(guard.place);
  if (one.state === "acknowledged") row.append(endButton(`${address}/resolve`));
  if (one.fine.length) row.append(fineButton(`${address}/fine`, one.fine));
  return row;
}

const FINE = {
  today: ["今日は大丈夫（もう知らせない）", "Fine today (tell nothing more)"],
  here: ["この場所は大丈夫（4週間）", "Fine at this place (four weeks)"],
  always: ["いつも大丈夫（取り消すまで）", "Always fine (until taken back)"],
};

// The first tap asks how far it reaches: what is fine is not told, so one tap alone does not do it.
function fineButton(path, scopes) {
  const said = ["大丈夫だと伝えました。", "The others know that this is fine."];
  const button = make("button", "大丈夫です", "This is fine");
  button.className = "plain";
  button.onclick = () => {
    const known = scopes.filter((scope) => FINE[scope]);
    button.replaceWith(...known.map((scope) => answerButton("plain", FINE[scope], path, { scope }, said)));
  };
  return button;
}

function answerButton(look, words, path, body, done) {
  const button = make("button", ...words);
  button.className = look;
  button.onclick = does(button, () => answerAlert(path, body, done));
  return button;
}

// What is ended is told to nobody any more, so one tap alone does not do it.
function endButton(path) {
  const button = make("button", "もう大丈夫です", "It is over");
  button.className = "plain";
  button.onclick = () => {
    write(button, "終わりにするには、もう一度押してください", "Press again to end it");
    button.onclick = does(button, () => answerAlert(path, undefined, ["終わりました。", "It is over."]));
  };
  return button;
}

async function answerAlert(path, body, done) {
  const answer = await ask("POST", path, body);
  if (answer.status === 409) say("ほかの人が対応しているか、もう終わっています。", "Somebody else sees to it, or it is over.");
  else if (answer.status === 403) throw new Wrong("あなたの役割では押せません。", "Your role may not do this.");
  else if (!answer.ok) throw new Wrong("まだ伝わっていません。もう一度押してください。", "Nobody knows yet. Try again.");
  else say(...done);
  await showAlerts();
}
