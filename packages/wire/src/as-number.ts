/** Stands in a two-octet field for an AS number that does not fit (RFC 6793 §9). */
export const AS_TRANS = 23456
