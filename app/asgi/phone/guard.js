// A guard is sent to her, where her scheme lets who is signed in ask for one: the price is read first, and agreed to.
import { Wrong, ask, does, make, say } from "/phone/common.js";

const GOES = {
  requested: ["警備員を探しています。", "A guard is being looked for."],
  offering: ["警備員を探しています。", "A guard is being looked for."],
  nobody_available: ["すぐに行ける警備員がいません。指令室が探しています。", "No guard is free yet. The control room looks for one."],
  accepted: ["警備員が出発の準備をしています。", "A guard gets ready to leave."],
  en_route: ["警備員が向かっています。", "A guard is on the way."],
  on_scene: ["警備員が着きました。", "A guard has arrived."],
  searching: ["警備員がさがしています。", "A guard looks for her."],
  found: ["警備員がそばにいます。", "A guard is with her."],
};
const REFUSED = ["いまの契約では、ここから警備員を呼べません。", "Her contract does not let you send a guard from here."];

let out = []; // The turn-outs that go on.

// Asks once for all parts that are shown.
export async function lookAtGuards(parts) {
  if (!parts.length) return;
  const { ok, content } = await ask("GET", "/v1/dispatches?open=true");
  if (ok) out = content.items;
  for (const part of parts) await part.look();
}

// A part of a row: what a guard does for her, or the button that asks for one, or nothing.
export function guardPart(wearer, alert) {
  const place = document.createElement("div");
  let asking = false; // Somebody reads the price: it is left alone.
  let may = null; // Not known yet.

  async function quoted() {
    const { ok, content } = await ask("GET", `/v1/wearers/${wearer}/quote`);
    return ok && content.you_may_ask && content.quote ? content : null;
  }

  async function look() {
    if (asking) return;
    const going = out.find((one) => one.wearer === wearer && !one.drill);
    if (going) return place.replaceChildren(make("p", ...(GOES[going.state] || GOES.requested)));
    if (may === null) may = Boolean(await quoted());
    if (!may) return place.replaceChildren();
    if (place.querySelector("button")) return;
    const button = make("button", "警備員に行ってもらう（料金を見る）", "Send a guard (see the price)");
    button.className = "plain";
    button.onclick = does(button, price);
    place.replaceChildren(button);
  }

  async function price() {
    const shown = await quoted();
    if (!shown) throw new Wrong(...REFUSED);
    asking = true;
    const words = document.createElement("ul");
    words.className = "price";
    const { ja, en } = shown.quote.words;
    words.append(...ja.map((line, number) => make("li", line, en[number])));
    const yes = make("button", "この料金で、警備員に行ってもらう", "Send a guard at this price");
    const no = make("button", "やめる", "No");
    no.className = "plain";
    no.onclick = does(no, async () => {
      asking = false;
      place.replaceChildren();
      await look();
    });
    const key = crypto.randomUUID(); // Pressed again after a failure, it is the same request.
    yes.onclick = does(yes, () => send(shown.id, key));
    place.replaceChildren(make("p", "料金", "Price"), words, yes, no);
  }

  async function send(quote, key) {
    const answer = await ask("POST", `/v1/wearers/${wearer}/dispatches`, { key, quote, ...(alert ? { alert } : {}) });
    if (answer.status === 409) {
      await price();
      throw new Wrong("料金が変わりました。もう一度見てください。", "The price has changed. Please read it again.");
    }
    if (answer.status === 403) throw new Wrong(...REFUSED);
    if (!answer.ok) throw new Wrong("まだ頼めていません。もう一度押してください。", "Nobody was asked yet. Press again.");
    say("警備員を頼みました。", "A guard was asked for.");
    asking = false;
    await lookAtGuards([part]);
  }

  const part = { place, look };
  return part;
}
