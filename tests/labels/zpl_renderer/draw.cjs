// Draws each label of a list: [{"zpl", "width" and "height" in mm, "dots" a millimetre, "to": file}, …] on standard input.
const { readFileSync, writeFileSync } = require("node:fs");
const { ready } = require("zpl-renderer-js");

async function draw() {
  const { api } = await ready;
  for (const { zpl, width, height, dots, to } of JSON.parse(readFileSync(0, "utf8"))) {
    writeFileSync(to, Buffer.from(await api.zplToBase64Async(zpl, width, height, dots), "base64"));
  }
  process.exit(0);
}

draw();
