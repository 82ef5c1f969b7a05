// SPDX-License-Identifier: GPL-2.0-or-later
// A mock Z-Wave controller with its nodes, on a TCP port of the loopback that speaks the Serial API.
// usage: node mock.cjs CONFIG [PORT]   environment: ZW_NODES, ZW_PERIOD_MS, ZW_HEX=1; lines on standard input: see network.cjs
const { createServer } = require("node:net");
const path = require("node:path");
const { Faucet, ZWaveSerialFrameType } = require("@zwave-js/serial");
const { createAndOpenMockedZWaveSerialPort } = require("@zwave-js/serial/mock");
const { MockController, MockNode } = require("@zwave-js/testing");
const { createDefaultMockControllerBehaviors, createDefaultMockNodeBehaviors } = require("zwave-js/Testing");
const [cfgPath, port = "5555"] = process.argv.slice(2);
const hex = process.env.ZW_HEX ? (d, b) => console.log(d, b.toString("hex")) : () => {};
// A controller outlives the hosts that are killed while it writes to them.
process.on("unhandledRejection", (error) => console.error(error));
process.on("uncaughtException", (error) => console.error(error));
(async () => {
  let cfg = require(path.resolve(cfgPath)).default; if (typeof cfg === "function") cfg = cfg({ require });
  const { serial, port: mockPort } = await createAndOpenMockedZWaveSerialPort();
  const ctl = await MockController.create({ homeId: 0x7e570001, ownNodeId: 1, ...cfg.controller, mockPort, serial });
  ctl.defineBehavior(...createDefaultMockControllerBehaviors(), ...(cfg.controller?.behaviors ?? []));
  const nodes = [];
  for (const n of cfg.nodes ?? []) {
    const m = await MockNode.create({ ...n, controller: ctl });
    ctl.addNode(m); nodes.push(m);
    m.defineBehavior(...createDefaultMockNodeBehaviors());
    m.defineBehavior(...(n.behaviors ?? []));   // those defined last come first
  }
  const faucet = new Faucet(serial.readable);
  let inited = false;
  const srv = createServer((sock) => {
    sock.setNoDelay(true);
    const w = new WritableStream({ write: (c) => { if (c.type !== ZWaveSerialFrameType.SerialAPI) return;
      const o = Buffer.from(typeof c.data === "number" ? [c.data] : c.data); hex("ctrl->", o); sock.write(o); } });
    faucet.connect(w);
    // TCP may glue ACK + next frame together; MockController wants ONE frame per chunk -> reframe here
    let buf = Buffer.alloc(0), q = Promise.resolve();
    const push = (f) => { hex("host->", f); q = q.then(() => serial.writeAsync(f)).catch(console.error); };
    sock.on("data", (d) => {
      if (!inited) { inited = true; cfg.onInit?.(ctl, nodes); }          // start events on the first host byte
      buf = Buffer.concat([buf, d]);
      while (buf.length) {
        const b = buf[0]; let n = 1;
        if (b === 0x01) { if (buf.length < 2 || buf.length < 2 + buf[1]) return; n = 2 + buf[1]; }
        if (b === 0x01 || b === 0x06 || b === 0x15 || b === 0x18) push(Buffer.from(buf.subarray(0, n)));
        buf = buf.subarray(n);
      }
    });
    sock.on("close", () => { faucet.disconnect(); w.close().catch(() => {}); }); sock.on("error", () => {});
  });
  srv.on("error", (error) => { console.error(error); process.exit(1); });
  srv.maxConnections = 1;
  require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => cfg.onLine?.(ctl, nodes, line.split(" ")));
  srv.listen(+port, "127.0.0.1", () => console.log(`mock controller on tcp://127.0.0.1:${port}, ${nodes.length} nodes`));
})();
