export {
  ADDRESS_PROTOCOL,
  type AddressFlag,
  type AddressScope,
  type HostAddress,
  isOwnAddress,
} from './address-message.ts'
export { type InterfaceAddress, listAddresses, removeAddress, setAddress } from './addresses.ts'
export { destroyConnections } from './destroy-connections.ts'
export { hasAddress } from './has-address.ts'
export { holdName } from './hold-name.ts'
export { listInterfaces, type NetworkInterface } from './interfaces.ts'
export { KernelDeadline } from './kernel-deadline.ts'
export { type LinuxSupport, linuxSupport } from './libc.ts'
export { subnetContains } from './prefixes.ts'
export { reapGroup } from './reap.ts'
export {
  arpProbe,
  gratuitousArp,
  neighborAdvertisement,
  neighborProbe,
  readClaim,
  type SegmentClaim,
} from './segment-frames.ts'
export { isReceiveBalanced, isRouter, isWireless } from './segment-interface.ts'
export { SegmentSocket } from './segment-socket.ts'
export { bindToDevice, setDscp, setMinTtl, setTcpMd5Key, setTtl, setUserTimeout } from './socket-options.ts'
export { type Endpoint, establishedConnections, type TcpConnection } from './tcp-connections.ts'
export { bindSocket, closeSocket, openSocket, socketOf, type TcpFamily, type TcpSocket } from './tcp-socket.ts'
export { type NetworkChange, watchNetwork } from './watch.ts'
