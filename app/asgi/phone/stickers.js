// Her stickers: where they are stuck, which are missed, who has only looked at their page, and a test of them.
import { Wrong, ask, asked, does, make, moment, part, say, write } from "/phone/common.js";

const SCANS = 3; // So many of the newest are shown.

export async function showStickers(viewer) {
  part("stickers").hidden = true;
  if (viewer.role !== "family") return;
  const { items } = await asked("GET", "/v1/wearers?limit=20");
  const rows = (await Promise.all(items.map(wearerRow))).filter(Boolean);
  part("sticker-list").replaceChildren(...rows);
  part("stickers").hidden = !rows.length;
}

export function forgetStickers() {
  part("stickers").hidden = true;
  part("sticker-list").replaceChildren();
}

// Nothing for those who have no stickers, or whose stickers are not the viewer's to see to.
async function wearerRow({ id, name }) {
  const path = `/v1/wearers/${id}`;
  const [stickers, scans, test] = await Promise.all(
    ["stickers", "scans?limit=20", "sticker-test"].map((what) => ask("GET", `${path}/${what}`)),
  );
  if (!stickers.ok || !test.ok) return null;
  const hers = stickers.content.items.filter((one) => one.state === "issued");
  if (!hers.length) return null;
  const row = document.createElement("li");
  const again = async () => row.replaceWith((await wearerRow({ id, name })) || "");
  row.append(make("p", `${name}さん`), ...hers.map((one) => stickerPart(`${path}/stickers/${one.id}`, one, again)));
  const seen = scans.ok ? scans.content.items.filter((one) => !one.machine).slice(0, SCANS) : [];
  for (const one of seen) row.append(scanLine(one));
  row.append(testPart(path, test.content, again));
  return row;
}

function scanLine({ sticker, stuck_on: on, last_at: at }) {
  return make("p", `${moment(at)} に読み取られました（${on || sticker}）。押した人はいません。`, "Its page was only looked at.");
}

function stickerPart(path, one, again) {
  const more = document.createElement("details");
  const form = document.createElement("form");
  const label = make("label", "貼ってあるところ", "Where it is stuck");
  const on = document.createElement("input");
  on.placeholder = "上着、くつ、かばん など";
  on.id = `on-${one.id}`;
  on.value = one.stuck_on;
  on.maxLength = 60;
  label.htmlFor = on.id;
  const save = make("button", "書きかえる", "Change");
  save.className = "plain";
  form.append(label, on, save);
  form.onsubmit = does(save, async () => {
    await asked("PATCH", path, { stuck_on: on.value });
    say("書きかえました。", "Changed.");
    await again();
  });
  more.append(make("summary", `${one.number}　${one.stuck_on || "（貼ったところは書いてありません）"}`), form, lostButton(path, again));
  return more;
}

// Its page answers nobody from then on, so one tap alone does not do it.
function lostButton(path, again) {
  const button = make("button", "なくしました", "It is lost");
  button.className = "plain";
  button.onclick = () => {
    write(button, "使えなくするには、もう一度押してください", "Press again: it will not work any more");
    button.onclick = does(button, async () => {
      await asked("POST", `${path}/lost`, {});
      say("このシールは使えなくなりました。", "This sticker does not work any more.");
      await again();
    });
  };
  return button;
}

function testPart(path, { until, mine }, again) {
  const place = document.createElement("div");
  if (until && !mine) {
    place.append(make("p", `${moment(until)} まで、ほかの人が試しています。`, "Somebody else tries them."));
    return place;
  }
  const button = until
    ? make("button", "試すのを終わりにする", "End the test")
    : make("button", "シールを試す（30分）", "Try the stickers (30 minutes)");
  button.className = "plain";
  if (until) {
    const words = `${moment(until)} まで、読み取って押してもあなたにだけ届きます。`;
    place.append(make("p", words, "Until then only you are told when somebody taps."));
  }
  button.onclick = does(button, async () => {
    const { status, ok } = await ask(until ? "DELETE" : "POST", `${path}/sticker-test`);
    if (status === 409) throw new Wrong("いまは試せません。", "They cannot be tried now.");
    if (!ok) throw new Wrong("うまくいきませんでした。もう一度押してください。", "It did not work. Try again.");
    const done = ["試すのを終わりにしました。", "The test is over."];
    const begun = ["スマホでシールを読み取って、押してみてください。", "Scan a sticker with a phone and tap."];
    say(...(until ? done : begun));
    await again();
  });
  place.append(button);
  return place;
}
