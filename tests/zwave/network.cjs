// SPDX-License-Identifier: GPL-2.0-or-later
// The mock network: a plug with a meter, a sensor, a water meter, a door contact, a thermostat, and again.
// Lines on standard input: "door NODE open|closed", "wake NODE", "watts NODE NUMBER". Prints "plug NODE true|false" when one is set.
module.exports.default = ({ require }) => {
  const N = +(process.env.ZW_NODES || 5);
  const PERIOD = +(process.env.ZW_PERIOD_MS || 2000);
  const CC = require("@zwave-js/cc");
  const { CommandClasses: C, encodeNodeBitMask } = require("@zwave-js/core");
  const { Bytes } = require("@zwave-js/shared");
  const raw = (nodeId, ccId, ccCommand, bytes) => ({ action: "sendCC", cc: new CC.CommandClass({ nodeId, ccId, ccCommand, payload: Bytes.from(bytes) }) });
  const be24 = (v) => [(v >> 16) & 255, (v >> 8) & 255, v & 255];
  const { createMockZWaveRequestFrame, getDefaultSupportedFunctionTypes } = require("@zwave-js/testing");
  const { FunctionType, GetRoutingInfoRequest, GetRoutingInfoResponse } = (() => {
    const s = require("@zwave-js/serial"), a = require("@zwave-js/serial/serialapi");
    return { ...s, ...a };
  })();
  const t0 = Date.now(), secs = () => (Date.now() - t0) / 1000;

  // ---- behaviours that zwave-js has no mock for: Battery, Wake Up, Association ----
  const extra = {
    handleCC(controller, self, cc) {
      const nodeId = controller.ownNodeId;
      if (cc instanceof CC.BinarySwitchCCSet) console.log(`plug ${self.id} ${cc.targetValue}`);
      if (cc instanceof CC.ThermostatSetpointCCSet) console.log(`setpoint ${self.id} ${cc.value}`);
      if (cc instanceof CC.BatteryCCGet)
        return { action: "sendCC", cc: new CC.BatteryCCReport({ nodeId, level: Math.max(5, 95 - Math.floor(secs() / 30)) }) };
      if (cc instanceof CC.WakeUpCCIntervalCapabilitiesGet)
        return raw(nodeId, 0x84, 0x0a, [...be24(60), ...be24(86400), ...be24(3600), ...be24(60)]);   // the typed report classes have no serializer
      if (cc instanceof CC.WakeUpCCIntervalGet)
        return raw(nodeId, 0x84, 0x06, [...be24(self.state.get("wui") ?? 3600), nodeId]);
      if (cc instanceof CC.WakeUpCCIntervalSet) { self.state.set("wui", cc.wakeUpInterval); return { action: "ok" }; }
      if (cc instanceof CC.WakeUpCCNoMoreInformation) return { action: "ok" };
      if (cc instanceof CC.AssociationCCSupportedGroupingsGet)
        return { action: "sendCC", cc: new CC.AssociationCCSupportedGroupingsReport({ nodeId, groupCount: 1 }) };
      if (cc instanceof CC.AssociationCCGet)
        return { action: "sendCC", cc: new CC.AssociationCCReport({ nodeId, groupId: cc.groupId, maxNodes: 5,
          nodeIds: self.state.get("assoc") ?? [], reportsToFollow: 0 }) };
      const nodes = self.state.get("assoc") ?? [];
      if (cc instanceof CC.AssociationCCSet) { self.state.set("assoc", [...new Set([...nodes, ...cc.nodeIds])]); return { action: "ok" }; }
      if (cc instanceof CC.AssociationCCRemove) { self.state.set("assoc", nodes.filter((n) => !cc.nodeIds.includes(n))); return { action: "ok" }; }
    },
  };
  // ---- controller: FUNC 0x80 GetRoutingInfo -> neighbours ----
  const neighbours = {
    async onHostMessage(controller, msg) {
      if (!(msg instanceof GetRoutingInfoRequest)) return;
      const src = msg.payload[0];
      const ids = [1, ...controller.nodes.keys()].filter((n) => n !== src && Math.abs(n - src) <= 2);
      const res = new GetRoutingInfoResponse({ nodeIds: ids });
      res.payload = Bytes.from(encodeNodeBitMask(ids));
      await controller.sendMessageToHost(res);
      return true;
    },
  };
  const cc = (ccId, version, more) => ({ ccId, isSupported: true, version, ...more });
  const base = () => [cc(C["Z-Wave Plus Info"], 2), cc(C["Manufacturer Specific"], 2), cc(C.Version, 2), cc(C.Association, 2)];
  const ident = (i) => ({ manufacturerId: 0x1234, productType: 0x0100 + i, productId: 0x0001, firmwareVersion: "1." + i });
  const temp = () => +(20 + 3 * Math.sin(secs() / 20)).toFixed(1);
  const hum = () => Math.round(50 + 10 * Math.sin(secs() / 33));
  const watt = () => +(60 + 15 * Math.sin(secs() / 7)).toFixed(1);
  const kwh = () => +(12.3 + secs() / 3600 * 0.06).toFixed(3);
  const litres = () => +(1.5 + secs() / 60 * 0.012).toFixed(3);   // m3

  const kinds = [
    // 0: wall plug: binary switch + electric meter
    (id) => ({ id, behaviors: [extra], capabilities: { ...ident(1), basicDeviceClass: 4, genericDeviceClass: 0x10, specificDeviceClass: 0x01,
      commandClasses: [...base(), cc(C["Binary Switch"], 1, { defaultValue: false }),
        cc(C.Meter, 4, { meterType: 1, supportedScales: [0, 2], supportedRateTypes: [1], supportsReset: true, getValue: (s) => s === 2 ? watt() : kwh() })] } }),
    // 1: temperature + humidity sensor, sleeping, battery
    (id) => ({ id, behaviors: [extra], capabilities: { ...ident(2), isListening: false, isFrequentListening: false, genericDeviceClass: 0x21, specificDeviceClass: 0x01,
      commandClasses: [...base(), cc(C.Battery, 1), cc(C["Wake Up"], 2),
        cc(C["Multilevel Sensor"], 5, { sensors: { 1: { supportedScales: [0] }, 5: { supportedScales: [0] } }, getValue: (t) => t === 5 ? hum() : temp() })] } }),
    // 2: water meter
    (id) => ({ id, behaviors: [extra], capabilities: { ...ident(3), genericDeviceClass: 0x31, specificDeviceClass: 0x01,
      commandClasses: [...base(), cc(C.Meter, 4, { meterType: 3, supportedScales: [0], supportedRateTypes: [1], supportsReset: false, getValue: litres })] } }),
    // 3: door/window contact: Notification (Access Control 6: 22 open / 23 closed), sleeping, battery
    (id) => ({ id, behaviors: [extra], capabilities: { ...ident(4), isListening: false, isFrequentListening: false, genericDeviceClass: 0x07, specificDeviceClass: 0x01,
      commandClasses: [...base(), cc(C.Battery, 1), cc(C["Wake Up"], 2),
        cc(C.Notification, 8, { supportsV1Alarm: false, notificationTypesAndEvents: { 6: [22, 23] } })] } }),
    // 4: thermostat
    (id) => ({ id, behaviors: [extra], capabilities: { ...ident(5), genericDeviceClass: 0x08, specificDeviceClass: 0x06,
      commandClasses: [...base(), cc(C["Thermostat Mode"], 3, { supportedModes: [0, 1, 2] }),
        cc(C["Thermostat Setpoint"], 3, { setpoints: { 1: { minValue: 5, maxValue: 30, defaultValue: 19, scale: "°C" } } }),
        cc(C["Multilevel Sensor"], 5, { sensors: { 1: { supportedScales: [0] } }, getValue: temp })] } }),
  ];
  const nodes = []; for (let i = 0; i < N; i++) nodes.push(kinds[i % kinds.length](2 + i));

  const onInit = (controller, mockNodes) => {
    const send = (node, ccObj) => node.sendToController(createMockZWaveRequestFrame(ccObj, { ackRequested: false })).catch((e) => console.error(e.message));
    const dest = controller.ownNodeId; let tick = 0;
    setInterval(() => {                 // unsolicited reports = value events
      tick++;
      mockNodes.forEach((n, i) => {
        const kind = i % kinds.length;
        if (kind === 0) send(n, new CC.MeterCCReport({ nodeId: dest, type: 1, scale: 2, rateType: 1, value: watt(), deltaTime: 0 }));
        if (kind === 1) { send(n, new CC.MultilevelSensorCCReport({ nodeId: dest, type: 1, scale: 0, value: temp() }));
                          send(n, new CC.MultilevelSensorCCReport({ nodeId: dest, type: 5, scale: 0, value: hum() })); }
        if (kind === 2) send(n, new CC.MeterCCReport({ nodeId: dest, type: 3, scale: 0, rateType: 1, value: litres(), deltaTime: 0 }));
        if (kind === 3 && tick % 3 === 0) send(n, new CC.NotificationCCReport({ nodeId: dest, notificationType: 6, notificationEvent: tick % 2 ? 22 : 23, notificationStatus: 0xff }));
        if (kind === 4) send(n, new CC.MultilevelSensorCCReport({ nodeId: dest, type: 1, scale: 0, value: temp() }));
        if ((kind === 1 || kind === 3) && tick % 5 === 2) send(n, new CC.WakeUpCCWakeUpNotification({ nodeId: dest }));
      });
    }, PERIOD);
  };
  const onLine = (controller, mockNodes, [what, id, value]) => {
    const node = mockNodes.find((n) => n.id === +id), dest = controller.ownNodeId;
    const send = (ccObj) => node.sendToController(createMockZWaveRequestFrame(ccObj, { ackRequested: false })).catch((e) => console.error(e.message));
    if (what === "door") send(new CC.NotificationCCReport({ nodeId: dest, notificationType: 6, notificationEvent: value === "open" ? 22 : 23, notificationStatus: 0xff }));
    if (what === "wake") send(new CC.WakeUpCCWakeUpNotification({ nodeId: dest }));
    if (what === "watts") send(new CC.MeterCCReport({ nodeId: dest, type: 1, scale: 2, rateType: 1, value: +value, deltaTime: 0 }));
  };
  return {
    controller: { homeId: 0xc0ffee01, ownNodeId: 1, behaviors: [neighbours],
      capabilities: { manufacturerId: 0x0086, productType: 0x0001, productId: 0x005a, firmwareVersion: "7.17",
        supportedFunctionTypes: [...getDefaultSupportedFunctionTypes(), FunctionType.GetRoutingInfo, FunctionType.GetSUCNodeId] } },
    nodes, onInit, onLine,
  };
};
