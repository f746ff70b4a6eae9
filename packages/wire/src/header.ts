/** Octets before the body of a message: marker, length, type (RFC 4271 §4.1). */
export const HEADER_LENGTH = 19
