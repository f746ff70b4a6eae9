/** A capture in which every message has a TCP connection of its own. */

const IPV4 = 20
const TCP = 20

/** A pcap file of IPv4 packets, one per message, in order. */
export function pcap(messages: readonly Uint8Array[]): Uint8Array {
  const parts = [Buffer.alloc(24)]
  const [file] = parts
  file!.writeUInt32LE(0xa1b2c3d4, 0)
  file!.writeUInt16LE(2, 4) // version 2.4
  file!.writeUInt16LE(4, 6)
  file!.writeUInt32LE(0x40000, 16) // longest packet, in octets
  file!.writeUInt32LE(101, 20) // raw IP
  messages.forEach((message, i) => {
    const length = IPV4 + TCP + message.length
    const head = Buffer.alloc(16 + IPV4 + TCP)
    head.writeUInt32LE(i, 0) // seconds
    head.writeUInt32LE(length, 8)
    head.writeUInt32LE(length, 12)
    const ip = head.subarray(16)
    ip[0] = 0x45
    ip.writeUInt16BE(length, 2)
    ip[8] = 1 // time to live
    ip[9] = 6 // TCP
    ip.writeUInt32BE(0x0a000000 + i, 12)
    ip.writeUInt32BE(0xc0000201, 16)
    const tcp = ip.subarray(IPV4)
    tcp.writeUInt16BE(50000, 0)
    tcp.writeUInt16BE(179, 2)
    tcp.writeUInt32BE(1, 4)
    tcp[12] = (TCP / 4) << 4
    tcp[13] = 0x18 // PSH, ACK
    tcp.writeUInt16BE(0xffff, 14)
    parts.push(head, Buffer.from(message))
  })
  return Buffer.concat(parts)
}
