/** For the tests of an application: virtual time, and a peer without a network. */
export { MemorySocket, type SocketAddresses } from './memory-socket.ts'
export { openMessage, ScriptedConnection } from './scripted-connection.ts'
export { dialTo, type ReceivedRoute, ScriptedPeer, type ScriptedPeerOptions } from './scripted-peer.ts'
export { VirtualClock } from './virtual-clock.ts'
