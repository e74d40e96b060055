// Unpacks what npm brought into the folder that is named: the browser, the libraries that it needs, and axe.
import { chmodSync, copyFileSync, createReadStream, createWriteStream, mkdirSync, renameSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress } from "node:zlib";

const [place] = process.argv.slice(2);
const packed = `${place}/node_modules/@sparticuz/chromium/bin`;
const unpack = (from, to) =>
  pipeline(createReadStream(`${packed}/${from}`), createBrotliDecompress(), createWriteStream(to));

mkdirSync(place, { recursive: true });
copyFileSync(`${place}/node_modules/axe-core/axe.min.js`, `${place}/axe.min.js`);
await unpack("al2023.tar.br", `${place}/libraries.tar`);
await unpack("chromium.br", `${place}/chromium.part`);
chmodSync(`${place}/chromium.part`, 0o755);
renameSync(`${place}/chromium.part`, `${place}/chromium`);
