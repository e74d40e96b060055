// Says when there may be something new: the service tells it at once, and we look now and then where it cannot.
const AGAIN_MS = 15000;
const TOLD = ["open", "alert", "board"]; // When the stream opens, what came before is looked for.

let stream = null;
let looking = false;
let again = false;

// From now on until `hush`, `look` is called whenever there may be something new; never twice at once.
export function listen(look) {
  hush();
  const soon = async () => {
    again = true;
    if (looking) return;
    looking = true;
    while (again) {
      again = false;
      await look().catch(() => {});
    }
    looking = false;
  };
  const open = () => {
    const source = document.hidden ? null : new EventSource("/v1/events");
    if (source) for (const kind of TOLD) source.addEventListener(kind, soon);
    return source;
  };
  const seen = () => {
    stream.source?.close(); // Nobody looks: the battery is spared, and a push rings.
    stream.source = open();
    if (!document.hidden) soon();
  };
  const timer = setInterval(() => document.hidden || soon(), AGAIN_MS);
  stream = { source: null, seen, timer };
  stream.source = open();
  document.addEventListener("visibilitychange", seen);
}

export function hush() {
  if (!stream) return;
  stream.source?.close();
  clearInterval(stream.timer);
  document.removeEventListener("visibilitychange", stream.seen);
  stream = null;
}
