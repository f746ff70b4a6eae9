import { defineCapability, indexOf } from './spec.ts'

const roles = ['provider', 'rs', 'rs-client', 'customer', 'peer'] as const // in the order of their codes, from 0

/** The sender's role towards its peer; `rs` is a route server. This package does not check that two roles match (RFC 9234 §4.2). */
export type Role = (typeof roles)[number]

/** RFC 9234 §4.1. */
export const role = defineCapability<{ readonly role: Role }>({
  code: 9,
  length: 1,
  read(r) {
    const role = roles[r.u8()]
    return role && { role }
  },
  write: (w, { role }) => w.u8(indexOf(roles, role, 'role')),
})
