export type { Preference } from './advertise.ts'
export {
  type Announcement,
  type AnnounceOptions,
  Announcer,
  type AnnouncerOptions,
  type AnnouncerStatus,
} from './announcer.ts'
export { type HostRoute, hostRoute } from './host-route.ts'
