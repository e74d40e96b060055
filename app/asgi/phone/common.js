// What all parts of the page use: words in two languages, questions to the service, buttons.
export const part = (id) => document.getElementById(id);

// Two languages in one element: the first as it is, the second small.
export function write(element, ja, en) {
  element.textContent = ja + " ";
  if (en) {
    const small = document.createElement("small");
    small.lang = "en";
    small.textContent = en;
    element.append(small);
  }
  return element;
}

export function make(kind, ja, en) {
  return write(document.createElement(kind), ja, en);
}

export function say(ja, en, wrong = false) {
  part("says").classList.toggle("wrong", wrong);
  write(part("says"), ja, en);
}

export class Wrong extends Error {
  constructor(ja, en) {
    super(en);
    this.ja = ja;
  }
}

export async function ask(method, path, body) {
  const headers = {};
  const found = document.cookie.match(/(?:^|; )mimamori_csrf=([^;]*)/);
  if (found) headers["X-CSRF-Token"] = found[1];
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  } catch {
    throw new Wrong("つながりません。電波を確かめて、もう一度押してください。", "No connection. Try again.");
  }
  const content = (answer.headers.get("Content-Type") || "").includes("json") ? await answer.json() : null;
  return { status: answer.status, ok: answer.ok, content };
}

export async function asked(method, path, body) {
  const answer = await ask(method, path, body);
  if (answer.ok) return answer.content;
  if (answer.status === 401) {
    window.dispatchEvent(new Event("signedout"));
    throw new Wrong("もう一度サインインしてください。", "Sign in again.");
  }
  const why = answer.content && (answer.content.detail || answer.content.title);
  throw new Wrong(`うまくいきませんでした（${answer.status}）。`, why || "It did not work.");
}

// Runs what a button does, with the button off meanwhile, and says what went wrong.
export function does(button, work) {
  return async (event) => {
    if (event) event.preventDefault();
    if (button) button.disabled = true;
    try {
      await work();
    } catch (error) {
      const known = error instanceof Wrong;
      say(known ? error.ja : "うまくいきませんでした。もう一度押してください。", error.message, true);
    } finally {
      if (button) button.disabled = false;
    }
  };
}

let zone;

// By whose clock moments are said: that of the city, as in the words of alerts, wherever the phone is.
export function goByTheClockOf(city) {
  zone = city.zone;
}

export function moment(text) {
  const parts = { month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", timeZone: zone };
  return new Date(text).toLocaleString("ja-JP", parts);
}

// How long ago, in words.
export function ago(text) {
  const minutes = Math.max(0, Math.round((Date.now() - new Date(text)) / 60000));
  if (minutes < 1) return "たった今";
  return minutes < 90 ? `${minutes}分前` : moment(text);
}
