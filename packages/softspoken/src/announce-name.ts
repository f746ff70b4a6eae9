/** kube-vip's name of the command, so that its manifests, which have `args: [manager]`, run with our image. */
const KUBE_VIP = 'manager'

export function isAnnounce(word: string | undefined): boolean {
  return word === 'announce' || word === KUBE_VIP
}
