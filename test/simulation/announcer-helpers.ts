export const VIP = '198.51.100.10/32'

export const VIP6 = '2001:db8::10/128'

export const OTHER = '198.51.100.11/32'

export function outcome(promise: Promise<unknown>): { readonly is: 'pending' | 'resolved' | 'rejected' } {
  const outcome: { is: 'pending' | 'resolved' | 'rejected' } = { is: 'pending' }
  promise.then(
    () => (outcome.is = 'resolved'),
    () => (outcome.is = 'rejected'),
  )
  return outcome
}

export function manyCommunities(count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `65000:${at}`)
}
