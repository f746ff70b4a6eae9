/** The value of a field of the log, as text for a terminal. */
export function fieldText(value: unknown): string {
  return plainText(value) ?? JSON.stringify(value)
}

/** Undefined if there is no text for it but JSON. */
function plainText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(Math.round(value * 10) / 10)
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (Array.isArray(value)) {
    const parts = value.map(part => segmentText(part) ?? plainText(part))
    return parts.includes(undefined) ? undefined : parts.join(', ')
  }
  // An error, as pino writes it: its stack would be many lines.
  return typeof value === 'object' && value !== null && 'message' in value ? String(value.message) : undefined
}
/** A segment of AS_PATH, as routers show it: `64515 64516`, `{64515 64516}` for a set. */
function segmentText(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('as' in value) || !Array.isArray(value.as)) return undefined
  return 'type' in value && value.type === 'sequence' ? value.as.join(' ') : `{${value.as.join(' ')}}`
}
