import { defineCapability } from './spec.ts'

/** The sender supports four-octet AS numbers, and this is its own: RFC 6793 §3. */
export const fourOctetAs = defineCapability<{ readonly as: number }>({
  code: 65,
  length: 4,
  strictLength: true,
  read: r => ({ as: r.u32() }),
  write: (w, { as }) => w.u32(as, 'as'),
})
