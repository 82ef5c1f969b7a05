// SPDX-License-Identifier: GPL-2.0-or-later
// Prints the state that a Z-Wave JS server tells, as one JSON document. usage: node state.cjs URL [COMMAND-JSON ...]
// With commands: prints their results instead, one a line.
const WebSocket = require("ws");
const [url, ...commands] = process.argv.slice(2);
const ws = new WebSocket(url);
const send = (id, command) => ws.send(JSON.stringify({ messageId: id, ...command }));
ws.on("error", (error) => { console.error(error.message); process.exit(1); });
ws.on("message", (data) => {
  const message = JSON.parse(data.toString());
  if (message.type === "version") return send("first", { command: "initialize", schemaVersion: 47 });
  if (message.type !== "result") return;
  if (message.messageId === "first") return send("state", { command: "start_listening" });
  if (message.messageId === "state") {
    if (commands.length === 0) { process.stdout.write(JSON.stringify(message.result.state), () => process.exit(0)); return; }
    return send("0", JSON.parse(commands[0]));
  }
  const next = +message.messageId + 1;
  console.log(JSON.stringify(message));
  if (next < commands.length) send(String(next), JSON.parse(commands[next])); else process.exit(0);
});
